/** Questions on their way to the worker and the answers coming back in parts. */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { Failure } from "./failure.ts";
import type { Part, Query, Report, Request } from "./protocol.ts";

/** Queries that may be under way at once; further ones are refused. */
const maxQueries = 256;

/** What {@linkcode Queries} needs. */
export interface QueriesOptions {
  /** For messages. */
  path: string;
  clock: Clock;
  /** How long a query may take to its next part, in milliseconds. */
  timeoutMs: number;
  post: (request: Request) => void;
}

/** How a question is asked. */
export interface AskOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | null | undefined;
}

interface Waiting {
  resolve: (report: Report & { type: "part" }) => void;
  reject: (error: Error) => void;
}

/** See the top of this file. */
export class Queries {
  readonly #options: QueriesOptions;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #open = 0;

  constructor(options: QueriesOptions) {
    this.#options = options;
  }

  /**
   * Asks `query` and yields the parts of its answer. Leaving the loop ends the query.
   *
   * @param options.timeoutMs How long until the next part, in milliseconds; null: as long as it takes.
   *
   * @throws {CdktrError} `LIMIT_EXCEEDED`, `TIMED_OUT`, `STORAGE`, or the reason of `signal`.
   */
  async *ask(query: Query, { signal, timeoutMs = this.#options.timeoutMs }: AskOptions): AsyncGenerator<Part, void> {
    const { post } = this.#options;
    signal?.throwIfAborted();
    if (this.#open >= maxQueries) {
      throw new CdktrError("LIMIT_EXCEEDED", `History is answering ${maxQueries} queries already and takes no more.`, {
        hint: "Ask again in a moment.",
      });
    }
    this.#open++;
    const id = this.#nextId++;
    let isDone = false;
    try {
      let next = this.#nextPart(id, signal, timeoutMs);
      post({ type: "query", id, query });
      while (true) {
        const { part, last } = await next;
        isDone = last;
        yield part;
        if (last) return;
        next = this.#nextPart(id, signal, timeoutMs);
        post({ type: "more", id });
      }
    } catch (error) {
      if (error instanceof QueryFailed) isDone = true;
      throw error instanceof QueryFailed ? error.toCdktrError(this.#options.path) : error;
    } finally {
      this.#open--;
      if (!isDone) post({ type: "cancel", id });
    }
  }

  /** Takes notice of what the worker says about a query; of one that was left nothing is wanted. */
  handle(report: Report & { type: "part" | "queryFailed" }): void {
    const waiting = this.#waiting.get(report.id);
    if (waiting === undefined) return;
    if (report.type === "part") waiting.resolve(report);
    else waiting.reject(new QueryFailed(report.failure));
  }

  /** Ends all queries with `failure`. */
  failAll(failure: Failure): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(new QueryFailed(failure));
  }

  #nextPart(
    id: number,
    signal: AbortSignal | undefined,
    timeoutMs: number | null,
  ): Promise<Report & { type: "part" }> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(id);
        cancelTimer();
        signal?.removeEventListener("abort", onAbort);
      };
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      const onAbort = () => fail(signal?.reason);
      const cancelTimer = timeoutMs === null ? () => {} : clock.setTimer(timeoutMs, () =>
        fail(
          new CdktrError("TIMED_OUT", `A history query had no answer after ${timeoutMs} ms and was ended.`, {
            hint: "Ask for less: a shorter time, one workflow or one run.",
          }),
        ));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(id, {
        resolve: (report) => {
          settle();
          resolve(report);
        },
        reject: fail,
      });
    });
  }
}

class QueryFailed extends Error {
  readonly #failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.#failure = failure;
  }

  toCdktrError(path: string): CdktrError {
    const { kind, message } = this.#failure;
    if (kind === "refused") {
      return new CdktrError("INVALID_ARGUMENT", message, {
        hint:
          "Ask one SELECT of runs, task_runs, logs, decisions and agents; `DESCRIBE runs` names the columns of one.",
      });
    }
    if (kind === "tooLarge") {
      return new CdktrError("LIMIT_EXCEEDED", message, { hint: "Select fewer rows or columns, or sum them up." });
    }
    return new CdktrError("STORAGE", `The history database ${path} could not be read: ${message}.`, {
      cause: this,
    });
  }
}
