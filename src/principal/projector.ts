/**
 * Keeps the history's tables of decisions, runs and tasks abreast of the journal.
 *
 * ```
 * abreast --page not taken, or rows missing in between--> behind --all of the journal handed over--> abreast
 * ```
 *
 * Abreast, each committed batch is handed on as it comes. Behind (after a start, a full disk, a database that was replaced)
 * the journal is read from where the history stands. The history keeps that place in the transaction of the rows, so that
 * whatever breaks in between, each decision is there once.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import { counted, messageOf, type OperatorLog, type Run, runIdOf, type TaskRun } from "../core/mod.ts";
import { type History, journalStream } from "../history/mod.ts";
import type { Batch, Journal, JournaledEvent } from "../journal/mod.ts";
import { carriedOver } from "./carried_over.ts";
import { projectionOf } from "./projection.ts";
import { Periodic } from "./upkeep/periodic.ts";

/** Events that are read and handed over in one step while catching up. */
const pageEvents = 1000;
/** The pause after the history took no page, in milliseconds. */
const retryPauseMs = 500;
/** How often it is looked whether the history lost, with nothing happening, what it had. */
export const lookEveryMs = 5_000;

/** What a {@linkcode Projector} works with. */
export interface ProjectorOptions {
  readonly journal: Pick<Journal, "eventsAfter" | "run" | "tasks">;
  readonly history: Pick<History, "tryProject" | "positionOf" | "generation">;
  readonly clock: Clock;
  readonly report: OperatorLog;
  /** The place of the newest event in the journal. */
  readonly committedSeq: number;
}

/** See the top of this file. Runs from its making to `stop`. */
export class Projector {
  readonly #options: ProjectorOptions;
  readonly #watch: Periodic;
  #committedSeq: number;
  #generation: number;
  #catchingUp: Promise<void> | null = null;
  #toldProblem: string | null = null;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#committedSeq = options.committedSeq;
    this.#generation = options.history.generation;
    if (this.#position === 0 && options.committedSeq > 0) {
      options.report.info(
        `the history is new: it is given ${counted(options.committedSeq, "decision")} of the journal`,
      );
    }
    const { clock } = options;
    const work = () => Promise.resolve(this.#catchUp());
    this.#watch = new Periodic({ clock, firstAfterMs: lookEveryMs, againAfterMs: lookEveryMs, work });
    this.#catchUp();
    this.#watch.start();
  }

  /** How many journalled events the history was not handed yet. */
  get eventsBehind(): number {
    return Math.max(this.#committedSeq - this.#position, 0);
  }

  /** Takes note of a committed batch. */
  notice(batch: Batch): void {
    const [first, last] = [batch.events[0], batch.events.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#committedSeq = last.seq;
    const { history } = this.#options;
    const isNext = this.#catchingUp === null && this.#position === first.seq - 1;
    if (!isNext || !history.tryProject(projectionOf(batch))) this.#catchUp();
  }

  /** Ends. What the history has not been given is handed over as far as it takes it now; the next start goes on from there. */
  async stop(): Promise<void> {
    await Promise.all([this.#watch.stop(), this.#catchingUp]);
    while (this.eventsBehind > 0 && await this.#handOverPage().catch(() => false));
  }

  get #position(): number {
    return this.#options.history.positionOf(journalStream);
  }

  #catchUp(): void {
    if (this.#watch.signal.aborted || this.#catchingUp !== null || this.eventsBehind === 0) return;
    this.#catchingUp = this.#handOverAll();
  }

  async #handOverAll(): Promise<void> {
    const { history, clock, report } = this.#options;
    const { signal } = this.#watch;
    while (this.eventsBehind > 0 && !signal.aborted) {
      if (history.generation !== this.#generation) {
        this.#generation = history.generation;
        report.info(`the history is rebuilt: it is given ${this.eventsBehind} decisions of the journal again`);
      }
      const isTaken = await this.#handOverPage().catch((error) => this.#tellProblem(messageOf(error)));
      if (!isTaken) await sleep(clock, retryPauseMs, signal).catch(() => {});
    }
    // In the turn of the last look: what is committed later finds nobody catching up, and is handed over.
    this.#catchingUp = null;
  }

  /** Tells what keeps the journal from being read; not twice in a row. */
  #tellProblem(problem: string): false {
    if (problem !== this.#toldProblem) this.#options.report.error(`the history falls behind the journal: ${problem}`);
    this.#toldProblem = problem;
    return false;
  }

  /** @returns Whether the history took it. */
  async #handOverPage(): Promise<boolean> {
    const { journal, history } = this.#options;
    const position = this.#position;
    const events = await journal.eventsAfter(position, pageEvents);
    if (events.length === 0) return false;
    const batch = await this.#withRows(events);
    // The database may have been replaced while the journal was read.
    return this.#position === position && history.tryProject(projectionOf(batch));
  }

  /** The runs and tasks that events were about, as they stand now: a version that comes early is no harm. */
  async #withRows(events: readonly JournaledEvent[]): Promise<Pick<Batch, "events" | "runs" | "tasks">> {
    const { journal } = this.#options;
    const runs: Run[] = [];
    const tasks: TaskRun[] = [];
    for (const runId of new Set(events.flatMap(({ event }) => runIdOf(event) ?? []))) {
      const run = await journal.run(runId);
      if (run !== undefined) runs.push(run);
    }
    for (const [key, taskIds] of tasksTouchedBy(events)) {
      const [runId = "", attempt] = key.split("\x01");
      const present = await journal.tasks(runId, Number(attempt));
      tasks.push(...present.filter(({ taskId }) => taskIds.has(taskId)));
    }
    for (const { event } of events) {
      if (event.type === "run_assigned") tasks.push(...await carriedOver(journal, event.runId, event.attempt));
    }
    return { events, runs, tasks };
  }
}

/** Task ids by run and attempt. */
function tasksTouchedBy(events: readonly JournaledEvent[]): Map<string, Set<string>> {
  const touched = new Map<string, Set<string>>();
  for (const { event } of events) {
    if (event.type !== "task_changed") continue;
    const key = `${event.runId}\x01${event.attempt}`;
    const taskIds = touched.get(key);
    if (taskIds === undefined) touched.set(key, new Set([event.taskId]));
    else taskIds.add(event.taskId);
  }
  return touched;
}
