/**
 * Processes of tasks whose agent was killed.
 *
 * Nothing ends them with it: each leads a session of its own. Their environment names the task run, and Linux shows it to
 * their owner in /proc/<pid>/environ (proc(5)), so they are found without a record of process ids, which the system may
 * have given to others since. Deno reads those files with all permissions only, so a shell does. A process that cleared
 * its environment is found as long as one of its group did not.
 */

import process from "node:process";
import type { Clock } from "../../clock/mod.ts";
import { taskRunVariable } from "./environment.ts";
import { groupGoneWithin, killWaitMs } from "./process_group.ts";

/** Prints the line of proc(5) of each process whose environment has one of the texts on standard input. */
const findScript = "grep -lF -f - /proc/[0-9]*/environ 2>/dev/null | " +
  'while read -r file; do cat "${file%environ}stat" 2>/dev/null; done';

/** Whether this system shows them. */
export const canFindOrphans = Deno.build.os === "linux";

/**
 * Ends the process groups of tries: TERM, and KILL after the grace time. Does nothing where there is no /proc.
 *
 * @param taskRunIds The tries. One that this process itself descends from is left alone.
 * @returns How many groups there were.
 */
export async function endOrphans(taskRunIds: readonly string[], clock: Clock, graceMs: number): Promise<number> {
  const own = Deno.env.get(taskRunVariable);
  const groups = await groupsOf(taskRunIds.filter((id) => id !== own));
  await Promise.all(groups.map((group) => endGroup(group, clock, graceMs)));
  return groups.length;
}

async function groupsOf(taskRunIds: readonly string[]): Promise<number[]> {
  if (!canFindOrphans || taskRunIds.length === 0) return [];
  const pipes = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  const shell = new Deno.Command("/bin/sh", { args: ["-c", findScript], ...pipes }).spawn();
  const patterns = taskRunIds.map((id) => `${taskRunVariable}=${id}\n`).join("");
  const [{ stdout }] = await Promise.all([shell.output(), write(shell.stdin, patterns)]);
  // pid (comm) state ppid pgrp; a command may have parentheses in its name, so the last one counts.
  const groups = new TextDecoder().decode(stdout).matchAll(/^.*\) [A-Za-z] \d+ (\d+) /gm);
  return [...new Set([...groups].map(([, group]) => Number(group)))].filter((group) => group > 1);
}

async function write(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

async function endGroup(group: number, clock: Clock, graceMs: number): Promise<void> {
  signal(group, "SIGTERM");
  if (await groupGoneWithin(graceMs, group, clock)) return;
  signal(group, "SIGKILL");
  await groupGoneWithin(killWaitMs, group, clock);
}

function signal(group: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-group, name);
  } catch { /* gone, or not ours any more */ }
}
