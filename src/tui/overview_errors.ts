/** What a run wrote to its standard error last: where its reason ends at an exit code, this is why. */
import type { Run } from "../core/mod.ts";
import { type Line, outputSpans, span } from "../paint/mod.ts";
import { Loaded } from "./loaded.ts";
import type { Shell } from "./screen.ts";

/** Lines that are read. */
const readLines = 3;
/** The cursor may go through many runs: another one is asked about no sooner than after this, in milliseconds. */
const everyMs = 250;
/** Lines may come after the end of their run: that long they are looked for, and this often; in milliseconds. */
const lateMs = 10_000;
const lateEveryMs = 2000;
const lead = "  stderr  ";

/** See the top of this file. */
export class LastErrors {
  readonly #shell: Shell;
  /** The attempt that is asked about. */
  #wanted: { readonly key: string; readonly runId: string } = { key: "", runId: "" };
  /** By the monotonic clock. */
  #askedMs = -Infinity;
  /** Null until something is wanted. */
  #loaded: Loaded<{ readonly key: string; readonly lines: readonly string[] }> | null = null;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** The newest lines of this run's standard error, oldest first; none while they are not known. */
  of({ runId, attempt, finishedAtMs }: Run): readonly string[] {
    const { session, clock } = this.#shell;
    const key = `${runId}:${attempt}`;
    const isLate = finishedAtMs !== null && session.nowMs() - finishedAtMs < lateMs &&
      clock.monotonicMs() - this.#askedMs >= lateEveryMs;
    if (key !== this.#wanted.key || isLate) {
      this.#wanted = { key, runId };
      this.#askedMs = clock.monotonicMs();
      if (this.#loaded === null) this.#loaded = this.#load();
      else this.#loaded.refresh();
    }
    const { value } = this.#loaded ?? { value: null };
    return value?.key === key ? value.lines : [];
  }

  close(): void {
    this.#loaded?.close();
  }

  #load() {
    const { session, clock } = this.#shell;
    return new Loaded({
      clock,
      onChange: () => this.#shell.changed(),
      everyMs,
      load: async (signal) => {
        const { key, runId } = this.#wanted;
        const request = { run: runId, levels: ["ERROR"], order: "newest" as const, limit: readLines };
        const { lines } = await session.ask("LOGS", request, { signal });
        return { key, lines: lines.map(({ payload }) => payload.replace(/^STDERR /, "")).toReversed() };
      },
    });
  }
}

/** The lines as they stand below a list, the newest last. */
export function errorLines(lines: readonly string[], rows: number): Line[] {
  return lines.slice(-rows).map((text, row): Line => [
    span(row === 0 ? lead : " ".repeat(lead.length), "faint"),
    ...outputSpans(text, "bad"),
  ]);
}
