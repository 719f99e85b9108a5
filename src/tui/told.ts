/** How far what the screens show can be believed, and what stands in place of what is not known. */
import type { Run } from "../core/mod.ts";
import type { RunList } from "./run_list.ts";
import type { Shell } from "./screen.ts";
import type { Session } from "./session.ts";
import { briefSpan, timeText } from "./words.ts";

/** Whether what is shown is as it is now. */
export function isFresh({ session }: Pick<Shell, "session">): boolean {
  return session.connection.state === "live";
}

/** Of when that is what is shown of a principal that is away: `as of 12:00:00`. Nothing where it is of now. */
export function asOf(shell: Pick<Shell, "session">): string {
  const { session } = shell;
  if (isFresh(shell) || session.heardMs === null) return "";
  const atMs = session.connection.state === "lost" ? session.nowMs() : session.heardMs;
  return `as of ${timeText(atMs)}`;
}

/** What stands where nothing can be shown: that it is being waited for, or that the principal is one that has no such thing. */
export function absence({ session }: Pick<Shell, "session">): string {
  return session.dialect === "original" ? "An original principal does not tell this." : "Waiting for the principal ...";
}

/** How long ago, in few columns: `now`, `12.3s`. Less than a second is nothing to anybody. */
export function ageText(ageMs: number): string {
  return ageMs < 1000 ? "now" : briefSpan(ageMs);
}

/** What runs are read for, on more than one screen or again and again on one. */
export type RunsFor = "wrong" | "running" | "waiting";

/** Runs as they were read, and when, by the principal's clock in Unix milliseconds. */
interface ReadRuns {
  readonly rows: readonly Run[];
  readonly atMs: number;
}

/** A screen is made anew each time one goes there: what was read before is there while the principal is not. */
const lastRead = new WeakMap<Session, Map<RunsFor, ReadRuns>>();

/**
 * The runs of a list; those that were read last where it could read none yet, because the principal is away.
 *
 * @returns `age`: of when they are, as {@linkcode asOf} tells it.
 */
export function lastKnownRuns(
  shell: Pick<Shell, "session">,
  purpose: RunsFor,
  list: RunList,
): { readonly rows: readonly Run[]; readonly age: string } {
  const { session } = shell;
  let known = lastRead.get(session);
  if (known === undefined) lastRead.set(session, known = new Map());
  const age = asOf(shell);
  if (list.isLoaded || age === "") {
    if (list.isLoaded) known.set(purpose, { rows: list.rows, atMs: session.nowMs() });
    return { rows: list.rows, age };
  }
  const before = known.get(purpose);
  return before === undefined ? { rows: list.rows, age } : { rows: before.rows, age: `as of ${timeText(before.atMs)}` };
}
