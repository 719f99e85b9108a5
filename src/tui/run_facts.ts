/** All that is known of a run besides how it goes. */
import { type Line, printable, span, wrapped } from "../paint/mod.ts";
import type { KnownRun } from "./run_board.ts";
import { instantText } from "./words.ts";

/** Ids, times, parameters and outputs. */
export function factLines({ shown, problem }: KnownRun, width: number): Line[] {
  const { run, tasks, earlier } = shown;
  const time = (atMs: number | null) => atMs === null ? "-" : `${instantText(atMs)} UTC`;
  const facts: (readonly [string, string])[] = [
    ["Run", run.runId],
    ["Workflow", run.workflowId === run.workflowName ? run.workflowId : `${run.workflowId} (${run.workflowName})`],
    ["Trigger", run.dueMs === null ? run.trigger : `${run.trigger}, due at ${time(run.dueMs)}`],
    ["Triggered", time(run.triggeredAtMs)],
    ["Started", time(run.startedAtMs)],
    ["Finished", time(run.finishedAtMs)],
    ["Agent", run.agentId ?? "-"],
    ["Priority", String(run.priority)],
    ["Requires", run.requires.join(", ") || "-"],
    ...Object.entries(run.params).map(([name, value]): [string, string] => ["Parameter", `${name} = ${value}`]),
    ...tasks.flatMap(({ taskId, outputs }) =>
      Object.entries(outputs ?? {}).map(([name, value]): [string, string] => ["Output", `${taskId}.${name} = ${value}`])
    ),
    ...earlier.map(({ attempt, state, agentId, endedAtMs, reason }): [string, string] => [
      `Attempt ${attempt}`,
      `${state} at ${time(endedAtMs)} on ${agentId}${reason === null ? "" : `: ${reason}`}`,
    ]),
    ...problem === null ? [] : [["Definition", problem] as const],
  ];
  return facts.flatMap(([label, value]) =>
    wrapped(printable(value), width - 16).map((
      text,
      index,
    ): Line => [span(` ${index === 0 ? label : ""}`.padEnd(14), "faint"), span(text)])
  );
}
