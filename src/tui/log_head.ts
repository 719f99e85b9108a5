/** What stands around the lines of the log screen: what they are of, which are shown, and why there are none. */
import { isFinal } from "../core/mod.ts";
import { fitLine, type Line, lineWidth, printable, span, stateRole, wrapped } from "../paint/mod.ts";
import type { LogSelection } from "./log_source.ts";
import type { LogSubject } from "./log_subject.ts";
import type { LogView } from "./log_view.ts";
import type { LogWindow } from "./log_window.ts";
import type { Shell } from "./screen.ts";
import type { Session } from "./session.ts";
import { briefId, instantText, stateSpans, timeText } from "./words.ts";

/** The levels that `L` goes through, with what they are called: ERROR is whatever was written to standard error. */
export const levelChoices: readonly { readonly title: string; readonly levels: readonly string[] | null }[] = [
  { title: "all", levels: null },
  { title: "stderr and warnings", levels: ["WARNING", "ERROR"] },
  { title: "stderr", levels: ["ERROR"] },
];

/** What the user left out besides what the lines are of, in words: `stderr`, `3 tasks`. */
export function filtersOf({ tasks, levels }: LogSelection, subject: LogSubject): string[] {
  const choice = levelChoices.find((each) => each.levels === levels);
  return [
    ...tasks === null || isTasksOf(subject, tasks) ? [] : [tasksText(tasks)],
    ...levels === null ? [] : [choice?.title ?? levels.join()],
  ];
}

function isTasksOf(subject: LogSubject, tasks: ReadonlySet<string>): boolean {
  return subject.tasks !== null && subject.tasks.symmetricDifference(tasks).size === 0;
}

function tasksText(tasks: ReadonlySet<string>): string {
  return tasks.size === 1 ? printable([...tasks].join()) : `${tasks.size} tasks`;
}

/** The line above the lines. */
export function headLine(
  shell: Shell,
  subject: LogSubject,
  window: LogWindow,
  view: LogView,
  width: number,
): Line {
  const { session, glyphs } = shell;
  const { run, runId, workflowId, tasks } = subject;
  const about = runId !== null
    ? [span(` ${printable(workflowId ?? "")} `, "strong"), span(`${briefId(printable(runId))} `, "faint")]
    : [span(workflowId === null ? " all workflows " : ` ${printable(workflowId)} `, "strong")];
  const state = run === null ? [] : [...stateSpans(run.state, glyphs, run.paused && !isFinal(run.state)), span(" ")];
  const isOfTasks = tasks !== null && window.selection.tasks !== null && isTasksOf(subject, window.selection.tasks);
  const [first] = view.shown;
  const left = [
    ...about,
    ...first === undefined && isUnknown(subject, session) ? [span("no such workflow ", "bad")] : [],
    ...isOfTasks ? [span(`${tasksText(tasks)} `, "strong")] : [],
    ...state,
    ...modeSpans(window, view, shell, run !== null && isFinal(run.state)),
    ...filtersOf(window.selection, subject).map((text) => span(`  ${text}`, "warn")),
    ...session.status?.history.state === "degraded" ? [span("  history degraded", "bad")] : [],
  ];
  const right = first === undefined ? [] : [span(` ${instantText(first.line.timestampMs)}Z `, "faint")];
  return [...fitLine(left, Math.max(width - lineWidth(right), 0)), ...right];
}

function modeSpans(window: LogWindow, view: LogView, shell: Shell, hasEnded: boolean): Line {
  const { isLive, isLoading, unseenCount, buffer } = window;
  const isCut = isLive && (window.notLiveSinceMs !== null || shell.session.connection.state === "lost");
  const mode = isCut
    ? span(` ${cutText(window, shell)} `, "bad")
    : isLive
    ? span(" LIVE ", "busy")
    : span(hasEnded ? " ENDED " : " STORED ", "idle");
  if (isLoading) return isCut ? [mode] : [mode, span("reading ...", "faint")];
  if (view.isFollowing) return isLive && !isCut ? [mode, span("following", "good")] : [mode];
  const below = unseenCount > 0
    ? `, ${unseenCount.toLocaleString("en")} new below`
    : buffer.isAtEnd
    ? ""
    : ", more below";
  return isLive ? [mode, span(`stands still${below}`, "warn")] : [mode, span(below.slice(2), "faint")];
}

