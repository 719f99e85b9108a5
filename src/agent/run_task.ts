/** Runs the process of one try of one task: its lines, and a sentence for how it ended. */

import type { Clock } from "../clock/mod.ts";
import type { Task } from "../workflow/mod.ts";
import { commandLineOf } from "./executors/command_line.ts";
import { defaultDrainMs, type ProcessOutcome, runProcess } from "./executors/run_process.ts";
import type { Grouping } from "./executors/process_group.ts";
import type { OutputBatch } from "./executors/read_output.ts";

/** A line of a task's log, with the fields of the log channel that the agent knows by task. */
export interface LogLine {
  readonly taskId: string;
  readonly taskName: string;
  readonly taskRunId: string;
  /** When the line was read, Unix milliseconds. */
  readonly timestampMs: number;
  /** `INFO` for standard output, `ERROR` for standard error and for what the agent itself has to say. */
  readonly level: "INFO" | "ERROR";
  /** `STDOUT ` or `STDERR `, and the line. Lines of the agent itself are `STDERR cdktr: ` and a sentence. */
  readonly payload: string;
}

/** Takes lines, in order. While its promise is pending the task is not read further. */
export type EmitLines = (lines: LogLine[]) => void | Promise<void>;

/** Limits of each process; every field as in {@linkcode runProcess}, with the same defaults. */
export interface ProcessLimits {
  readonly graceMs?: number | undefined;
  readonly drainMs?: number | undefined;
  readonly maxLineBytes?: number | undefined;
  readonly grouping?: Grouping | undefined;
}

/** How the process of a try ended. */
export type TaskOutcome =
  | { readonly kind: "succeeded" }
  | {
    readonly kind: "failed";
    /** Why, as part of a sentence: `exited with code 3`. */
    readonly reason: string;
    /** `null` when the process did not exit by itself. */
    readonly exitCode: number | null;
    /** Name of the signal that ended it; `null` when none did. */
    readonly signal: string | null;
  }
  | { readonly kind: "cancelled" };

/** What {@linkcode runTask} takes. */
export interface RunTaskOptions {
  readonly task: Task;
  readonly taskRunId: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly emit: EmitLines;
  readonly limits: ProcessLimits;
}

/**
 * Runs one try. All its lines were taken when the promise settles, among them one that says why it failed.
 *
 * @throws What `emit` threw, once the process was ended.
 */
export async function runTask(options: RunTaskOptions): Promise<TaskOutcome> {
  const { task, clock, emit, limits } = options;
  const { hint, ...commandLine } = commandLineOf(task.config);
  const outcome = await runProcess({
    ...limits,
    ...commandLine,
    env: options.env,
    onLines: (batch) => emit(toLogLines(options, batch)),
    signal: options.signal,
    clock,
    timeoutMs: task.timeoutMs,
  });
  if ("leftovers" in outcome && outcome.leftovers) {
    const drainMs = limits.drainMs ?? defaultDrainMs;
    await emit([
      remark(
        options,
        `processes in the background still held the output ${
          inWords(drainMs)
        } after the task's own process had ended; ` +
          "the output was closed and they were killed",
      ),
    ]);
  }
  const result = judge(outcome, task, hint);
  if (result.kind === "failed") await emit([remark(options, result.reason)]);
  return result;
}

/** A line that the agent itself adds to a task's log. */
export function remark(
  { task, taskRunId, clock }: Pick<RunTaskOptions, "task" | "taskRunId" | "clock">,
  text: string,
): LogLine {
  return {
    taskId: task.id,
    taskName: task.name,
    taskRunId,
    timestampMs: clock.nowMs(),
    level: "ERROR",
    payload: `STDERR cdktr: ${text.replaceAll(/\p{Cc}+/gu, " ")}`,
  };
}

/** A duration as people write it. */
export function inWords(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs} ms` : `${durationMs / 1000} s`;
}

function toLogLines({ task, taskRunId }: RunTaskOptions, { stream, timestampMs, lines }: OutputBatch): LogLine[] {
  const level = stream === "stdout" ? "INFO" : "ERROR";
  const source = stream === "stdout" ? "STDOUT " : "STDERR ";
  const { id: taskId, name: taskName } = task;
  return lines.map((line) => ({ taskId, taskName, taskRunId, timestampMs, level, payload: source + line }));
}

function judge(outcome: ProcessOutcome, task: Task, hint: string | null): TaskOutcome {
  const failed = (reason: string, exitCode: number | null = null, signal: string | null = null): TaskOutcome => ({
    kind: "failed",
    reason,
    exitCode,
    signal,
  });
  switch (outcome.kind) {
    case "exited":
      return outcome.code === 0 ? { kind: "succeeded" } : failed(`exited with code ${outcome.code}`, outcome.code);
    case "signalled":
      return failed(`ended by signal ${outcome.signal}`, null, outcome.signal);
    case "timed_out":
      return failed(`timed out after ${inWords(task.timeoutMs ?? 0)}`);
    case "not_started":
      // The hint is about a command that is not there, not about a working directory.
      return failed(
        hint !== null && outcome.reason.startsWith("command ") ? `${outcome.reason}: ${hint}` : outcome.reason,
      );
    case "cancelled":
      return { kind: "cancelled" };
    default:
      return outcome satisfies never;
  }
}
