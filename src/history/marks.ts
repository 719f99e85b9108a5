/**
 * Marks: how far each stream of rows has come. A stream is rows of one sender that keeps them until they are committed,
 * such as the journal, or the lines of one attempt of a run. A mark is written in the same transaction as the rows that
 * brought the stream to its position, so after any crash position and rows agree, and the sender goes on from there.
 */
import * as z from "zod";

/** How far a stream has come. */
export interface Mark {
  readonly stream: string;
  /** Grows with each row or page of the stream; what it counts is the sender's business. */
  readonly position: number;
}

/** Positions by stream. */
export type Positions = ReadonlyMap<string, number>;

/** What {@linkcode MarkColumns} must look like. */
export const markColumnsSchema = z.object({ streams: z.array(z.string()), positions: z.array(z.number()) });

/** Marks as columns, which travel faster than rows. */
export type MarkColumns = z.infer<typeof markColumnsSchema>;

/** What {@linkcode StoredMarks} must look like. */
export const storedMarksSchema = markColumnsSchema.extend({
  /** When each was last written, in Unix milliseconds. */
  atMs: z.array(z.number()),
});

/** Marks as they are stored; the one written longest ago first. */
export type StoredMarks = z.infer<typeof storedMarksSchema>;

/** The stream of the writer itself: the number of the last batch that was committed. */
export const batchStream = "history:batch";

/** How the names of log streams begin. */
export const logStreamPrefix = "log:";

/** The stream of the log lines of an attempt. */
export function logStreamOf(runId: string, attempt: number): string {
  return `${logStreamPrefix}${runId}:${attempt}`;
}

/** After how long without a line the mark of a log stream is forgotten, in milliseconds: 30 days. */
export const logMarkLifetimeMs = 30 * 86_400_000;
/** Log streams whose marks are remembered at most; beyond it those without a line for the longest time are forgotten. */
export const logMarksMax = 100_000;

interface Waiting {
  position: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The positions of all streams, and those who wait for one to be committed. */
export class Marks {
  /** The one written longest ago first. */
  readonly #committed = new Map<string, { position: number; atMs: number }>();
  /** Streams of which something was handed over that is not committed yet. */
  readonly #handedOver = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiting>>();

  /** The highest position that was handed over; 0 when none was. */
  positionOf(stream: string): number {
    return this.#handedOver.get(stream) ?? this.committedPositionOf(stream);
  }

  /** The highest position that is committed; 0 when none is. */
  committedPositionOf(stream: string): number {
    return this.#committed.get(stream)?.position ?? 0;
  }

  /** Something was handed over. */
  handOver({ stream, position }: Mark): void {
    this.#handedOver.set(stream, position);
  }

  /** What was handed over up to `positions` is committed. */
  commit(positions: Positions, nowMs: number): void {
    for (const [stream, position] of positions) {
      // Taken out first, so that it becomes the last.
      this.#committed.delete(stream);
      this.#committed.set(stream, { position, atMs: nowMs });
      if (this.#handedOver.get(stream) === position) this.#handedOver.delete(stream);
      this.#tell(stream, position);
    }
    this.#forgetOld(nowMs);
  }

  /** The database says what it holds. Nothing but what it says is committed, and nothing else was handed over. */
  reset({ streams, positions, atMs }: StoredMarks): void {
    this.#committed.clear();
    this.#handedOver.clear();
    streams.forEach((stream, index) => {
      this.#committed.set(stream, { position: positions[index] ?? 0, atMs: atMs[index] ?? 0 });
    });
  }

  /** Resolves once `position` is committed. Rejects with what `failAll` is given, or the reason of `signal`. */
  whenCommitted(stream: string, position: number, signal?: AbortSignal): Promise<void> {
    if (this.committedPositionOf(stream) >= position) return Promise.resolve();
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener("abort", onAbort);
        const others = this.#waiting.get(stream);
        others?.delete(waiting);
        if (others?.size === 0) this.#waiting.delete(stream);
      };
      const onAbort = () => waiting.reject(signal?.reason);
      const waiting: Waiting = {
        position,
        resolve: () => (leave(), resolve()),
        reject: (error) => (leave(), reject(error)),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const others = this.#waiting.get(stream) ?? new Set();
      this.#waiting.set(stream, others.add(waiting));
    });
  }

  /** Ends all waits with `error`. */
  failAll(error: Error): void {
    for (const waiting of [...this.#waiting.values()].flatMap((each) => [...each])) waiting.reject(error);
  }

  #tell(stream: string, position: number): void {
    for (const waiting of [...this.#waiting.get(stream) ?? []]) if (waiting.position <= position) waiting.resolve();
  }

  #forgetOld(nowMs: number): void {
    for (const [stream, { atMs }] of this.#committed) {
      if (!stream.startsWith(logStreamPrefix)) continue;
      if (this.#committed.size <= logMarksMax && atMs >= nowMs - logMarkLifetimeMs) return;
      this.#committed.delete(stream);
    }
  }
}
