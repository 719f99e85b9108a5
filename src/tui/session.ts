/**
 * One principal as the screens see it: its state as it changes, how old that is, and the way to ask for more.
 *
 * A principal of ours tells its changes as they come; an original one is asked again and again. One that does not answer is
 * tried again after a pause, and what it told before stays, with its age.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import type { CallOptions, Dialect, PrincipalClient } from "../client/mod.ts";
import { CdktrError, messageOf, type Run } from "../core/mod.ts";
import type { RecentStatus, ReplyTo, RequestOf, Verb, WorkflowSummary } from "../wire/mod.ts";
import type { Workflow } from "../workflow/mod.ts";
import { Board, type Connection } from "./board.ts";
import { followCdktr } from "./cdktr_feed.ts";
import { followOriginal } from "./original_feed.ts";
import type { QueueDepth } from "./queue_depth.ts";
import { Schedules } from "./schedules.ts";
import { Loaded } from "./loaded.ts";
import { Trends } from "./trends.ts";

const retryFirstMs = 500;
const retryMaxMs = 5000;
/** The history is asked for all that went before no sooner than after this, in milliseconds. */
const trendsEveryMs = 10_000;

/** What a session needs. */
export interface SessionOptions {
  readonly client: PrincipalClient;
  readonly clock: Clock;
  /** What the principal is called by its user. */
  readonly name: string;
  /** How often a principal that tells no changes is asked, in milliseconds. */
  readonly pollMs: number;
}

/** Options of {@linkcode Session.query}. */
interface QueryOptions {
  readonly signal: AbortSignal;
  /** @default 100_000 */
  readonly maxRows?: number;
  /** How long the history may take, in milliseconds. @default 10_000 */
  readonly waitMs?: number;
}

