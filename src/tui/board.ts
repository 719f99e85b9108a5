/** What is known of one principal at the moment: a feed writes it, the session shows it to the screens. */
import type { Dialect } from "../client/mod.ts";
import type { Run } from "../core/mod.ts";
import type { RecentStatus, ReplyTo, WorkflowSummary } from "../wire/mod.ts";
import type { Workflow } from "../workflow/mod.ts";
import { QueueDepth } from "./queue_depth.ts";

/** How it stands with the way to the principal. Times are of this machine's clock, Unix milliseconds. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly sinceMs: number; readonly nextTryMs: number; readonly reason: string }
  /** It answers, but cannot be followed by this interface. */
  | { readonly state: "unsuited"; readonly nextTryMs: number; readonly reason: string };

/** See the top of this file. */
export class Board {
  connection: Connection = { state: "connecting" };
  dialect: Dialect | null = null;
  status: ReplyTo<"STATUS"> | null = null;
  workflows: readonly WorkflowSummary[] = [];
  workflowProblems: readonly string[] = [];
  /** Of an original principal: the workflows' documents, by the id that their summaries have. */
  documents: ReadonlyMap<string, Workflow> = new Map();
  /** Of an original principal: the newest run of each of a few workflows. */
  recent: readonly RecentStatus[] = [];
  readonly queueDepth = new QueueDepth();
  /** When the principal was last heard of, by this machine's clock; null for never. */
  heardMs: number | null = null;
  /** The principal's clock less this machine's, in milliseconds; 0 for one that does not tell its time. */
  clockOffsetMs = 0;
  readonly #changeListeners = new Set<() => void>();
  readonly #runListeners = new Set<(runs: readonly Run[] | null) => void>();

  /** Takes what the principal turned out to be. What another one had told before is forgotten. */
  begin(dialect: Dialect): void {
    if (this.dialect === dialect) return;
    this.dialect = dialect;
    this.status = null;
    this.workflows = [];
    this.workflowProblems = [];
    this.documents = new Map();
    this.recent = [];
    this.clockOffsetMs = 0;
  }

  /** Takes a sign of life. */
  hear(nowMs: number): void {
    this.heardMs = nowMs;
    this.connection = { state: "live" };
  }

  /** Calls `listener` after every change of what stands here, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Calls `listener` with the runs that changed; with null when all may have. */
  onRuns(listener: (runs: readonly Run[] | null) => void): () => void {
    this.#runListeners.add(listener);
    return () => this.#runListeners.delete(listener);
  }

  /** Tells that something changed. */
  tell(): void {
    for (const listener of [...this.#changeListeners]) listener();
  }

  /** Tells which runs changed; null for all of them. */
  tellRuns(runs: readonly Run[] | null): void {
    if (runs?.length === 0) return;
    for (const listener of [...this.#runListeners]) listener(runs);
  }
}
