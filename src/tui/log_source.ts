/** Where the lines come from that the log screen shows: stored ones page by page, and live ones. */
import type { LogNews, PrincipalClient } from "../client/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";

/** Which lines are shown. Null: of all of them. */
export interface LogSelection {
  readonly workflowId: string | null;
  /** The whole id of a run. */
  readonly runId: string | null;
  /** Names of tasks. */
  readonly tasks: ReadonlySet<string> | null;
  readonly levels: readonly string[] | null;
}

/** Which page of stored lines is wanted. */
export interface LogPageRequest {
  readonly order: "oldest" | "newest";
  /** Names the line behind which the page begins; null for the first in this order. */
  readonly after: string | null;
  readonly limit: number;
  /** Unix milliseconds, inclusive. */
  readonly sinceMs?: number;
  /** A text that the lines hold, capitals or not. */
  readonly contains?: string;
}

/** A page of stored lines, in the order asked for. Lines that only {@linkcode wants} can tell apart are still among them. */
export interface LogPage {
  readonly lines: readonly WireLogLine[];
  /** Names the last line; null when there is none. */
  readonly cursor: string | null;
  readonly mayHaveMore: boolean;
}

/** See the top of this file. */
export interface LogSource {
  /** Whether there are cursors: else one page of the newest lines is all there is. */
  readonly hasCursors: boolean;
  /** @throws {CdktrError} When the principal cannot be asked, or refuses. */
  page(selection: LogSelection, request: LogPageRequest, signal: AbortSignal): Promise<LogPage>;
  /** Live lines of the selection's workflow, until `signal` aborts. */
  follow(selection: LogSelection, signal: AbortSignal): AsyncIterable<LogNews>;
}

/** Whether a line is one of the selection. */
export function wants({ workflowId, runId, tasks, levels }: LogSelection, line: WireLogLine): boolean {
  return (workflowId === null || line.workflowId === workflowId) &&
    (runId === null || line.runId === runId) &&
    (tasks === null || tasks.has(line.taskName)) &&
    (levels === null || levels.includes(line.level));
}

/** The lines of a principal of ours. */
export class PrincipalLogs implements LogSource {
  readonly hasCursors = true;
  readonly #client: PrincipalClient;

  constructor(client: PrincipalClient) {
    this.#client = client;
  }

  async page(
    { workflowId, runId, tasks, levels }: LogSelection,
    { order, after, limit, sinceMs, contains }: LogPageRequest,
    signal: AbortSignal,
  ): Promise<LogPage> {
    const [task] = tasks ?? [];
    return await this.#client.call("LOGS", {
      workflowId: workflowId ?? undefined,
      run: runId ?? undefined,
      taskName: tasks?.size === 1 ? task : undefined,
      levels: levels === null ? undefined : [...levels],
      sinceMs,
      contains,
      ignoreCase: contains === undefined ? undefined : true,
      order,
      after: after ?? undefined,
      limit,
    }, { signal });
  }

  follow({ workflowId }: LogSelection, signal: AbortSignal): AsyncIterable<LogNews> {
    return this.#client.followLogs(workflowId, signal);
  }
}