function cutText({ notLiveSinceMs }: LogWindow, { session }: Shell): string {
  const sinceMs = notLiveSinceMs ?? session.heardMs;
  return sinceMs === null ? "not live" : `not live since ${timeText(sinceMs)}`;
}

/** What is amiss with the lines that are shown; null for nothing. */
export function troubleLine({ notLiveSinceMs, droppedCount, error, isLive }: LogWindow, shell: Shell): Line | null {
  const say = (text: string): Line => [span(` ~ ${text}`, "warn")];
  if (error !== null) return say(`${printable(error)} Tried again.`);
  if (isLive && notLiveSinceMs !== null) {
    return say("what is printed meanwhile is missing below, and comes when the principal is there again");
  }
  if (droppedCount > 0) {
    return say(
      `${droppedCount.toLocaleString("en")} lines came faster than they could be shown and are read from the store`,
    );
  }
  return shell.session.connection.state === "lost" ? say("the principal is away: this is what it told before") : null;
}

/** Why there are no lines. */
export function emptyLines(
  { session, glyphs }: Shell,
  subject: LogSubject | null,
  problem: string | null,
  window: LogWindow | null,
  width: number,
): Line[] {
  const say = (...sentences: readonly string[]): Line[] => [
    [],
    ...sentences.filter(Boolean).flatMap((sentence) => wrapped(printable(sentence), width - 4)).map((text): Line => [
      span(`  ${text}`, "faint"),
    ]),
  ];
  if (subject === null || window === null) return say(problem ?? "Asking the principal ...");
  if (window.error !== null) return say(window.error);
  if (window.isLoading) return say("Reading ...");
  const { run, workflowId, tasks } = subject;
  const history = session.status?.history;
  const degraded = history?.state === "degraded"
    ? `The principal's history is degraded, stored lines cannot be read: ${history.reason ?? "it does not say why"}.`
    : "";
  if (isUnknown(subject, session)) {
    return say(`The principal has no workflow named ${workflowId}. \`:\` goes to one by its name.`, degraded);
  }
  if (filtersOf(window.selection, subject).length > 0) {
    return say("No line passes the filters. `L` changes the levels, `m` the tasks.", degraded);
  }
  if (run === null) return say("Nothing was printed yet, as far as the principal's store goes back.", degraded);
  const state: Line = [span("  The run is "), ...stateSpans(run.state, glyphs, run.paused && !isFinal(run.state))];
  const reason = run.reason === null ? [] : [[span(`  ${printable(run.reason)}`, stateRole(run.state))]];
  const sentence = run.state === "PENDING"
    ? "It waits for an agent and has not begun; its lines come here when it does."
    : run.state === "ASSIGNED"
    ? "Its agent was told and has not begun yet."
    : tasks !== null && run.startedAtMs !== null
    ? `${tasks.size === 1 ? `Task ${tasksText(tasks)} has` : "These tasks have"} printed nothing.`
    : run.state === "RUNNING"
    ? "Its tasks have printed nothing yet."
    : run.startedAtMs === null
    ? "It ended before it began: there are no lines."
    : "Its tasks printed nothing, or its lines were deleted after the time that they are kept.";
  return [[], state, ...reason, ...say(sentence, degraded)];
}

/** Whether the lines are to be of a workflow that is none of those the principal has told of. */
function isUnknown({ runId, workflowId }: LogSubject, { workflows }: Session): boolean {
  return runId === null && workflowId !== null && workflows.length > 0 &&
    !workflows.some(({ id }) => id === workflowId);
}
