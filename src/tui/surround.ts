/** What stands around a screen: the principal and how old what is shown of it is, where one is, and what can be done. */
import { type Clock, spanText } from "../clock/mod.ts";
import { fitLine, type Glyphs, type Line, lineWidth, printable, span } from "../paint/mod.ts";
import { type Place, places } from "./places.ts";
import type { Action, Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import { keyName, timeText } from "./words.ts";

/** Where it is narrower, the name of a principal must do without its address. */
const addressWidthMin = 60;
/** A principal of ours speaks more often than this while all is well, in milliseconds. */
const silenceMs = 5000;

/** What the lines depend on. */
export interface Surroundings {
  readonly session: Session;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly isReadOnly: boolean;
}

/** The principal, the way to it, and its time. */
export function headerLine(surroundings: Surroundings, width: number): Line {
  const { session, isReadOnly } = surroundings;
  const { name, address } = session;
  const where = name === address || width < addressWidthMin ? name : `${name} ${address}`;
  const left = [
    span(" cdktr ", "title"),
    span(` ${printable(where)}  `, "strong"),
    ...connectionSpans(surroundings),
  ];
  const right = [
    ...isReadOnly ? [span(" read-only ", "warn")] : [],
    span(` ${timeText(session.nowMs())}Z `, "faint"),
  ];
  return [...fitLine(left, Math.max(width - lineWidth(right), 0)), ...right];
}

/** Nothing on the screen lies about its age: what is shown of a principal that is away is as old as told here. */
function connectionSpans({ session, clock, glyphs }: Surroundings): Line {
  const { connection, status, heardMs, dialect } = session;
  const nowMs = clock.nowMs();
  const untilTry = (nextTryMs: number) => spanText(Math.max(nextTryMs - nowMs, 0));
  switch (connection.state) {
    case "connecting":
      return [span("connecting ...", "idle")];
    case "lost": {
      const age = heardMs === null ? "never answered" : `LOST for ${spanText(nowMs - connection.sinceMs)}`;
      const retry = untilTry(connection.nextTryMs);
      return [span(`! ${age}, tried again in ${retry}: ${printable(connection.reason)}`, "bad")];
    }
    case "unsuited":
      return [span(`! ${printable(connection.reason)} Asked again in ${untilTry(connection.nextTryMs)}.`, "bad")];
    case "live": {
      const silentMs = heardMs === null ? 0 : nowMs - heardMs;
      const isOriginal = dialect === "original";
      // An original is asked as seldom as its user wishes; when it does not answer it is lost.
      const live = !isOriginal && silentMs > silenceMs
        ? span(`silent for ${spanText(silentMs)}`, "warn")
        : span(`${glyphs.states.RUNNING} ${isOriginal ? "original cdktr" : "live"}`, "good");
      if (status === null) return [live];
      const { runs, queueLength, agents, problems } = status;
      const queued = isOriginal ? "" : `  ${queueLength} queued`;
      const facts = `  ${runs["RUNNING"] ?? 0} running${queued}  ${agents.length} agents`;
      const trouble = problems.length === 0 ? [] : [span(`  ! ${problems.length} problems`, "bad")];
      return [live, span(facts), ...trouble];
    }
  }
}

/** The places, and the way from one of them to the screen that is shown. */
export function placesLine(screens: readonly Screen[], glyphs: Glyphs, width: number): Line {
  const root = screens[0]?.route.screen;
  const tabs = places.flatMap((place) => {
    const [before, key, title, after] = placeTexts(place);
    return [
      span(before),
      span(key, "accent"),
      span(title, place.route.screen === root ? "title" : "faint"),
      span(after),
    ];
  });
  const crumbs = crumbsOf(screens, glyphs);
  return fitLine([...fitLine(tabs, Math.min(lineWidth(tabs), roomBeside(crumbs, width))), ...crumbs], width);
}

/** The way from a place to the screen that is shown. */
function crumbsOf(screens: readonly Screen[], glyphs: Glyphs): Line {
  const isRooted = places.some(({ route }) => route.screen === screens[0]?.route.screen);
  const trail = screens.slice(isRooted ? 1 : 0).map(({ title }) => printable(title));
  const arrow = `${glyphs.arrowRight} `;
  return trail.length === 0 ? [] : [span(arrow + trail.join(` ${arrow}`), "strong")];
}

/** A deep place is told in full; the tabs give way to it. */
function roomBeside(crumbs: Line, width: number): number {
  return Math.max(width - lineWidth(crumbs) - 1, 0);
}

/** The place that a column of what {@linkcode placesLine} gives belongs to. */
export function placeAt(column: number, screens: readonly Screen[], glyphs: Glyphs, width: number): Place | undefined {
  if (column >= roomBeside(crumbsOf(screens, glyphs), width)) return undefined;
  let end = 0;
  return places.find((place) => column < (end += placeTexts(place).join("").length));
}

function placeTexts({ key, title }: Place): readonly [string, string, string, string] {
  return [" ", key, ` ${title} `, " "];
}

/** What can be done, as far as there is room. The last two, which are those of everywhere, keep their place longest. */
export function footerLine(actions: readonly Action[], width: number): Line {
  const hints = actions.filter(({ isHinted = true }) => isHinted).map(({ keys: [key = ""], title }) => [
    span(` ${keyName(key)}`, "accent"),
    span(` ${title} `, "faint"),
  ]);
  while (hints.length > 2 && lineWidth(hints.flat()) > width) hints.splice(-3, 1);
  return fitLine(hints.flat(), width);
}
