/**
 * How history is doing: `ok`, or what keeps it from writing, since when; and what it tells its owner about it.
 *
 * Two things can keep it from writing at a time: trouble of its own (a failure that has not been overcome yet) and a pause
 * that its owner asked for. Either makes it `degraded`. `ended` and `closed` are for good.
 */
import type { Clock } from "../clock/mod.ts";
import type { HistoryProblem, HistoryProblemCode } from "./problem.ts";

/** How history is doing. */
export interface HistoryHealth {
  /** `degraded`: rows cannot be written at present. `ended`: and will not be until the process is started anew. */
  state: "ok" | "degraded" | "ended" | "closed";
  /** Why it is not `ok`. */
  reason: string | undefined;
  /** Since when it is not, in Unix milliseconds. */
  sinceMs: number | undefined;
  /** Rows that wait to be committed. */
  bufferedRows: number;
  /** Rows committed since it was opened. */
  committedRows: number;
  /** Rows given up because the buffer was full. */
  droppedRows: number;
  /** Rows left out because the database cannot hold them. */
  refusedRows: number;
}

interface Obstacle {
  reason: string;
  sinceMs: number;
}

/** How often it is told that rows are being given up, in milliseconds. */
const dropReportIntervalMs = 10_000;

/** See the top of this file. */
export class Condition {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onProblem: (problem: HistoryProblem) => void;
  #trouble: Obstacle | undefined;
  #pause: Obstacle | undefined;
  #end: (Obstacle & { state: "ended" | "closed" }) | undefined;
  #unreportedDrops = 0;
  #lastDropReportMs = -Infinity;

  constructor(path: string, clock: Clock, onProblem: (problem: HistoryProblem) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** How it is. */
  get current(): Pick<HistoryHealth, "state" | "reason" | "sinceMs"> {
    if (this.#end !== undefined) return this.#end;
    const obstacle = this.#trouble ?? this.#pause;
    if (obstacle !== undefined) return { state: "degraded", ...obstacle };
    return { state: "ok", reason: undefined, sinceMs: undefined };
  }

  /** Whether rows can be written. */
  get isOk(): boolean {
    return this.current.state === "ok";
  }

  /** Whether a pause is on. */
  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** Its owner wants nothing written. */
  pause(reason: string): void {
    if (this.#pause === undefined) this.report("PAUSED", `is not written to for now: ${reason}`);
    this.#pause = { reason, sinceMs: this.#pause?.sinceMs ?? this.#clock.nowMs() };
  }

  /** Its owner lets it write again. */
  resume(): void {
    if (this.#pause === undefined) return;
    this.#pause = undefined;
    if (this.#trouble === undefined) this.report("RECOVERED", "is written to again");
  }

  /** Rows cannot be written. Only the first of several failures in a row is reported. */
  cannotWrite(reason: string, waitingRows: number): void {
    if (this.#trouble === undefined) {
      this.report("WRITE_FAILED", `${reason}; rows are kept and tried again`, waitingRows);
    }
    this.#setTrouble(reason);
  }

  /** The worker failed and is being started again. */
  restarted(message: string): void {
    this.#setTrouble(message);
    this.report("RESTARTED", `is being opened again because its worker failed: ${message}`);
  }

  /** Rows were written. */
  recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.report("RECOVERED", "can be written again");
  }

  /** Nothing will be written any more. */
  ended(message: string): void {
    this.#end = { state: "ended", reason: message, sinceMs: this.#clock.nowMs() };
    this.report("ENDED", `stores nothing more until this process is restarted, because its worker ended: ${message}`);
  }

  /** History was closed. */
  closed(): void {
    this.#end = { state: "closed", reason: "history was closed", sinceMs: this.#clock.nowMs() };
  }

  /** Rows were given up because the buffer was full. Reported now and then. */
  dropped(rows: number): void {
    this.#unreportedDrops += rows;
    const nowMs = this.#clock.monotonicMs();
    if (this.#unreportedDrops > 0 && nowMs - this.#lastDropReportMs >= dropReportIntervalMs) this.reportDrops();
  }

  /** Reports the rows given up since the last report, if any were. */
  reportDrops(): void {
    const rows = this.#unreportedDrops;
    if (rows === 0) return;
    this.#unreportedDrops = 0;
    this.#lastDropReportMs = this.#clock.monotonicMs();
    this.report("ROWS_DROPPED", `will not get ${rows} rows, given up because the buffer before it was full`, rows);
  }

  /** Reports a problem of the database; `predicate` is the rest of the sentence. */
  report(code: HistoryProblemCode, predicate: string, rows?: number): void {
    const message = `The history database ${this.#path} ${predicate}.`;
    this.#onProblem(rows === undefined ? { code, message } : { code, message, rows });
  }

  #setTrouble(reason: string): void {
    this.#trouble = { reason, sinceMs: this.#trouble?.sinceMs ?? this.#clock.nowMs() };
  }
}
