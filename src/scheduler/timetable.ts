/** When each workflow is due next. Pure but for its memory: time is handed in. */
import { messageOf } from "../core/mod.ts";
import { Schedule } from "../workflow/definition.ts";

/** What a timetable has to know of a workflow. */
export interface Scheduled {
  readonly id: string;
  readonly cron: string | null;
  readonly timezone: string;
  readonly startTime: string | null;
  /** Missed due times that are made up at most. */
  readonly catchup: number;
  /** Up to here nothing was missed, in Unix milliseconds; null when the principal knows nothing of its schedule. */
  readonly watermarkMs: number | null;
}

/** A due time that has come. */
export interface Due {
  readonly workflowId: string;
  readonly dueMs: number;
  readonly catchup: number;
}

/** A span in which due times may have been missed. Looking for them takes a while; see {@linkcode latestFireTimes}. */
export interface Missed {
  readonly workflowId: string;
  readonly schedule: Schedule;
  /** Not in the span. */
  readonly afterMs: number;
  /** In the span. */
  readonly untilMs: number;
  /** Above 0. */
  readonly catchup: number;
}

interface Entry {
  readonly signature: string;
  readonly schedule: Schedule;
  readonly catchup: number;
  /** Null when it never is due again. */
  nextMs: number | null;
}

/** See the top of this file. */
export class Timetable {
  #entries = new Map<string, Entry>();

  /** How many workflows have a schedule. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Takes the workflows there are. One whose schedule did not change keeps its next due time, so that no update can skip
   * a run that is just due.
   *
   * @param isNewContact Whether the principal was out of sight before, so that watermarks of workflows that are known
   * count too.
   * @returns A sentence for each schedule that cannot be read; such a workflow is left out. And where due times may have
   * been missed that are to be made up.
   */
  update(
    workflows: readonly Scheduled[],
    nowMs: number,
    isNewContact = false,
  ): { readonly problems: string[]; readonly missed: Missed[] } {
    const problems: string[] = [];
    const missed: Missed[] = [];
    const entries = new Map<string, Entry>();
    for (const workflow of workflows) {
      const { id: workflowId, catchup, watermarkMs: afterMs } = workflow;
      const known = this.#entries.get(workflowId);
      try {
        const entry = entryOf(workflow, known, nowMs);
        if (entry === null) continue;
        entries.set(workflowId, entry);
        // What is due from `nextMs` on will be taken when it is looked for.
        const untilMs = Math.min(nowMs, (entry.nextMs ?? Infinity) - 1);
        const mayHaveMissed = known === undefined || isNewContact;
        if (mayHaveMissed && catchup > 0 && afterMs !== null && afterMs < untilMs) {
          missed.push({ workflowId, schedule: entry.schedule, afterMs, untilMs, catchup });
        }
      } catch (error) {
        problems.push(`workflow ${workflowId} is not scheduled: ${messageOf(error)}`);
      }
    }
    this.#entries = entries;
    return { problems, missed };
  }

  /** Whether the workflow has a schedule. */
  has(workflowId: string): boolean {
    return this.#entries.has(workflowId);
  }

  /** Looks for the next due times anew, from `nowMs` on; for a clock that was put back. */
  restart(nowMs: number): void {
    for (const entry of this.#entries.values()) entry.nextMs = entry.schedule.next(nowMs);
  }

  /** The earliest due time in Unix milliseconds; null when nothing is due any more. */
  nextDueMs(): number | null {
    let earliestMs: number | null = null;
    for (const { nextMs } of this.#entries.values()) {
      if (nextMs !== null && (earliestMs === null || nextMs < earliestMs)) earliestMs = nextMs;
    }
    return earliestMs;
  }

  /**
   * Takes out what is due at `nowMs`. Of several times that one workflow missed since it was last looked at, the first is
   * returned; if the workflow catches up, the span of all of them instead.
   */
  takeDue(nowMs: number): { readonly due: Due[]; readonly missed: Missed[] } {
    const due: Due[] = [];
    const missed: Missed[] = [];
    for (const [workflowId, entry] of this.#entries) {
      const { schedule, catchup, nextMs: dueMs } = entry;
      if (dueMs === null || dueMs > nowMs) continue;
      entry.nextMs = schedule.next(nowMs);
      if (catchup > 0 && schedule.next(dueMs) !== entry.nextMs) {
        missed.push({ workflowId, schedule, afterMs: dueMs - 1, untilMs: nowMs, catchup });
      } else {
        due.push({ workflowId, dueMs, catchup });
      }
    }
    return { due, missed };
  }
}

/** What the table notes of a workflow; null when it has no schedule. */
function entryOf(workflow: Scheduled, known: Entry | undefined, nowMs: number): Entry | null {
  const { cron, timezone, startTime, catchup } = workflow;
  if (cron === null) return null;
  const signature = JSON.stringify([cron, timezone, startTime]);
  if (known?.signature === signature) return { ...known, catchup };
  const schedule = new Schedule(cron, timezone, startTime);
  return { signature, schedule, catchup, nextMs: schedule.next(nowMs) };
}
