/** A principal whose every word was chosen by somebody who means harm to the terminal. */
import type { Run } from "../../src/core/mod.ts";
import type { ReplyTo } from "../../src/wire/mod.ts";
import { agentOf, noonMs, runOf, type Script, summary } from "./scripted.ts";

/** Ends the title sequence, opens others, forges a line, turns the reading direction. */
export const harm = "\x1b]0;pwned\x07\x1b[2J\n\r\t\u0085\u009b31m\u202e\u2066\u200f\u061c\u2028\x7f";

/** What no terminal must be sent, but in sequences of our own. */
// deno-lint-ignore no-control-regex -- they are what is looked for
export const harmful = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/;

/** A text with all of it. */
export function evil(name: string): string {
  return `${name}${harm}`;
}

/** A run in whose every text there is harm. */
export function evilRun(number: number, state: Run["state"]): Run {
  return runOf(number, evil("w"), state, 60_000, {
    ...{ runId: evil(`0198c7a2-000${number}`), workflowName: evil("n"), params: { [evil("p")]: evil("v") } },
    ...{ requires: [evil("label:r")], agentId: evil("ada@lab"), instanceId: evil("i"), reason: evil("why") },
    ...{ idempotencyKey: evil("k"), session: evil("s"), cancelTasks: [evil("t")], attempt: 2 },
    cancelReason: state === "RUNNING" ? evil("because") : null,
  });
}

const task = (id: string, depends: readonly string[], config: unknown) => ({
  ...{ id, name: evil(id), description: evil("d"), depends, env: { [evil("E")]: evil("v") }, timeoutMs: null },
  ...{ retries: 0, config },
});

/** A definition in whose every free text there is harm. */
export const evilDefinition: unknown = {
  ...{ id: "w", path: evil("w.yml"), name: evil("n"), description: evil("d"), cron: evil("* * * * *") },
  ...{ timezone: evil("UTC"), startTime: null, env: { [evil("E")]: evil("v") }, timeoutMs: null },
  tasks: [
    task("a", [], { type: "subprocess", cmd: evil("echo"), args: [evil("x")] }),
    task("b", ["a"], {
      ...{ type: "uv_python", scriptPath: evil("s.py"), packages: [evil("p")], isUvProject: false, uvPath: null },
      workingDirectory: null,
    }),
  ],
};

/** What such a principal tells of a run. */
export function evilShown(run: Run): ReplyTo<"SHOWRUN"> {
  return {
    run,
    tasks: ["a", "b"].map((taskId) => ({
      ...{ runId: run.runId, attempt: 2, taskId, taskRunId: evil("r"), state: "FAILED", tryNumber: 2, exitCode: 3 },
      ...{ startedAtMs: noonMs - 50_000, finishedAtMs: noonMs - 40_000, reason: evil("why") },
      outputs: { [evil("o")]: evil("v") },
    })),
    kept: [evil("z")],
    earlier: [{
      ...{ attempt: 1, agentId: evil("ada"), assignedAtMs: noonMs - 90_000, startedAtMs: null },
      ...{ endedAtMs: noonMs - 80_000, state: "CRASHED", reason: evil("why") },
    }],
    waitingSinceMs: noonMs - 70_000,
    workflow: evilDefinition,
  };
}

const workflow = summary(evil("w"), {
  ...{ name: evil("n"), description: evil("d"), path: evil("w.yml"), cron: evil("*/5 * * * *") },
  ...{ timezone: evil("UTC"), nextFireMs: noonMs + 60_000 },
  params: {
    [evil("p")]: {
      ...{ type: evil("string"), description: evil("d"), required: true, default: evil("v"), choices: [evil("c")] },
      ...{ pattern: evil("x"), min: evil("1"), max: evil("2") },
    },
  },
});

const running = evilRun(1, "RUNNING");

/** See the top of this file. */
export const hostile: Script = {
  workflows: [workflow, summary(evil("x"), { cron: "0 5 * * *", timezone: evil("UTC"), nextFireMs: noonMs + 1 })],
  workflowProblems: [evil("problem")],
  runs: [running, evilRun(2, "FAILED"), evilRun(3, "PENDING")],
  status: {
    ...{ version: evil("1"), queueLength: 2, queueHeadAgeMs: 1000, runs: { RUNNING: 1, [evil("X")]: 2 } },
    agents: [
      agentOf(evil("ada"), 1000, { version: evil("1"), labels: [evil("gpu")], running: [running.runId, evil("id")] }),
    ],
    problems: [evil("problem")],
    history: { state: "degraded", reason: evil("why"), eventsBehind: 3 },
  },
  sql: (query) =>
    query.includes("string_agg")
      ? [[evil("w"), `${running.runId}:FAILED:1000 0198c7a2:COMPLETED:900`]]
      : [[evil("a"), 1000]],
  answers: {
    SHOWRUN: evilShown(running),
    EXPLAIN: { summary: evil("summary"), steps: [{ atMs: noonMs, sentence: evil("step") }], hint: evil("hint") },
    SHOWWORKFLOW: { workflow: evilDefinition },
    LOGS: {
      lines: ["INFO", evil("ERROR")].map((level) => ({
        ...{ workflowId: evil("w"), workflowName: evil("n"), runId: running.runId, taskName: evil("a") },
        ...{ taskRunId: evil("r"), timestampMs: noonMs, level, payload: evil("STDOUT text") },
      })),
      ...{ cursor: null, mayHaveMore: false },
    },
  },
};
