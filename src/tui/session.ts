/**
 * One principal as the screens see it: its state as it changes, how old that is, and the way to ask for more.
 *
 * A principal of ours tells its changes (CHANGES, WORKFLOWS) as they come. One that does not answer is asked again after a
 * pause, and what it told before stays, with its age.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import type { CallOptions, PrincipalClient } from "../client/mod.ts";
import { CdktrError, isFinal, messageOf, type Run } from "../core/mod.ts";
import type { ReplyTo, RequestOf, Verb, WorkflowSummary } from "../wire/mod.ts";
import { QueueDepth } from "./queue_depth.ts";
import { Trends } from "./trends.ts";

/** How it stands with the way to the principal. Times are of this machine's clock, Unix milliseconds. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly sinceMs: number; readonly nextTryMs: number; readonly reason: string };

/** The longest time between two signs of life, in milliseconds: a principal without news answers after it. */
const signOfLifeMs = 2000;
/** The least time between two questions for changes, in milliseconds: what happens within it is told at once. */
const gatherMs = 100;
const retryFirstMs = 500;
const retryMaxMs = 5000;

/** What a session needs. */
export interface SessionOptions {
  readonly client: PrincipalClient;
  readonly clock: Clock;
  /** What the principal is called by its user. */
  readonly name: string;
  /** How often a principal that tells no changes is asked, in milliseconds. */
  readonly pollMs: number;
}

/** See the top of this file. */
export class Session {
  readonly name: string;
  readonly trends: Trends;
  readonly queueDepth = new QueueDepth();
  connection: Connection = { state: "connecting" };
  /** What the principal is; null until it has answered. */
  dialect: "cdktr" | "original" | null = null;
  status: ReplyTo<"STATUS"> | null = null;
  workflows: readonly WorkflowSummary[] = [];
  workflowProblems: readonly string[] = [];
  /** When the principal was last heard of, by this machine's clock; null for never. */
  heardMs: number | null = null;
  readonly #options: SessionOptions;
  readonly #ended = new AbortController();
  readonly #changeListeners = new Set<() => void>();
  readonly #runListeners = new Set<(runs: readonly Run[] | null) => void>();
  /** The principal's clock less this machine's. */
  #clockOffsetMs = 0;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.name = options.name;
    this.trends = new Trends((query, signal) => this.#query(query, signal));
  }

  /** Where the principal is. */
  get address(): string {
    return this.#options.client.address;
  }

  get client(): PrincipalClient {
    return this.#options.client;
  }

  /** The principal's clock, Unix milliseconds. */
  nowMs(): number {
    return this.#options.clock.nowMs() + this.#clockOffsetMs;
  }

  /** Begins to follow the principal. */
  start(): void {
    this.#working = Promise.all([
      this.#keep((signal, heard) => this.#follow(signal, heard)),
      this.#keep((signal) => this.#followWorkflows(signal)),
    ]);
  }

  /** Follows no more, and closes the client. */
  async stop(): Promise<void> {
    this.#ended.abort(new CdktrError("SHUTTING_DOWN", "The session is over."));
    await this.#working;
    await this.#options.client.close();
  }

  /** Asks the principal. @throws {CdktrError} As the client does. */
  ask<V extends Verb>(verb: V, request: RequestOf<V>, options: CallOptions = {}): Promise<ReplyTo<V>> {
    return this.#options.client.call(verb, request, options);
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

  /** The workflow of that id as the principal lists it. */
  workflow(id: string): WorkflowSummary | undefined {
    return this.workflows.find((workflow) => workflow.id === id);
  }

  /** Does `work` again and again; after a failure with a pause that grows while failures go on. */
  async #keep(work: (signal: AbortSignal, heard: () => void) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ended;
    let pauseMs = retryFirstMs;
    while (!signal.aborted) {
      try {
        await work(signal, () => void (pauseMs = retryFirstMs));
      } catch (error) {
        if (signal.aborted) return;
        this.#lose(error, pauseMs);
        await sleep(clock, pauseMs, signal).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, retryMaxMs);
      }
    }
  }

  async #follow(signal: AbortSignal, heard: () => void): Promise<void> {
    const { client, clock } = this.#options;
    this.dialect = await client.dialect({ signal });
    let afterSeq: number | null = null;
    let isFirst = true;
    while (!signal.aborted) {
      const startedAtMs = this.status?.startedAtMs ?? null;
      const request = { afterSeq, startedAtMs, waitMs: signOfLifeMs };
      const news: ReplyTo<"CHANGES"> = await client.call("CHANGES", request, { signal });
      afterSeq = news.seq;
      heard();
      this.#hear(news.nowMs);
      this.status = news.status;
      this.queueDepth.take(news.nowMs, news.status.queueLength);
      this.#tellRuns(news.isReset || isFirst ? null : news.runs);
      isFirst = false;
      this.#tell();
      if (!news.mayHaveMore) await sleep(clock, gatherMs, signal);
    }
  }

  async #followWorkflows(signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    let knownRevision: number | null = null;
    while (!signal.aborted) {
      const told: ReplyTo<"WORKFLOWS"> = await client.call("WORKFLOWS", { knownRevision, waitMs: 30_000 }, { signal });
      knownRevision = told.revision;
      this.workflows = told.workflows;
      this.workflowProblems = told.problems;
      this.#tell();
    }
  }

  #hear(nowMs: number): void {
    const { clock } = this.#options;
    this.heardMs = clock.nowMs();
    this.#clockOffsetMs = nowMs - this.heardMs;
    this.connection = { state: "live" };
  }

  #lose(error: unknown, pauseMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    const sinceMs = this.connection.state === "lost" ? this.connection.sinceMs : this.heardMs ?? nowMs;
    this.connection = { state: "lost", sinceMs, nextTryMs: nowMs + pauseMs, reason: messageOf(error) };
    this.#tell();
  }

  #tellRuns(runs: readonly Run[] | null): void {
    if (runs === null) void this.trends.load(this.#ended.signal).then(() => this.#tell());
    else for (const run of runs) if (isFinal(run.state)) this.trends.take(run);
    if (runs === null || runs.length > 0) { for (const listener of [...this.#runListeners]) listener(runs); }
  }

  #tell(): void {
    for (const listener of [...this.#changeListeners]) listener();
  }

  async #query(query: string, signal: AbortSignal): Promise<readonly (readonly unknown[])[]> {
    const { rows } = await this.ask("SQL", { query, form: "rows", maxRows: 100_000, waitMs: 10_000 }, { signal });
    return rows;
  }
}
