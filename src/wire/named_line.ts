/** A log line under the names that we store, query and show it by, and under those of the original's fields. */
import type { LogLine } from "./log_line.ts";
import type { WireLogLine } from "./verbs.ts";

/**
 * A line of the log channel as we store it.
 *
 * @param runId The run it belongs to, where that is not what its sender calls it.
 */
export function fromLogLine(line: LogLine, runId: string = line.workflowInstanceId): WireLogLine {
  return {
    workflowId: line.workflowId,
    workflowName: line.workflowName,
    runId,
    taskName: line.taskName,
    taskRunId: line.taskInstanceId,
    timestampMs: line.timeMs,
    level: line.level,
    payload: line.payload,
  };
}

/** A stored line as the log channel has it. */
export function toLogLine(line: WireLogLine): LogLine {
  return {
    workflowId: line.workflowId,
    workflowName: line.workflowName,
    workflowInstanceId: line.runId,
    taskName: line.taskName,
    taskInstanceId: line.taskRunId,
    timeMs: line.timestampMs,
    level: line.level,
    payload: line.payload,
    extra: [],
  };
}
