/** Stored log lines, page by page, however many are wanted. */
import type { PrincipalClient } from "../client/mod.ts";
import { maxPageLines, type ReplyTo, type RequestOf } from "../wire/mod.ts";

/** A stored line. */
export type StoredLine = ReplyTo<"LOGS">["lines"][number];

/** Which lines are wanted; all conditions must hold. */
export type LogFilter = Omit<RequestOf<"LOGS">, "order" | "after" | "limit">;

/** The stored lines of a principal that a filter lets through: first the newest ones, then what comes after them. */
export class StoredLogs {
  readonly #client: PrincipalClient;
  readonly #filter: LogFilter;
  readonly #signal: AbortSignal | undefined;
  /** Names the newest line that was read, or passed over on purpose; null when there was none. */
  #cursor: string | null = null;

  constructor(client: PrincipalClient, filter: LogFilter, signal?: AbortSignal) {
    this.#client = client;
    this.#filter = filter;
    this.#signal = signal;
  }

  /**
   * The newest `limit` lines, the oldest of them first. Holds a page at most: where one is not enough, the first line is
   * looked for before any is read for good.
   *
   * @param limit How many; `Infinity` for all; 0 for none, then {@linkcode rest} begins at the present.
   */
  async *newest(limit: number): AsyncGenerator<readonly StoredLine[], void> {
    if (limit === Infinity) return yield* this.rest();
    const head = await this.#page({ order: "newest", limit: 1 }, null);
    this.#cursor = head.cursor;
    if (limit === 0 || head.cursor === null) return;
    if (limit === 1) return yield head.lines;
    let page = await this.#page({ order: "newest", limit: Math.min(limit - 1, maxPageLines) }, head.cursor);
    let count = 1 + page.lines.length;
    if (count === limit || !page.mayHaveMore) return yield [...page.lines.reverse(), ...head.lines];
    let oldest = page;
    while (count < limit && page.mayHaveMore) {
      page = await this.#page({ order: "newest", limit: Math.min(limit - count, maxPageLines) }, page.cursor);
      count += page.lines.length;
      if (page.lines.length > 0) oldest = page;
    }
    this.#cursor = oldest.cursor;
    yield oldest.lines.slice(-1);
    yield* this.#read(count - 1);
  }

  /** The lines that came after those that were read, as far as there are any. */
  async *rest(): AsyncGenerator<readonly StoredLine[], void> {
    yield* this.#read(Infinity);
  }

  async *#read(limit: number): AsyncGenerator<readonly StoredLine[], void> {
    for (let left = limit; left > 0;) {
      const page = await this.#page({ order: "oldest", limit: Math.min(left, maxPageLines) }, this.#cursor);
      this.#cursor = page.cursor ?? this.#cursor;
      if (page.lines.length > 0) yield page.lines;
      if (!page.mayHaveMore) return;
      left -= page.lines.length;
    }
  }

  #page(page: Pick<RequestOf<"LOGS">, "order" | "limit">, after: string | null): Promise<ReplyTo<"LOGS">> {
    const request = { ...this.#filter, ...page, ...(after === null ? {} : { after }) };
    return this.#client.call("LOGS", request, { signal: this.#signal });
  }
}
