/**
 * How many runs ended in each minute of the last hour, and how. The past is read once; after it each run's end is counted
 * as it is told, and counted once, however often the run is told of.
 */
import { type FinalRunState, finalRunStates, isFinal, type Run } from "../core/mod.ts";

/** How a run ended, as far as throughput is concerned. */
export type Ending = "ok" | "bad" | "cancelled";

const minuteMs = 60_000;
/** Minutes that are shown. */
export const shownMinutes = 60;
/** Ends so near to the question are read one by one: the answer and what is told meanwhile may both have them. */
const overlapMs = 2 * minuteMs;

/** Ends that are kept one by one. */
const endsMax = 200_000;

const endings: Readonly<Record<FinalRunState, Ending>> = {
  COMPLETED: "ok",
  FAILED: "bad",
  CRASHED: "bad",
  CANCELLED: "cancelled",
};

/** By what they are of: a screen that is made while the principal is away goes on with what was read before. */
const kept = new WeakMap<object, Throughput>();

/** See the top of this file. */
export class Throughput {
  /** Whether the past was read once. */
  isLoaded = false;
  /** Up to when ends were told of, by the principal's clock in Unix milliseconds: nobody may have looked since. */
  toldUntilMs = 0;
  /** Ends that are only known by number, by minute since 1970. */
  #past = new Map<number, Record<Ending, number>>();
  /** The others, by run and attempt. */
  readonly #ends = new Map<string, { readonly minute: number; readonly ending: Ending }>();
  /** Ends before this were read by number. */
  #pastUntilMs = -Infinity;

  /** The one of a session, or whatever else ends come from. */
  static ofSource(source: object): Throughput {
    let throughput = kept.get(source);
    if (throughput === undefined) kept.set(source, throughput = new Throughput());
    return throughput;
  }

  /**
   * The question for the past: minute since 1970, run and attempt (null for a number of them), state, count.
   *
   * @param nowMs The principal's clock, Unix milliseconds.
   */
  static query(nowMs: number): { readonly query: string; readonly untilMs: number } {
    const untilMs = Math.floor(nowMs - overlapMs);
    const sinceMs = Math.floor(nowMs - (shownMinutes + 1) * minuteMs);
    const query = `
      WITH ended AS (
        SELECT run_id || ':' || attempt AS run, state, epoch_ms(finished_at) AS end_ms FROM runs
        WHERE finished_at >= to_timestamp(${sinceMs} / 1000)
      )
      SELECT end_ms // ${minuteMs}, NULL, state, count(*) FROM ended WHERE end_ms < ${untilMs} GROUP BY ALL
      UNION ALL SELECT end_ms // ${minuteMs}, run, state, 1 FROM ended WHERE end_ms >= ${untilMs}`;
    return { query, untilMs };
  }

  /** Takes the answer to {@linkcode Throughput.query}. */
  load(rows: readonly (readonly unknown[])[], untilMs: number): void {
    this.isLoaded = true;
    this.#past = new Map();
    this.#pastUntilMs = untilMs;
    for (const [key, { minute }] of this.#ends) if ((minute + 1) * minuteMs <= untilMs) this.#ends.delete(key);
    for (const [minuteText, run, stateText, count] of rows) {
      const state = finalRunStates.find((known) => known === stateText);
      if (state === undefined) continue;
      const minute = Number(minuteText);
      if (run !== null) {
        this.#ends.set(String(run), { minute, ending: endings[state] });
        continue;
      }
      const counts = this.#past.get(minute) ?? { ok: 0, bad: 0, cancelled: 0 };
      counts[endings[state]] += Number(count);
      this.#past.set(minute, counts);
    }
  }

  /** How many ends are kept one by one. */
  get size(): number {
    return this.#ends.size;
  }

  /** Takes a run as it stands. Whether it ended is for this to see. */
  take({ runId, attempt, state, finishedAtMs }: Pick<Run, "runId" | "attempt" | "state" | "finishedAtMs">): void {
    if (!isFinal(state) || finishedAtMs === null || finishedAtMs < this.#pastUntilMs) return;
    const minute = Math.floor(finishedAtMs / minuteMs);
    this.#ends.set(`${runId}:${attempt}`, { minute, ending: endings[state] });
    // Nobody may look for days: what is too old goes as new ones come.
    for (const [key, end] of this.#ends) {
      if (end.minute >= minute - shownMinutes && this.#ends.size <= endsMax) break;
      this.#ends.delete(key);
    }
  }

  /**
   * The ends of the last hour, oldest first, `minutesEach` minutes together. The minute that is under way comes last.
   *
   * @param nowMs The principal's clock, Unix milliseconds.
   */
  of(ending: Ending, nowMs: number, minutesEach = 1): number[] {
    const last = Math.floor(nowMs / minuteMs);
    const first = last - shownMinutes + 1;
    const counts: number[] = new Array(Math.ceil(shownMinutes / minutesEach)).fill(0);
    const add = (minute: number, count: number) => {
      const at = counts.length - 1 - Math.floor((last - minute) / minutesEach);
      if (minute >= first && minute <= last) counts[at] = (counts[at] ?? 0) + count;
    };
    for (const [minute, number] of this.#past) add(minute, number[ending]);
    for (const [key, end] of this.#ends) {
      if (end.minute < first - 1) this.#ends.delete(key);
      else if (end.ending === ending) add(end.minute, 1);
    }
    return counts;
  }
}
