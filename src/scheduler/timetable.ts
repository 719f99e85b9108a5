/** When each workflow is due next. Pure but for its memory: time is handed in. */
import { messageOf } from "../core/mod.ts";
import { Schedule } from "../workflow/mod.ts";

/** What a timetable has to know of a workflow. */
export interface Scheduled {
  readonly id: string;
  readonly cron: string | null;
  readonly timezone: string;
  readonly startTime: string | null;
}

interface Entry {
  readonly signature: string;
  readonly schedule: Schedule;
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
   * @returns A sentence for each schedule that cannot be read; such a workflow is left out.
   */
  update(workflows: readonly Scheduled[], nowMs: number): string[] {
    const problems: string[] = [];
    const entries = new Map<string, Entry>();
    for (const { id, cron, timezone, startTime } of workflows) {
      if (cron === null) continue;
      const signature = JSON.stringify([cron, timezone, startTime]);
      const known = this.#entries.get(id);
      if (known?.signature === signature) {
        entries.set(id, known);
        continue;
      }
      try {
        const schedule = new Schedule(cron, timezone, startTime);
        entries.set(id, { signature, schedule, nextMs: schedule.next(nowMs) });
      } catch (error) {
        problems.push(`workflow ${id} is not scheduled: ${messageOf(error)}`);
      }
    }
    this.#entries = entries;
    return problems;
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

  /** Takes out what is due at `nowMs`. Of several times that one workflow missed meanwhile, only the first is returned. */
  takeDue(nowMs: number): { workflowId: string; dueMs: number }[] {
    const due: { workflowId: string; dueMs: number }[] = [];
    for (const [workflowId, entry] of this.#entries) {
      if (entry.nextMs === null || entry.nextMs > nowMs) continue;
      due.push({ workflowId, dueMs: entry.nextMs });
      entry.nextMs = entry.schedule.next(nowMs);
    }
    return due;
  }
}
