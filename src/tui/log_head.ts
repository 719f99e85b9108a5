/** What stands around the lines of the log screen: what they are of, which are shown, and why there are none. */
import { isFinal } from "../core/mod.ts";
import { fitLine, type Line, lineWidth, printable, span, stateRole, wrapped } from "../paint/mod.ts";
import type { LogSubject } from "./log_subject.ts";
import type { LogView } from "./log_view.ts";
import type { LogWindow } from "./log_window.ts";
import type { Shell } from "./screen.ts";
import { briefId, instantText, stateSpans, timeText } from "./words.ts";

/** The levels that `L` goes through, with what they are called. */
export const levelChoices: readonly { readonly title: string; readonly levels: readonly string[] | null }[] = [
  { title: "all levels", levels: null },
  { title: "warnings and errors", levels: ["WARNING", "ERROR"] },
  { title: "errors", levels: ["ERROR"] },
];

/** The line above the lines. */
export function headLine(
  { session, glyphs }: Shell,
  { run, runId, workflowId }: LogSubject,
  window: LogWindow,
  view: LogView,
  width: number,
): Line {
  const about = runId !== null
    ? [span(` ${printable(workflowId ?? "")} `, "strong"), span(`${briefId(printable(runId))} `, "faint")]
    : [span(workflowId === null ? " all workflows " : ` ${printable(workflowId)} `, "strong")];
  const state = run === null ? [] : [...stateSpans(run.state, glyphs, run.paused && !isFinal(run.state)), span(" ")];
  const { tasks, levels } = window.selection;
  const level = levelChoices.find((choice) => choice.levels === levels);
  const [first] = view.shown;
  const left = [
    ...about,
    ...state,
    ...modeSpans(window, view, run !== null && isFinal(run.state)),
    ...tasks === null
      ? []
      : [span(`  ${tasks.size === 1 ? printable([...tasks].join()) : `${tasks.size} tasks`}`, "warn")],
    ...levels === null ? [] : [span(`  ${level?.title ?? levels.join()}`, "warn")],
    ...session.status?.history.state === "degraded" ? [span("  history degraded", "bad")] : [],
  ];
  const right = first === undefined ? [] : [span(` ${instantText(first.line.timestampMs)}Z `, "faint")];
  return [...fitLine(left, Math.max(width - lineWidth(right), 0)), ...right];
}

function modeSpans({ isLive, isLoading, unseenCount, buffer }: LogWindow, view: LogView, hasEnded: boolean): Line {
  const mode = isLive ? span(" LIVE ", "busy") : span(hasEnded ? " ENDED " : " STORED ", "idle");
  if (isLoading) return [mode, span("reading ...", "faint")];
  if (view.isFollowing) return isLive ? [mode, span("following", "good")] : [mode];
  const behind = Math.max(unseenCount, 0);
  const below = buffer.isAtEnd ? "" : behind > 0 ? `, ${behind.toLocaleString("en")} new below` : ", more below";
  return isLive ? [mode, span(`stands still${below}`, "warn")] : [mode, span(below.slice(2), "faint")];
}

/** What is amiss with the lines that are shown; null for nothing. */
export function troubleLine({ notLiveSinceMs, droppedCount, error, isLive }: LogWindow, shell: Shell): Line | null {
  const say = (text: string): Line => [span(` ~ ${text}`, "warn")];
  if (error !== null) return say(`${printable(error)} Tried again.`);
  if (isLive && notLiveSinceMs !== null) {
    return say(`not live since ${timeText(notLiveSinceMs)}: lines are missing below`);
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
  const { run } = subject;
  const history = session.status?.history;
  const degraded = history?.state === "degraded"
    ? `The principal's history is degraded, stored lines cannot be read: ${history.reason ?? "it does not say why"}.`
    : "";
  const { tasks, levels } = window.selection;
  if (tasks !== null || levels !== null) {
    return say("No line passes the filters. `L` changes the levels, `m` the tasks.", degraded);
  }
  if (run === null) return say("Nothing was printed yet, as far as the principal's store goes back.", degraded);
  const state: Line = [span("  The run is "), ...stateSpans(run.state, glyphs, run.paused && !isFinal(run.state))];
  const reason = run.reason === null ? [] : [[span(`  ${printable(run.reason)}`, stateRole(run.state))]];
  const sentence = run.state === "PENDING"
    ? "It waits for an agent and has not begun; its lines come here when it does."
    : run.state === "ASSIGNED"
    ? "Its agent was told and has not begun yet."
    : run.state === "RUNNING"
    ? "Its tasks have printed nothing yet."
    : run.startedAtMs === null
    ? "It ended before it began: there are no lines."
    : "Its tasks printed nothing, or its lines were deleted after the time that they are kept.";
  return [[], state, ...reason, ...say(sentence, degraded)];
}
