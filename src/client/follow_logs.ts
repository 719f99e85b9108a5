/** Live log lines as an asynchronous sequence. */
import { fromLogLine, parseLogLine, type WireLogLine } from "../wire/mod.ts";
import type { PrincipalLink } from "./link.ts";

/** Lines kept for a reader that is slower than they come; beyond it all that wait are dropped, and counted. */
export const followedLinesMax = 100_000;

/** What following log lines brings. */
export type LogNews =
  /** Lines, in the order the principal got them. */
  | { readonly type: "lines"; readonly lines: readonly WireLogLine[] }
  /** From here on lines come. Told again after each loss of the connection; lines in between were missed. */
  | { readonly type: "connected" }
  /** No line comes until the next `connected`. */
  | { readonly type: "disconnected" }
  /** So many lines were dropped here, because this reader was too slow. */
  | { readonly type: "dropped"; readonly count: number };

/** Subscribes to lines whose first bytes are `topic`, at once, and yields what comes until `signal` aborts. */
export function followLogs(
  link: PrincipalLink,
  topic: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<LogNews, void> {
  const queue = new NewsQueue();
  const unsubscribe = link.subscribeLogs(topic, {
    onLine: (frame) => {
      const parsed = parseLogLine([frame]);
      if (parsed.ok) queue.putLine(fromLogLine(parsed.line));
    },
    onConnected: () => queue.putConnection("connected"),
    onDisconnected: () => queue.putConnection("disconnected"),
  });
  const stop = () => {
    unsubscribe();
    queue.wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  return read(queue, signal, stop);
}

async function* read(queue: NewsQueue, signal: AbortSignal, stop: () => void): AsyncGenerator<LogNews, void> {
  try {
    while (!signal.aborted) {
      await queue.filled();
      yield* queue.take();
    }
    yield* queue.take();
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** News that nobody has read yet. Grows with lines only, up to their limit. */
class NewsQueue {
  wake: () => void = () => {};
  #news: LogNews[] = [];
  #openLines: WireLogLine[] | null = null;
  #lineCount = 0;
  #connection: "connected" | "disconnected" | null = null;

  putLine(line: WireLogLine): void {
    if (this.#lineCount >= followedLinesMax) this.#dropLines();
    if (this.#openLines === null) this.#news.push({ type: "lines", lines: this.#openLines = [] });
    this.#openLines.push(line);
    this.#lineCount++;
    this.wake();
  }

  /** Of several changes in a row only the last one counts. */
  putConnection(type: "connected" | "disconnected"): void {
    if (type === this.#connection) return;
    this.#connection = type;
    const last = this.#news.at(-1)?.type;
    if (last === "connected" || last === "disconnected") this.#news.pop();
    this.#news.push({ type });
    this.#openLines = null;
    this.wake();
  }

  /** Resolves when there is news, or on {@linkcode wake}. */
  async filled(): Promise<void> {
    if (this.#news.length === 0) await new Promise<void>((resolve) => this.wake = resolve);
  }

  take(): LogNews[] {
    const taken = this.#news;
    this.#news = [];
    this.#openLines = null;
    this.#lineCount = 0;
    return taken;
  }

  #dropLines(): void {
    let count = this.#lineCount;
    for (const item of this.#news) if (item.type === "dropped") count += item.count;
    this.#news = this.#news.filter(({ type }) => type === "connected" || type === "disconnected").slice(-1);
    this.#news.push({ type: "dropped", count });
    this.#openLines = null;
    this.#lineCount = 0;
  }
}
