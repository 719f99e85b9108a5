/**
 * A process that leads a session and a process group of its own, so that one signal reaches it and all its descendants
 * (but those that left the group on purpose, as daemons do).
 *
 * `Deno.Command` can do so with `detached: true`, and then has to fork the whole agent: 220-540 spawns/s, getting worse
 * as the agent grows. The program `setsid` (util-linux, busybox) makes a session and executes the command in its own
 * place, keeping the pid: about 1,050 spawns/s, against 1,800 without a group. `bench/spawn.ts` measures all three.
 * So `setsid` is used where it is installed, `detached` elsewhere (macOS).
 */

import process from "node:process";
import { type Clock, sleep } from "../../clock/mod.ts";
import { findCommand } from "./find_command.ts";

/** What to start. */
export interface ProcessSpec {
  /** Name or path of the program; see {@linkcode findCommand}. */
  readonly command: string;
  readonly args: readonly string[];
  /** Variables added to those of the agent, or put in their place. */
  readonly env: Readonly<Record<string, string>>;
  /** Working directory; `null` for the agent's own. */
  readonly cwd: string | null;
}

/** How a process comes to lead a group. */
export type Grouping = { readonly kind: "setsid"; readonly path: string } | { readonly kind: "detached" };

let foundGrouping: Grouping | undefined;

/** The cheapest way of this machine; looked up once. */
export function systemGrouping(): Grouping {
  if (foundGrouping === undefined) {
    const found = findCommand("setsid", Deno.env.get("PATH"), null);
    foundGrouping = "path" in found ? { kind: "setsid", path: found.path } : { kind: "detached" };
  }
  return foundGrouping;
}

/** A running process and its group. */
export interface ProcessGroup {
  readonly pid: number;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** How the leading process ended. Its group may outlive it. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Signals the leading process alone. Throws when it has ended, so that no later owner of its pid is hit. */
  kill(signal: Deno.Signal): void;
}

/**
 * Starts a process as the leader of its own group. Its standard input is empty, its output goes to two pipes.
 *
 * What only the kernel finds out while it executes the command (a script whose interpreter is missing, a program for
 * another machine) happens inside `setsid`: it says so on standard error and exits with 127 or 126, as a shell does.
 *
 * @returns The process, or the sentence that says why there is none.
 */
export function spawnGroup(spec: ProcessSpec, grouping: Grouping): ProcessGroup | { readonly reason: string } {
  const found = findCommand(spec.command, spec.env["PATH"] ?? Deno.env.get("PATH"), spec.cwd);
  if ("reason" in found) return found;
  const options = {
    env: { ...spec.env },
    ...(spec.cwd === null ? {} : { cwd: spec.cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  } as const;
  try {
    // `setsid` searches as we did, and so the command sees the name it was called by; `detached` needs the path.
    const command = grouping.kind === "setsid"
      ? new Deno.Command(grouping.path, { ...options, args: ["--", spec.command, ...spec.args] })
      : new Deno.Command(found.path, { ...options, args: [...spec.args], detached: true });
    return command.spawn();
  } catch (error) {
    return { reason: `command \`${spec.command}\` cannot be started: ${whyNotSpawned(error, spec)}` };
  }
}

/** Deno's sentence names the wrapper, not the command; these are the causes that a person can do something about. */
function whyNotSpawned(error: unknown, spec: ProcessSpec): string {
  const strings = [spec.command, ...spec.args, ...Object.entries(spec.env).flat()];
  if (strings.some((text) => text.includes("\0"))) {
    return "its arguments or its environment contain a NUL character, which no process can be given";
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Failed to spawn '[^']*': /, "");
}

/**
 * Sends a signal to all processes of the group.
 *
 * Between spawn and `setsid(2)` the process does not lead its group yet: the signal then goes to the process itself.
 * The third attempt reaches what it started if it got its group between the first two. Processes that are gone, or
 * that took another user's identity, are left alone.
 */
export function signalGroup(group: ProcessGroup, signal: "SIGTERM" | "SIGKILL"): void {
  const toGroup = () => Deno.kill(-group.pid, signal);
  if (succeeds(toGroup)) return;
  if (succeeds(() => group.kill(signal))) succeeds(toGroup);
}

function succeeds(send: () => void): boolean {
  try {
    send();
    return true;
  } catch {
    return false;
  }
}

/** How long to wait for a group that was sent KILL. Only a process that the kernel itself holds up takes any time. */
export const killWaitMs = 5_000;

/** First and longest pause between two looks at a group that was told to end. */
const lookAgainMs = { first: 10, longest: 500 } as const;

/**
 * Waits until no process of the group is left.
 *
 * @throws The signal's reason, when `signal` aborts first.
 */
async function groupGone(pid: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let pauseMs: number = lookAgainMs.first;; pauseMs = Math.min(pauseMs * 2, lookAgainMs.longest)) {
    if (!hasProcesses(pid) || !(await hasLivingProcesses(pid))) return;
    await sleep(clock, pauseMs, signal);
  }
}

/**
 * Waits until no process of the group is left, but not longer than `waitMs`.
 *
 * @param leaderEnded Saves looking before. @default at once
 * @returns Whether none is left.
 */
export async function groupGoneWithin(
  waitMs: number,
  pid: number,
  clock: Clock,
  leaderEnded: Promise<unknown> = Promise.resolve(),
): Promise<boolean> {
  const waiting = new AbortController();
  const gone = leaderEnded.then(() => groupGone(pid, clock, waiting.signal)).then(() => true, () => false);
  const isGone = await Promise.race([gone, sleep(clock, waitMs, waiting.signal).then(() => false, () => false)]);
  waiting.abort();
  return isGone;
}

/** True while the group has members, dead ones that nobody has waited for included. */
function hasProcesses(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/**
 * True while the group has a member that is not a zombie.
 *
 * Orphans are for process 1 to wait for. In a container that is often a program that does not do it (the agent itself,
 * for one), and their group would look alive for ever. Linux tells in /proc (proc(5): `pid (comm) state ppid pgrp ...`),
 * which Deno reads only with all permissions; so `cat` does. Elsewhere, or without a shell, the answer is yes.
 */
async function hasLivingProcesses(pid: number): Promise<boolean> {
  if (Deno.build.os !== "linux") return true;
  try {
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", "cat /proc/[0-9]*/stat 2>/dev/null"],
      stdin: "null",
      stderr: "null",
    }).output();
    const processes = new TextDecoder().decode(stdout).matchAll(/\) ([A-Za-z]) \d+ (\d+) /g);
    let seen = 0;
    for (const [, state, group] of processes) {
      seen += 1;
      if (Number(group) === pid && state !== "Z" && state !== "X") return true;
    }
    return seen === 0;
  } catch {
    return true;
  }
}