/** See the top of this file. */
export class Session {
  readonly name: string;
  readonly trends: Trends;
  /** Those of the workflows. */
  readonly schedules = new Schedules();
  readonly #options: SessionOptions;
  readonly #board = new Board();
  readonly #ended = new AbortController();
  #working: Promise<unknown> = Promise.resolve();
  /** Null before the principal has told anything. */
  #past: Loaded<true> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.name = options.name;
    this.trends = new Trends((query, signal) => this.query(query, { signal }));
    this.#board.onRuns((runs) => this.#count(runs));
  }

  /** Where the principal is. */
  get address(): string {
    return this.#options.client.address;
  }

  get client(): PrincipalClient {
    return this.#options.client;
  }

  get connection(): Connection {
    return this.#board.connection;
  }

  /** What the principal is; null until it has answered. */
  get dialect(): Dialect | null {
    return this.#board.dialect;
  }

  /**
   * How the principal is; null until it has told. Of an original one only agents, how many runs they have, and problems are
   * known: their runs have no ids, and what stands here of its queue, its start and its history means nothing.
   */
  get status(): ReplyTo<"STATUS"> | null {
    return this.#board.status;
  }

  get workflows(): readonly WorkflowSummary[] {
    return this.#board.workflows;
  }

  get workflowProblems(): readonly string[] {
    return this.#board.workflowProblems;
  }

  /** The newest run of each of a few workflows, newest first; of an original principal, which tells no more of its runs. */
  get recent(): readonly RecentStatus[] {
    return this.#board.recent;
  }

  /** How many runs waited, over the last minutes. */
  get queueDepth(): QueueDepth {
    return this.#board.queueDepth;
  }

  /** When the principal was last heard of, by this machine's clock; null for never. */
  get heardMs(): number | null {
    return this.#board.heardMs;
  }

  /**
   * The principal's clock, Unix milliseconds; this machine's where it does not tell. It stands still while the principal is
   * lost: what is on the screen then is of that moment, and nothing that goes on is known to go on.
   */
  nowMs(): number {
    const { connection, heardMs, clockOffsetMs } = this.#board;
    const isLost = connection.state === "lost" && heardMs !== null;
    return (isLost ? heardMs : this.#options.clock.nowMs()) + clockOffsetMs;
  }

  /** Begins to follow the principal. */
  start(): void {
    this.#working = this.#follow();
  }

  /** Follows no more, and closes the client. */
  async stop(): Promise<void> {
    this.#ended.abort(new CdktrError("SHUTTING_DOWN", "The session is over."));
    this.#past?.close();
    await this.#working;
    await this.#options.client.close();
  }

  /** Asks the principal. @throws {CdktrError} As the client does. */
  ask<V extends Verb>(verb: V, request: RequestOf<V>, options: CallOptions = {}): Promise<ReplyTo<V>> {
    return this.#options.client.call(verb, request, options);
  }

  /**
   * The rows that the principal's history answers a query with.
   *
   * @throws {CdktrError} As the client does.
   */
  async query(query: string, options: QueryOptions): Promise<readonly (readonly unknown[])[]> {
    const { signal, maxRows = 100_000, waitMs = 10_000 } = options;
    return (await this.ask("SQL", { query, form: "rows", maxRows, waitMs }, { signal })).rows;
  }

  /** Calls `listener` after every change of what stands here, until the returned function is called. */
  onChange(listener: () => void): () => void {
    return this.#board.onChange(listener);
  }

  /** Calls `listener` with the runs that changed; with null when all may have. */
  onRuns(listener: (runs: readonly Run[] | null) => void): () => void {
    return this.#board.onRuns(listener);
  }

  /** The workflow of that id as the principal lists it. */
  workflow(id: string): WorkflowSummary | undefined {
    return this.workflows.find((workflow) => workflow.id === id);
  }

  /**
   * When a workflow fires next: what the principal told of it may be over by now. Unix milliseconds by the principal's clock;
   * null when it does not fire.
   */
  nextFireMs(workflow: WorkflowSummary): number | null {
    return this.schedules.next(workflow, this.nowMs());
  }

  /**
   * The definition of a workflow, which an original principal tells with its list; one of ours is asked for it.
   *
   * @param id The id of its summary. The document's own, which log lines have, differs in rare cases.
   */
  workflowDocument(id: string): Workflow | undefined {
    return this.#board.documents.get(id);
  }

  /** Follows the principal again and again; with a pause that grows while nothing is heard of it. */
  async #follow(): Promise<void> {
    const { client, clock, pollMs } = this.#options;
    const { signal } = this.#ended;
    let pauseMs = retryFirstMs;
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      try {
        const dialect = await client.dialect({ signal });
        this.#board.begin(dialect);
        const follow = dialect === "original" ? followOriginal : followCdktr;
        await follow({ client, clock, board: this.#board, pollMs, signal });
      } catch (error) {
        if (signal.aborted) return;
        // One that answers and fails again at once is not asked for everything twice a second.
        if (clock.monotonicMs() - beganMs > retryMaxMs) pauseMs = retryFirstMs;
        this.#lose(error, pauseMs);
        // What comes back may be another one: an original that was replaced by one of ours.
        client.forgetDialect();
        await sleep(clock, pauseMs, signal).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, retryMaxMs);
      }
    }
  }

  #lose(error: unknown, pauseMs: number): void {
    const board = this.#board;
    const nowMs = this.#options.clock.nowMs();
    const trouble = { nextTryMs: nowMs + pauseMs, reason: messageOf(error) };
    if (error instanceof CdktrError && error.code === "UNSUPPORTED") {
      board.connection = { state: "unsuited", ...trouble };
    } else {
      const sinceMs = board.connection.state === "lost" ? board.connection.sinceMs : board.heardMs ?? nowMs;
      board.connection = { state: "lost", sinceMs, ...trouble };
    }
    board.tell();
  }

  #count(runs: readonly Run[] | null): void {
    if (runs === null) this.#loadPast();
    else for (const run of runs) this.trends.take(run);
  }

  /** Resets may come one after the other, and this asks a lot: therefore not each of them. */
  #loadPast(): void {
    if (this.#past !== null) return this.#past.refresh();
    this.#past = new Loaded({
      clock: this.#options.clock,
      everyMs: trendsEveryMs,
      onChange: () => this.#board.tell(),
      load: async (signal) => {
        await this.trends.load(signal);
        return true as const;
      },
    });
  }
}
