/** Runs under way, in as many rows as a terminal has: what is drawn again and again while they go on. */
import { isFinal, type Run } from "../core/mod.ts";
import { bar, cut, displayWidth, type Glyphs, type Line, padded, printable, span, stateRole } from "../paint/mod.ts";
import { durationText } from "./run_view.ts";
import type { ShownTask } from "./shown_tasks.ts";

/** How progress is drawn. */
export interface ProgressOptions {
  readonly glyphs: Glyphs;
  /** Columns and rows there are. */
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  /** Counts the frames: what is under way turns. */
  readonly frame: number;
  /** Why the principal does not answer for now; null while it does. */
  readonly lost: string | null;
}

/** Columns of a run's bar. */
const barWidth = 12;
const nameWidthMax = 40;

/** One run: a line about it and one for each task, those first that matter most where there are too few rows. */
export function runLines(run: Run, tasks: readonly ShownTask[], options: ProgressOptions): Line[] {
  const { rows } = options;
  const lostLines = linesOfLost(options);
  const room = Math.max(rows - 2 - lostLines.length, 1);
  const shown = tasks.length <= room ? tasks : chosen(tasks, Math.max(room - 1, 0));
  const name = nameWidth(shown.map((task) => task.name ?? task.taskId), options);
  const left = tasks.length - shown.length;
  return [
    runLine(run, tasks, displayWidth(printable(run.workflowId)), options),
    ...shown.map((task) => taskLine(run, task, name, options)),
    ...left === 0 ? [] : [[span(`  ... and ${left} more`, "faint")]],
    ...lostLines,
  ];
}

/** A run with its tasks, which are null while nobody asked for them. */
export interface RunWithTasks {
  readonly run: Run;
  readonly tasks: readonly ShownTask[] | null;
}

/** Runs that can be shown in so many rows, beside the line that counts the others. */
export function runsShownMax(rows: number): number {
  return Math.max(rows - 4, 1);
}

/**
 * Several runs, one line each.
 *
 * @param left How many more there are.
 */
export function runsLines(runs: readonly RunWithTasks[], left: string | null, options: ProgressOptions): Line[] {
  const name = nameWidth(runs.map(({ run }) => run.workflowId), options);
  return [
    ...runs.length === 0 ? [[span("no runs under way; Ctrl-C ends the watch", "faint")]] : [],
    ...runs.map(({ run, tasks }) => [
      ...runLine(run, tasks, name, options),
      span(`  ${run.runId}`, "faint"),
    ]),
    ...left === null ? [] : [[span(`... and ${left} more`, "faint")]],
    ...linesOfLost(options),
  ];
}

function nameWidth(names: readonly string[], { columns }: ProgressOptions): number {
  const widest = names.reduce((most, name) => Math.max(most, displayWidth(printable(name))), 0);
  return Math.min(widest, nameWidthMax, Math.max(Math.floor(columns / 3), 8));
}

function linesOfLost({ lost }: ProgressOptions): Line[] {
  return lost === null ? [] : [[span(`waiting for the principal: ${printable(lost)}`, "warn")]];
}

function runLine(run: Run, tasks: readonly ShownTask[] | null, width: number, options: ProgressOptions): Line {
  const { glyphs, nowMs } = options;
  const { state, startedAtMs, triggeredAtMs, finishedAtMs } = run;
  const role = stateRole(state);
  const words = [state, ...run.paused ? ["paused"] : [], ...run.cancelReason === null ? [] : ["being cancelled"]];
  const elapsed = durationText(
    state === "PENDING" ? triggeredAtMs : startedAtMs ?? triggeredAtMs,
    isFinal(state) ? finishedAtMs : nowMs,
  );
  return [
    span(markOf(state, run.paused, options), role),
    span(` ${padded(cut(printable(run.workflowId), width, glyphs.ellipsis), width)}  `, "strong"),
    span((isFinal(state) ? state : words.join(", ")).padEnd(9), role),
    ...tasks === null ? [] : doneSpans(tasks, glyphs),
    span(`  ${elapsed}`),
    ...run.attempt > 1 ? [span(`  attempt ${run.attempt}`, "faint")] : [],
  ];
}

function doneSpans(tasks: readonly ShownTask[], glyphs: Glyphs): Line {
  const done = tasks.filter(isDone).length;
  const filled = bar(tasks.length === 0 ? 0 : done / tasks.length, barWidth, glyphs);
  return [
    span("  "),
    span(filled, "good"),
    span(glyphs.track.repeat(Math.max(barWidth - displayWidth(filled), 0)), "faint"),
    span(` ${done}/${tasks.length}`),
  ];
}

function isDone({ state, isKept }: ShownTask): boolean {
  return isKept || state !== null && state !== "PENDING" && state !== "RUNNING";
}

function taskLine(run: Run, task: ShownTask, width: number, options: ProgressOptions): Line {
  const { glyphs, nowMs } = options;
  const { taskId, name, state, isKept, startedAtMs, finishedAtMs, tryNumber, reason } = task;
  const shownState = state ?? (isKept ? "COMPLETED" : "PENDING");
  const words = state ?? (isKept ? "kept" : isFinal(run.state) ? "-" : "waiting");
  const elapsed = durationText(startedAtMs, state === "RUNNING" ? nowMs : finishedAtMs);
  const again = tryNumber !== null && tryNumber > 1 && state !== "SKIPPED" ? `  try ${tryNumber}` : "";
  const role = stateRole(shownState);
  return [
    span("  "),
    span(markOf(shownState, false, options), role),
    span(` ${padded(cut(printable(name ?? taskId), width, glyphs.ellipsis), width)}  `),
    span(words.padEnd(9), role),
    span(`  ${elapsed}${again}`),
    ...reason === null ? [] : [span(`  ${printable(reason)}`, "faint")],
  ];
}

function markOf(state: Run["state"] | "SKIPPED", isPaused: boolean, { glyphs, frame }: ProgressOptions): string {
  if (isPaused && !isOver(state)) return glyphs.paused;
  return state === "RUNNING" ? glyphs.spinner[frame % glyphs.spinner.length] ?? "" : glyphs.states[state];
}

function isOver(state: Run["state"] | "SKIPPED"): boolean {
  return state === "SKIPPED" || isFinal(state);
}

/** The tasks that tell most: what runs, what went wrong, what comes, what ended last; in the order they came in. */
function chosen(tasks: readonly ShownTask[], count: number): ShownTask[] {
  const byRank = tasks.toSorted((a, b) => rankOf(a) - rankOf(b) || (b.finishedAtMs ?? 0) - (a.finishedAtMs ?? 0));
  const kept = new Set(byRank.slice(0, count));
  return tasks.filter((task) => kept.has(task));
}

function rankOf({ state, isKept }: ShownTask): number {
  if (isKept) return 4;
  switch (state) {
    case "RUNNING":
      return 0;
    case "FAILED":
    case "CRASHED":
    case "CANCELLED":
      return 1;
    case "PENDING":
    case null:
      return 2;
    case "COMPLETED":
      return 3;
    case "SKIPPED":
      return 4;
  }
}
