/** How states, spans and instants are said on the screen. */
import { isoInstant, spanText } from "../clock/mod.ts";
import type { Run, RunState, TaskState } from "../core/mod.ts";
import type { RecentStatus } from "../wire/mod.ts";
import { type Glyphs, type Span, span, stateRole } from "../paint/mod.ts";

/** A state as mark and word. */
export function stateSpans(state: RunState | TaskState, glyphs: Glyphs, isPaused = false): Span[] {
  if (isPaused) return [span(`${glyphs.paused} PAUSED`, "warn")];
  return [span(`${glyphs.states[state]} ${state}`, stateRole(state))];
}

/** A state of an original principal as mark and word: ours, but for one. */
export function recentSpans(status: RecentStatus["status"], glyphs: Glyphs): Span[] {
  return status === "WAITING" ? [span(`${glyphs.states.PENDING} WAITING`, "idle")] : stateSpans(status, glyphs);
}

/** A span in few columns: `850ms`, `12.3s`, `5m20s`, `3h04m`, `2d07h`. */
export function briefSpan(spanMs: number): string {
  const ms = Math.max(spanMs, 0);
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two(Math.floor(seconds / 3600) % 24)}h`;
}

/** How long a run has been going on, until it ended or now, in milliseconds; null when it has not begun. */
export function tookMs({ startedAtMs, finishedAtMs }: Run, nowMs: number): number | null {
  return startedAtMs === null ? null : Math.max((finishedAtMs ?? nowMs) - startedAtMs, 0);
}

/** The same in few columns; blank for a run that has not begun. */
export function tookText(run: Run, nowMs: number): string {
  const spanMs = tookMs(run, nowMs);
  return spanMs === null ? "" : briefSpan(spanMs);
}

/** How long ago: `12.3 s ago`. */
export function agoText(atMs: number, nowMs: number): string {
  return `${spanText(nowMs - atMs)} ago`;
}

/** How long until: `in 5 min 20 s`; `now` when it is over. */
export function untilText(atMs: number, nowMs: number): string {
  return atMs <= nowMs ? "now" : `in ${spanText(atMs - nowMs)}`;
}

/** Date and time in UTC, the seconds last: `2026-03-01 06:00:00`. */
export function instantText(atMs: number): string {
  return isoInstant(atMs).slice(0, 19).replace("T", " ");
}

/** The time of day in UTC: `06:00:00`. */
export function timeText(atMs: number): string {
  return isoInstant(atMs).slice(11, 19);
}

/** The beginning of a run's id that people read. */
export function briefId(runId: string): string {
  return runId.length > 18 ? runId.slice(0, 18) : runId;
}

/** When a run was triggered, Unix milliseconds: its id, a UUID of version 7, begins with it (RFC 9562, 5.7). */
export function triggeredMsOf(runId: string): number {
  return parseInt(runId.replaceAll("-", "").slice(0, 12), 16);
}

/** A key as the footer and the help name it. */
export function keyName(key: string): string {
  return key === " " ? "space" : key;
}
