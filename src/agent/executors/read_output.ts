/** Reads both outputs of a process side by side, as lines, no faster than they are taken. */

import type { Clock } from "../../clock/mod.ts";
import { LineSplitter } from "./line_splitter.ts";
import { PipeTurns } from "./pipe_turns.ts";

/** Lines that one read completed. */
export interface OutputBatch {
  readonly stream: "stdout" | "stderr";
  /** When they were read, Unix milliseconds. A line that came in several reads bears the time of the last. */
  readonly timestampMs: number;
  /** At least one line, without line ends; see {@linkcode LineSplitter} for what is replaced. */
  readonly lines: readonly string[];
}

/** Takes lines. While its promise is pending nothing more is read of the process, which in time blocks on its pipe. */
export type TakeLines = (batch: OutputBatch) => void | Promise<void>;

/** One read takes no more than this: what a pipe holds by default (pipe(7)). */
const readBytesMax = 64 * 1024;

/** How long a read that could have been done already may still take when the drain time is over. */
const lastLookMs = 10;

/** The outputs of one process. */
export class ProcessOutput {
  /**
   * Settles when both outputs have ended and all their lines were taken: `true` when reading was given up because
   * somebody still held them open. Rejects with what `takeLines` threw; the outputs are closed then.
   */
  readonly finished: Promise<{ readonly heldOpen: boolean }>;
  readonly #clock: Clock;
  readonly #takeLines: TakeLines;
  readonly #turns: PipeTurns;
  readonly #readers: ReadableStreamBYOBReader[] = [];
  /** Ends when every batch so far was taken: batches are handed over one at a time, in the order they were read. */
  #taken: Promise<void> = Promise.resolve();
  #waitingForTaker = 0;
  #heldOpen = false;
  /** Outputs that have not ended. */
  #open = 2;
  #drain: { leftMs: number; sinceMs: number; cancel: () => void } | undefined;

  constructor(
    streams: { readonly stdout: ReadableStream<Uint8Array>; readonly stderr: ReadableStream<Uint8Array> },
    options: { clock: Clock; maxLineBytes: number; takeLines: TakeLines },
  ) {
    this.#clock = options.clock;
    this.#takeLines = options.takeLines;
    this.#turns = PipeTurns.of(options.clock);
    this.finished = this.#readAll([
      this.#read("stdout", streams.stdout, new LineSplitter(options.maxLineBytes)),
      this.#read("stderr", streams.stderr, new LineSplitter(options.maxLineBytes)),
    ]);
  }

  /**
   * The process is gone: what it wrote is read, and after `drainMs` the outputs are closed even if a process it left
   * behind holds them open. Time in which the taker of lines made us wait does not count.
   */
  drain(drainMs: number): void {
    this.#drain = { leftMs: drainMs, sinceMs: 0, cancel: () => {} };
    this.#countDrain();
  }

  async #readAll(reads: Promise<void>[]): Promise<{ heldOpen: boolean }> {
    try {
      await Promise.all(reads);
    } catch (error) {
      await this.#close();
      await Promise.allSettled(reads);
      throw error;
    } finally {
      this.#open = 0;
      this.#drain?.cancel();
    }
    return { heldOpen: this.#heldOpen };
  }

  async #read(
    stream: OutputBatch["stream"],
    source: ReadableStream<Uint8Array>,
    splitter: LineSplitter,
  ): Promise<void> {
    const reader = source.getReader({ mode: "byob" });
    this.#readers.push(reader);
    let buffer = new Uint8Array(readBytesMax);
    while (true) {
      const { value, done } = await reader.read(buffer);
      if (done) break;
      this.#turns.begin();
      await this.#hand(stream, splitter.push(value));
      const rest = this.#turns.end();
      if (rest !== undefined) await rest;
      buffer = new Uint8Array(value.buffer);
    }
    this.#open -= 1;
    await this.#hand(stream, splitter.end());
  }

  async #hand(stream: OutputBatch["stream"], lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const batch = { stream, timestampMs: this.#clock.nowMs(), lines };
    this.#taken = this.#taken.then(() => this.#takeLines(batch));
    this.#waitingForTaker += 1;
    this.#pauseDrain();
    try {
      await this.#taken;
    } finally {
      this.#waitingForTaker -= 1;
      this.#countDrain();
    }
  }

  #countDrain(): void {
    const drain = this.#drain;
    if (drain === undefined || this.#waitingForTaker > 0 || this.#open === 0) return;
    drain.cancel();
    // Against a process that never stops writing the timer alone is no good: each read would set it anew.
    if (drain.leftMs <= 0) return this.#giveUp();
    drain.sinceMs = this.#clock.monotonicMs();
    drain.cancel = this.#clock.setTimer(drain.leftMs, () => {
      // When we ourselves were stalled, this comes before what was readable all the while; that gets its turn first.
      drain.cancel = this.#clock.setTimer(lastLookMs, () => this.#giveUp());
    });
  }

  #pauseDrain(): void {
    const drain = this.#drain;
    if (drain === undefined || this.#waitingForTaker > 1) return;
    drain.cancel();
    drain.leftMs -= this.#clock.monotonicMs() - drain.sinceMs;
  }

  #giveUp(): void {
    this.#heldOpen = true;
    void this.#close();
  }

  /** Ends pending reads and closes our ends of the pipes. A pipe that is closed or broken already is just that. */
  async #close(): Promise<void> {
    await Promise.allSettled(this.#readers.map((reader) => reader.cancel()));
  }
}
