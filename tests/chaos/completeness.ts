/** The oracle of scenarios in which nobody may notice anything: every run completes once, and every line is there. */
import type { Fleet } from "./fleet.ts";
import { HistoryFile } from "./history_oracle.ts";
import { checkLives, checkTriggers, completedTasks, readJournal } from "./journal_oracle.ts";
import type { Load } from "./load.ts";
import { same } from "./same.ts";
import { readStarts } from "./workflows.ts";

/** What to expect. */
export interface Expected {
  readonly load: Load;
  /** Numbered lines that the task of a run prints, by the run's workflow. */
  readonly lines: Readonly<Record<string, number>>;
}

/**
 * Checks what a fleet that has ended in good order left behind.
 *
 * @returns What was counted.
 */
export async function checkAllComplete(fleet: Fleet, { load, lines }: Expected): Promise<Record<string, number>> {
  const kept = `${fleet.place.path}/kept`;
  const journalled = await readJournal(kept);
  checkTriggers(journalled, load.accepted);
  checkLives(journalled);
  const starts = await readStarts(`${fleet.place.path}/began`);
  for (const { runId, state, reason, idempotencyKey } of journalled.runs.values()) {
    same(state, "COMPLETED", `state of run ${runId} (${reason})`);
    same(starts.get(idempotencyKey ?? ""), 1, `starts of run ${runId}`);
  }
  const history = new HistoryFile(kept);
  const statusRows = await history.checkStatuses(journalled);
  const found = await history.taskLines();
  let stored = 0;
  for (const { run, task } of completedTasks(journalled)) {
    const { fault, last, missing, stored: count } = found.get(task.taskRunId) ??
      { fault: null, last: 0, missing: 0, stored: 0 };
    same(fault, null, `lines of run ${run.runId} of ${run.workflowId}`);
    same(last, lines[run.workflowId], `last line of run ${run.runId} of ${run.workflowId}`);
    same(missing, 0, `lines of run ${run.runId} that were counted as missing`);
    stored += count;
  }
  return { runs: journalled.runs.size, lines: stored, statusRows };
}
