/** Stored log lines, page by page, however many are wanted. */
import type { PrincipalClient } from "../client/mod.ts";
import { maxPageLines, type ReplyTo, type RequestOf } from "../wire/mod.ts";

/** A stored line: a log line and its place in the order of arrival. */
export type StoredLine = ReplyTo<"LOGS">["lines"][number];

/** Which lines are wanted; all conditions must hold. */
export type LogFilter = Omit<RequestOf<"LOGS">, "order" | "afterRow" | "limit">;

/** The stored lines of a principal that a filter lets through. */
export class StoredLogs {
  readonly #client: PrincipalClient;
  readonly #filter: LogFilter;
  readonly #signal: AbortSignal | undefined;

  constructor(client: PrincipalClient, filter: LogFilter, signal?: AbortSignal) {
    this.#client = client;
    this.#filter = filter;
    this.#signal = signal;
  }

  /** The place of the newest line; null when there is none. */
  async newestRow(): Promise<number | null> {
    const { lines: [newest] } = await this.#page({ order: "newest", limit: 1 });
    return newest?.row ?? null;
  }

  /**
   * The newest `limit` lines, the oldest of them first. Holds a page at most: where one is not enough, the place of the
   * first line is looked for before any is read for good.
   *
   * @param limit How many; `Infinity` for all.
   */
  async *newest(limit: number): AsyncGenerator<readonly StoredLine[], void> {
    if (limit === 0) return;
    if (limit === Infinity) return yield* this.after(null);
    const first = await this.#page({ order: "newest", limit: Math.min(limit, maxPageLines) });
    if (first.lines.length === limit || first.afterRow === null) {
      yield first.lines.reverse();
      return;
    }
    let count = 0;
    let oldestRow = 0;
    for (let page = first;;) {
      count += page.lines.length;
      oldestRow = page.lines.at(-1)?.row ?? oldestRow;
      if (count === limit || page.afterRow === null) break;
      const pageLimit = Math.min(limit - count, maxPageLines);
      page = await this.#page({ order: "newest", limit: pageLimit, afterRow: page.afterRow });
    }
    yield* this.after(oldestRow === 0 ? null : oldestRow - 1, count);
  }

  /** The lines that came after the one at `row`, or all, in the order of arrival; at most `limit`. */
  async *after(row: number | null, limit = Infinity): AsyncGenerator<readonly StoredLine[], void> {
    let left = limit;
    for (let afterRow = row; left > 0;) {
      const page = await this.#page({ order: "oldest", limit: Math.min(left, maxPageLines), ...from(afterRow) });
      if (page.lines.length > 0) yield page.lines;
      if (page.afterRow === null) return;
      afterRow = page.afterRow;
      left -= page.lines.length;
    }
  }

  #page(page: Pick<RequestOf<"LOGS">, "order" | "limit" | "afterRow">): Promise<ReplyTo<"LOGS">> {
    return this.#client.call("LOGS", { ...this.#filter, ...page }, { signal: this.#signal });
  }
}

function from(afterRow: number | null): { afterRow?: number } {
  return afterRow === null ? {} : { afterRow };
}
