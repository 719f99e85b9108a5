/** The lists of the overview: what went wrong, what fires next, what runs. */
import type { Run } from "../core/mod.ts";
import { type Line, printable, span } from "../paint/mod.ts";
import type { WorkflowSummary } from "../wire/mod.ts";
import { List } from "./list.ts";
import { scheduleInWords } from "./schedule_words.ts";
import type { Shell } from "./screen.ts";
import { ageText, isFresh } from "./told.ts";
import { briefId, briefSpan, instantText, stateSpans, timeText, tookText } from "./words.ts";

/** A workflow and when it fires, Unix milliseconds. */
export interface NextFire {
  readonly workflow: WorkflowSummary;
  readonly atMs: number;
}

/** Runs that failed or crashed. */
export function wrongList(shell: Shell, whenEmpty: () => string): List<Run> {
  return new List<Run>({
    glyphs: shell.glyphs,
    keyOf: ({ runId }) => runId,
    textOf: ({ runId, workflowId, state, reason }) => `${runId} ${workflowId} ${state} ${reason ?? ""}`,
    whenEmpty,
    columns: [
      {
        heading: "AGO",
        width: 7,
        align: "right",
        cell: (run) => [span(ageText(shell.session.nowMs() - (run.finishedAtMs ?? run.triggeredAtMs)), "faint")],
      },
      { heading: "STATE", width: 9, cell: ({ state }) => stateSpans(state, shell.glyphs) },
      {
        heading: "WORKFLOW",
        width: 14,
        grow: 1,
        cell: ({ workflowId }) => [span(printable(workflowId), "strong")],
      },
      {
        heading: "RUN",
        width: 18,
        fromWidth: 130,
        cell: ({ runId }) => [span(briefId(runId), "faint")],
      },
      { heading: "WHY", width: 20, grow: 4, cell: ({ reason }) => [span(printable(reason ?? ""))] },
    ],
  });
}

/** Workflows that have a schedule, the soonest first. */
export function nextList(shell: Shell, whenEmpty: () => string): List<NextFire> {
  return new List<NextFire>({
    glyphs: shell.glyphs,
    keyOf: ({ workflow }) => workflow.id,
    textOf: ({ workflow }) => workflow.id,
    whenEmpty,
    columns: [
      { heading: "IN", width: 8, align: "right", cell: ({ atMs }) => nextSpans(shell, atMs) },
      { heading: "WORKFLOW", width: 12, grow: 2, cell: ({ workflow }) => [span(printable(workflow.id), "strong")] },
      {
        heading: "AT (UTC)",
        width: 8,
        fromWidth: 46,
        cell: ({ atMs }) => [
          span(atMs - shell.session.nowMs() < 86_400_000 ? timeText(atMs) : instantText(atMs).slice(5, 10), "faint"),
        ],
      },
      {
        heading: "SCHEDULE",
        width: 12,
        grow: 1,
        fromWidth: 70,
        cell: ({ workflow }) => [span(scheduleInWords(workflow), "faint")],
      },
    ],
  });
}

/** How long until it fires; the time alone while nobody knows whether it still will. */
function nextSpans(shell: Shell, atMs: number): Line {
  if (!isFresh(shell)) return [span(timeText(atMs), "faint")];
  const nowMs = shell.session.nowMs();
  return [span(atMs <= nowMs ? "now" : briefSpan(Math.ceil((atMs - nowMs) / 1000) * 1000).replace(/\.0s$/, "s"))];
}

/** Runs that an agent has. */
export function runningList(shell: Shell, whenEmpty: () => string): List<Run> {
  return new List<Run>({
    glyphs: shell.glyphs,
    keyOf: ({ runId }) => runId,
    textOf: ({ runId, workflowId, state, agentId }) => `${runId} ${workflowId} ${state} ${agentId ?? ""}`,
    whenEmpty,
    columns: [
      { heading: "TOOK", width: 7, align: "right", cell: (run) => [span(tookText(run, shell.session.nowMs()))] },
      { heading: "USUAL", width: 7, align: "right", fromWidth: 44, cell: ({ workflowId }) => usual(shell, workflowId) },
      { heading: "WORKFLOW", width: 12, grow: 2, cell: ({ workflowId }) => [span(printable(workflowId), "strong")] },
      {
        heading: "STATE",
        width: 10,
        fromWidth: 36,
        cell: ({ state, paused }) => stateSpans(state, shell.glyphs, paused),
      },
      {
        heading: "AGENT",
        width: 12,
        grow: 1,
        fromWidth: 64,
        cell: ({ agentId }) => [span(printable(agentId ?? ""), "faint")],
      },
    ],
  });
}

function usual(shell: Shell, workflowId: string): Line {
  const { usualMs } = shell.session.trends.of(workflowId);
  return [span(usualMs === null ? "-" : briefSpan(usualMs), "faint")];
}
