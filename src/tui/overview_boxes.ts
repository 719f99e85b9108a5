/** What stands in the boxes of the overview that have no cursor: numbers as bars and sparklines, each with its words. */
import { spanText } from "../clock/mod.ts";
import { counted, type Run, type RunState, runStates } from "../core/mod.ts";
import {
  bar,
  displayWidth,
  fitLine,
  type Glyphs,
  type Line,
  lineWidth,
  padded,
  printable,
  type Role,
  type Size,
  span,
  sparkline,
  stateRole,
  wrapped,
} from "../paint/mod.ts";
import { type AgentRow, type Health, healthCounts, healthSpans, slotsOf } from "./agent_health.ts";
import { sampleMs } from "./queue_depth.ts";
import { type Ending, shownMinutes } from "./throughput.ts";
import { ageText } from "./told.ts";

/** A sentence on as many lines as it needs. */
export function sentence(text: string, width: number, role: Role = "plain"): Line[] {
  return wrapped(printable(text), width).map((line): Line => [span(line, role)]);
}

const openStates: readonly RunState[] = ["PENDING", "ASSIGNED", "RUNNING"];

/** A line a state: mark, word, bar, number. Open and ended runs have a scale each: the ended ones are of all time. */
export function stateLines(counts: Readonly<Record<string, number>>, width: number, glyphs: Glyphs): Line[] {
  const countOf = (state: RunState) => counts[state] ?? 0;
  const countWidth = Math.max(3, ...runStates.map((state) => String(countOf(state)).length));
  const barWidth = Math.max(width - 13 - countWidth, 0);
  return runStates.map((state): Line => {
    const peers = runStates.filter((other) => openStates.includes(other) === openStates.includes(state));
    const most = Math.max(1, ...peers.map(countOf));
    const count = countOf(state);
    const role = count === 0 ? "faint" : stateRole(state);
    return [
      span(`${glyphs.states[state]} ${state.padEnd(9)} `, role),
      span(padded(bar(count / most, barWidth, glyphs), barWidth), role),
      span(` ${String(count).padStart(countWidth)} `, role),
    ];
  });
}

/** Ends a minute: a row for what went well, one for what did not, and where there is room one for what was cancelled. */
export function throughputLines(
  { width, height }: Size,
  glyphs: Glyphs,
  countsOf: (ending: Ending, minutesEach: number) => readonly number[],
): Line[] {
  const lead = 12;
  const minutesEach = Math.ceil(shownMinutes / Math.max(width - lead - 8, 10));
  const row = (ending: Ending, mark: string, role: Role): Line => {
    const counts = countsOf(ending, minutesEach);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const shown = total === 0 ? "faint" : role;
    return [
      span(`${mark} ${ending.padEnd(lead - 2)}`, shown),
      span(sparkline(counts, glyphs), shown),
      span(` ${total}`, total === 0 ? "faint" : "strong"),
    ];
  };
  const { COMPLETED, FAILED, CANCELLED } = glyphs.states;
  const columns = Math.ceil(shownMinutes / minutesEach);
  const from = "1 h ago";
  const each = minutesEach === 1 ? "each minute" : `each ${minutesEach} min`;
  const middle = columns >= from.length + each.length + 7 ? each : "";
  const gap = Math.max(columns - from.length - 3 - middle.length, 2);
  const axis = `${from}${" ".repeat(Math.floor(gap / 2))}${middle}${" ".repeat(Math.ceil(gap / 2))}now`;
  return [
    row("ok", COMPLETED, "good"),
    row("bad", FAILED, "bad"),
    ...height > 2 ? [row("cancelled", CANCELLED, "warn")] : [],
    ...height > 3 ? [[span(" ".repeat(lead)), span(axis, "faint")]] : [],
  ];
}

/** What is known of the queue. */
export interface QueueState {
  /** Runs that an agent may have. */
  readonly length: number;
  /** Runs that wait for something else than an agent: they are paused, or an earlier run is to end first. */
  readonly held: number;
  readonly headAgeMs: number | null;
  /** Samples of its length, newest last. */
  readonly depths: (count: number) => readonly (number | null)[];
  /** What waits, the one that is next first; as much of it as is known. */
  readonly waiting: readonly Run[];
  readonly nowMs: number;
}

