/** What tests of real processes share. */
import assert from "node:assert/strict";
import { type ProcessOutcome, runProcess, type RunProcessOptions } from "../../src/agent/executors/run_process.ts";
import { systemClock } from "../../src/clock/mod.ts";

/** A process of a test and what it has written so far. */
export interface Started {
  readonly outcome: Promise<ProcessOutcome>;
  readonly stdout: string[];
  readonly stderr: string[];
  readonly abort: AbortController;
  /** Settles with the first line of standard output that starts with `text`. Rejects when the process ends before. */
  line(text: string): Promise<string>;
}

/** Starts a command with limits that suit tests. */
export function start(
  command: string,
  args: readonly string[],
  over: Partial<RunProcessOptions> = {},
): Started {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const abort = new AbortController();
  const waiting: { text: string; resolve: (line: string) => void }[] = [];
  const outcome = runProcess({
    command,
    args,
    env: {},
    cwd: null,
    clock: systemClock,
    timeoutMs: null,
    graceMs: 5_000,
    drainMs: 100,
    signal: abort.signal,
    onLines({ stream, lines }) {
      const target = stream === "stdout" ? stdout : stderr;
      for (const line of lines) target.push(line);
      for (const { text, resolve } of waiting) {
        const found = stdout.find((line) => line.startsWith(text));
        if (found !== undefined) resolve(found);
      }
    },
    ...over,
  });
  const line = (text: string) =>
    Promise.race([
      new Promise<string>((resolve) => waiting.push({ text, resolve })),
      outcome.then((ended) => assert.fail(`ended with ${JSON.stringify(ended)} before the line "${text}"`)),
    ]);
  return { outcome, stdout, stderr, abort, line };
}

/** Starts a shell script; `$1` and so on are `args`. */
export function startScript(
  script: string,
  over: Partial<RunProcessOptions> = {},
  args: readonly string[] = [],
): Started {
  return start("sh", ["-c", script, "sh", ...args], over);
}

/** True while a process lives; one that is dead and not yet waited for does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `if [ -d /proc/self ]; then cat /proc/${pid}/stat; else echo "x) $(ps -o stat= -p ${pid})"; fi`],
    stderr: "null",
  }).output();
  const state = /\) *([A-Za-z])/.exec(new TextDecoder().decode(stdout))?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** True when a process that was sent KILL is gone; the system may take a moment. */
export async function isGone(pid: number): Promise<boolean> {
  assert.ok(pid > 1, `not the pid of a test's process: ${pid}`);
  for (let look = 0; look < 100; look += 1) {
    if (!(await isAlive(pid))) return true;
    await pauseInChild(0.02);
  }
  return false;
}

/** Ends what a test left running on purpose. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* gone already */ }
}

/** Lets `seconds` pass in a child, the only place where a test sleeps. */
export async function pauseInChild(seconds: number): Promise<void> {
  await new Deno.Command("sleep", { args: [String(seconds)] }).output();
}
