/** Decisions as rows of the history. */
import type { Event, Run, TaskRun } from "../core/mod.ts";
import type {
  DecisionRow,
  ProjectionPage,
  RunStatusRow,
  RunVersionRow,
  TaskStatusRow,
  TaskVersionRow,
} from "../history/mod.ts";
import type { Batch, JournaledEvent } from "../journal/mod.ts";
import { type OriginalStatus, toOriginalStatus } from "../wire/mod.ts";

/** What a stretch of the journal adds to the history; `batch` has at least one event. */
export function projectionOf({ events, runs, tasks }: Pick<Batch, "events" | "runs" | "tasks">): ProjectionPage {
  const workflowIds = new Map(runs.map((run) => [run.runId, run.workflowId]));
  const seq = events.at(-1)?.seq ?? 0;
  return {
    seq,
    runStatuses: events.flatMap(({ event }) => runStatusOf(event, workflowIds)),
    taskStatuses: events.flatMap(({ event }) => taskStatusOf(event)),
    decisions: events.map((entry) => decisionOf(entry, workflowIds)),
    runs: runs.map((run) => runVersionOf(seq, run)),
    tasks: tasks.map((task) => taskVersionOf(seq, task)),
  };
}

type WorkflowIds = ReadonlyMap<string, string>;

/** The states an event brought a run to, in the original's words. An assignment is none that its tables tell of. */
function runStatusOf(event: Event, workflowIds: WorkflowIds): RunStatusRow[] {
  const statuses = originalStatusesAfter(event);
  if (statuses.length === 0 || !("runId" in event)) return [];
  const { runId, atMs: timestampMs } = event;
  return statuses.map((status) => ({ workflowId: workflowIds.get(runId) ?? "", runId, status, timestampMs }));
}

function originalStatusesAfter(event: Event): OriginalStatus[] {
  switch (event.type) {
    case "run_triggered":
    case "run_returned":
      return ["PENDING"];
    case "run_requeued":
      return event.cause === "crash" ? ["CRASHED", "PENDING"] : ["PENDING"];
    case "run_started":
      return ["RUNNING"];
    case "run_finished":
      return [toOriginalStatus(event.state)].filter((status) => status !== null);
    default:
      return [];
  }
}

/** A skipped task adds no row: the tables have no word for it. */
function taskStatusOf(event: Event): TaskStatusRow[] {
  if (event.type !== "task_changed") return [];
  const { taskId, taskRunId, runId, atMs: timestampMs } = event;
  const status = toOriginalStatus(event.state);
  return status === null ? [] : [{ taskId, taskRunId, runId, status, timestampMs }];
}

function decisionOf({ seq, event }: JournaledEvent, workflowIds: WorkflowIds): DecisionRow {
  const { type, atMs } = event;
  const runId = "runId" in event ? event.runId : null;
  return {
    ...{ seq, atMs, type, runId },
    workflowId: "workflowId" in event ? event.workflowId : workflowIds.get(runId ?? "") ?? null,
    attempt: "attempt" in event ? event.attempt : null,
    taskId: "taskId" in event ? event.taskId : null,
    state: "state" in event ? event.state : null,
    agentId: "agentId" in event ? event.agentId : null,
    reason: "reason" in event ? event.reason : null,
    detail: JSON.stringify(withoutCopies(event)),
  };
}

/** What an event carries along for the journal's own sake is told elsewhere, and may be large. */
function withoutCopies(event: Event): Event {
  switch (event.type) {
    case "definition_stored":
      return { ...event, body: "" };
    case "run_requeued":
      return { ...event, restored: null };
    default:
      return event;
  }
}

function runVersionOf(seq: number, run: Run): RunVersionRow {
  const { runId, workflowId, workflowName, definitionHash, idempotencyKey, state, attempt, priority } = run;
  const { agentId, session, reason } = run;
  return {
    ...{ seq, runId, workflowId, workflowName, definitionHash, idempotencyKey, state, attempt, priority },
    ...{ agentId, session, reason },
    triggerKind: run.trigger,
    params: JSON.stringify(run.params),
    triggeredMs: run.triggeredAtMs,
    assignedMs: run.assignedAtMs,
    startedMs: run.startedAtMs,
    finishedMs: run.finishedAtMs,
  };
}

function taskVersionOf(seq: number, task: TaskRun): TaskVersionRow {
  const { runId, attempt, taskId, taskRunId, tryNumber, state, exitCode, reason, outputs } = task;
  return {
    ...{ seq, runId, attempt, taskId, taskRunId, tryNumber, state, exitCode, reason },
    startedMs: task.startedAtMs,
    finishedMs: task.finishedAtMs,
    outputs: outputs === null ? null : JSON.stringify(outputs),
  };
}
