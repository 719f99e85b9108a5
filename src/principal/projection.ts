/** Decisions as rows of the history: the status tables that users query. */
import type { Event, Run } from "../core/mod.ts";
import type { RunStatusRow, TaskStatusRow } from "../history/mod.ts";
import type { Batch } from "../journal/mod.ts";
import { toOriginalStatus } from "../wire/mod.ts";

/** The rows a committed batch adds. States that the tables have no word for become the nearest; a skipped task adds none. */
export function statusRows(batch: Batch): { runs: RunStatusRow[]; tasks: TaskStatusRow[] } {
  const workflowIds = new Map(batch.runs.map((run) => [run.runId, run.workflowId]));
  const runs: RunStatusRow[] = [];
  const tasks: TaskStatusRow[] = [];
  for (const { event } of batch.events) {
    if (event.type === "task_changed") {
      const status = toOriginalStatus(event.state);
      const { taskId, taskRunId, runId } = event;
      if (status !== null) tasks.push({ taskId, taskRunId, runId, status, timestampMs: event.atMs });
      continue;
    }
    const state = runStateAfter(event);
    const status = state === null ? null : toOriginalStatus(state);
    if (status === null || !("runId" in event)) continue;
    const workflowId = workflowIds.get(event.runId) ?? "";
    runs.push({ workflowId, runId: event.runId, status, timestampMs: event.atMs });
  }
  return { runs, tasks };
}

/** The state an event brought a run to; null when it brought it to none that the history tells. */
function runStateAfter(event: Event): Run["state"] | null {
  switch (event.type) {
    case "run_triggered":
    case "run_returned":
      return "PENDING";
    case "run_started":
      return "RUNNING";
    case "run_finished":
      return event.state;
    case "run_assigned":
    case "definition_stored":
    case "task_changed":
    case "cancel_requested":
    case "report_ignored":
      return null;
  }
}