/** How many wait, for how long the first of them, how that went lately, and which they are. */
export function queueLines(queue: QueueState, { width, height }: Size, glyphs: Glyphs): Line[] {
  const { length, held, headAgeMs, waiting, nowMs } = queue;
  const columns = Math.min(width, 120);
  const depths = sparkline(queue.depths(columns), glyphs);
  const waits = headAgeMs === null ? "" : headAgeMs < 1000 ? "no time" : spanText(headAgeMs);
  // What is next is the oldest, unless a younger one goes before it.
  const first = waiting.some(({ priority }) => priority !== waiting[0]?.priority) ? "first" : "oldest";
  const oldest = displayWidth(`the ${first} waits ${waits}`) <= width ? `the ${first} waits ` : `${first}: `;
  const isEmpty = length === 0 && held === 0;
  const lines: Line[] = [
    isEmpty
      ? [span("nothing waits", "faint")]
      : [span(`${length} queued`, "strong"), span(held === 0 ? "" : `, ${held} held`)],
    waits === "" ? [] : [span(oldest), span(waits, "strong")],
    [span(depths, isEmpty ? "faint" : "idle")],
  ];
  if (height > 4) lines.push([span(`the last ${Math.round(columns * sampleMs / 60_000)} min`, "faint")]);
  const room = Math.max(height - lines.length - 1, 0);
  const shown = waiting.slice(0, room);
  for (const { workflowId, triggeredAtMs, paused } of shown) {
    const waited = ageText(nowMs - triggeredAtMs);
    lines.push(
      pair(
        [span(paused ? `${glyphs.paused} ` : "", "warn"), span(printable(workflowId))],
        [span(waited, "faint")],
        width,
      ),
    );
  }
  const more = length + held - shown.length;
  if (room > 0 && more > 0) lines.push([span(`and ${more} more`, "faint")]);
  return lines;
}

/** Lines above those of each agent: all places, and how the agents are. */
const agentsLead = 2;

/** How many of the agents have a line of their own in a box with so many lines in it. */
export function agentsShown(count: number, height: number): number {
  return Math.min(count, Math.max(height - agentsLead, 0));
}

/** Places on all agents, how the agents are, and a line for each: those that are silent first. */
export function agentLines(agents: readonly AgentRow[], { width, height }: Size, glyphs: Glyphs): Line[] {
  if (agents.length === 0) {
    return sentence("None: what is triggered waits. Start one with `cdktr start agent`.", width, "warn");
  }
  const { used, total } = slotsOf(agents);
  const lines: Line[] = [
    slotsLine([span("slots")], used, total, width, glyphs),
    healthCounts(agents.map(({ health }) => health)),
  ];
  const worst = agents.toSorted((a, b) => weight(b.health) - weight(a.health));
  const shown = worst.slice(0, agentsShown(worst.length, height));
  for (const { agent, health, name } of shown) {
    const isMarked = health.state !== "ok" && health.state !== "unknown";
    const mark = isMarked ? [...healthSpans(health, glyphs), span(" ")] : [];
    const text: Line = [...mark, span(printable(name))];
    lines.push(slotsLine(text, agent.running.length, agent.slots, width, glyphs));
  }
  return lines;
}

/** A name, a bar of the places in use, and their number. */
function slotsLine(name: Line, used: number, total: number | null, width: number, glyphs: Glyphs): Line {
  const numbers = total === null ? counted(used, "run") : `${used}/${total}`;
  const barWidth = Math.min(Math.max(Math.floor(width / 4), 4), 24);
  return pair(name, [...slotsBar(used, total, barWidth, glyphs), span(` ${numbers.padStart(5)}`)], width);
}

/** The places in use as a bar in `width` columns; free ones are seen too. */
export function slotsBar(used: number, total: number | null, width: number, glyphs: Glyphs): Line {
  if (total === null || total === 0) return [span(" ".repeat(width))];
  const filled = bar(used / total, width, glyphs);
  const role = used >= total ? "warn" : "busy";
  return [span(filled, role), span(glyphs.track.repeat(Math.max(width - displayWidth(filled), 0)), "faint")];
}

/** One at the left edge, one at the right; the left one gives way. */
function pair(left: Line, right: Line, width: number): Line {
  return [...fitLine(left, Math.max(width - lineWidth(right) - 1, 0)), span(" "), ...right];
}

function weight({ state, silentMs }: Health): number {
  return state === "ok" || state === "unknown" ? 0 : silentMs + 1;
}
