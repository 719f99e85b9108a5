/** No data breaks a screen: each frame has as many rows as the terminal, each exactly as wide. */
import { equal } from "node:assert/strict";
import fc from "fast-check";
import { finalRunStates, type Run, runStates, type TaskRun, taskStates, triggerKinds } from "../../src/core/mod.ts";
import { lineWidth, type Size, textOf } from "../../src/paint/mod.ts";
import type { Route } from "../../src/tui/screen.ts";
import type { ReplyTo, WorkflowSummary } from "../../src/wire/mod.ts";
import { noonMs, runOf, type Script, Scripted, summary } from "./scripted.ts";

const time = fc.oneof(
  fc.integer({ min: noonMs - 1e8, max: noonMs + 1e8 }),
  fc.constantFrom(0, -1, 0.5, -1e15, 1e15, 8.64e15, 8.65e15, -8.65e15, 1e300, -1e300, Number.MAX_SAFE_INTEGER),
);
const timeOrNull = fc.option(time);
const text = fc.oneof(
  fc.constantFrom(
    "etl",
    "etl.daily",
    "",
    "東京の仕事",
    "👩‍👩‍👧 familie",
    "é́́",
    "\x1b[31mred",
    "a b c",
    "constructor",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("long-".repeat(200), "長".repeat(300)),
);
const textOrNull = fc.option(text);
const count = fc.constantFrom(0, 1, 3, 1e9, -1, Number.MAX_SAFE_INTEGER);

const run = fc.record({
  ...{ state: fc.constantFrom(...runStates), trigger: fc.constantFrom(...triggerKinds), number: fc.nat(50) },
  ...{ workflowId: text, workflowName: text, agentId: textOrNull, reason: textOrNull, cancelReason: textOrNull },
  ...{ attempt: fc.constantFrom(0, 1, 2, 1e6), paused: fc.boolean(), priority: fc.integer(), dueMs: timeOrNull },
  ...{ triggeredAtMs: time, assignedAtMs: timeOrNull, startedAtMs: timeOrNull, finishedAtMs: timeOrNull },
  params: fc.dictionary(text, text, { maxKeys: 2 }),
}).map(({ number, workflowId, state, ...more }): Run => runOf(number, workflowId, state, 0, more));

const taskRun = fc.record({
  ...{ taskId: fc.constantFrom("a", "b", "c", "東"), taskRunId: text, state: fc.constantFrom(...taskStates) },
  ...{ tryNumber: fc.constantFrom(1, 2, 999_999), startedAtMs: timeOrNull, finishedAtMs: timeOrNull },
  ...{ exitCode: fc.option(fc.integer()), reason: textOrNull },
  outputs: fc.option(fc.dictionary(text, text, { maxKeys: 2 })),
}).map((task): TaskRun => ({ ...task, runId: "r", attempt: 1 }));

const workflow = fc.record({
  ...{ id: text, name: text, description: textOrNull, path: text, taskCount: count, nextFireMs: timeOrNull },
  cron: fc.option(fc.oneof(fc.constantFrom("* * * * *", "*/7 * * * * *", "0 5 29 2 *", "@daily", "0 0 31 2 *"), text)),
  timezone: fc.constantFrom("UTC", "Europe/Berlin", "Nowhere/None"),
  startTime: fc.option(fc.constantFrom("2026-03-01T12:00:00Z", "never")),
}).map(({ id, ...more }): WorkflowSummary => summary(id, more));

const agent = fc.record({
  ...{
    agentId: text,
    session: textOrNull,
    version: textOrNull,
    lastSeenMs: time,
    slots: fc.option(count),
    stopping: fc.boolean(),
  },
  ...{ labels: fc.array(text, { maxLength: 3 }), running: fc.array(text, { maxLength: 3 }) },
});

const definition = fc.subarray(["a", "b", "c"], { minLength: 1 }).chain((ids) =>
  fc.record({ name: text, cmd: text.map((cmd) => cmd || "x") }).map(({ name, cmd }): unknown => ({
    ...{ id: "w", path: name, name, description: name, cron: null, timezone: "UTC", startTime: null, env: {} },
    timeoutMs: null,
    tasks: ids.map((id, at) => ({
      ...{ id, name, description: null, depends: ids.slice(0, at), env: {}, timeoutMs: null, retries: 0 },
      config: { type: "subprocess", cmd, args: [name] },
    })),
  }))
);

const earlier = fc.record({
  ...{ attempt: fc.nat(), agentId: text, assignedAtMs: fc.nat(), startedAtMs: fc.constant(null), endedAtMs: fc.nat() },
  ...{ state: fc.constantFrom(...finalRunStates, "RETURNED" as const), reason: textOrNull },
});

const script = fc.record({
  runs: fc.array(run, { maxLength: 6 }),
  workflows: fc.array(workflow, { maxLength: 5 }),
  workflowProblems: fc.array(text, { maxLength: 3 }),
  agents: fc.array(agent, { maxLength: 4 }),
  tasks: fc.uniqueArray(taskRun, { selector: ({ taskId }) => taskId, maxLength: 4 }),
  ...{ kept: fc.subarray(["a", "b", "x"]), earlier: fc.array(earlier, { maxLength: 2 }), definition },
  ...{
    waitingSinceMs: fc.option(fc.nat()),
    steps: fc.array(fc.record({ atMs: timeOrNull, sentence: text })),
    summary: text,
  },
  lines: fc.array(fc.record({ timestampMs: time, level: text, payload: text, taskName: text }), { maxLength: 4 }),
  ...{
    queueLength: count,
    queueHeadAgeMs: timeOrNull,
    nowMs: fc.oneof(fc.constant(noonMs), time.filter((at) => at >= 0)),
  },
  counts: fc.dictionary(fc.constantFrom(...runStates), count),
}).map((data): Script => {
  const answers: { -readonly [Key in keyof NonNullable<Script["answers"]>]: NonNullable<Script["answers"]>[Key] } = {
    SHOWWORKFLOW: { workflow: data.definition },
    EXPLAIN: { summary: data.summary, steps: data.steps, hint: data.summary },
    LOGS: {
      lines: data.lines.map((line) => ({ ...line, workflowId: "w", workflowName: "w", runId: "r", taskRunId: "t" })),
      ...{ cursor: null, mayHaveMore: false },
    },
  };
  const [first = runOf(1, "w", "RUNNING", 0)] = data.runs;
  const { tasks, kept, waitingSinceMs, definition: workflow } = data;
  const shown: ReplyTo<"SHOWRUN"> = { run: first, tasks, kept, earlier: data.earlier, waitingSinceMs, workflow };
  answers.SHOWRUN = shown;
  return {
    ...{
      runs: data.runs,
      workflows: data.workflows,
      workflowProblems: data.workflowProblems,
      nowMs: data.nowMs,
      answers,
    },
    status: {
      ...{ agents: data.agents, queueLength: data.queueLength, queueHeadAgeMs: data.queueHeadAgeMs },
      runs: data.counts,
    },
    sql: (query) =>
      query.includes("string_agg")
        ? [["etl", "0198c7a2:FAILED:1e300 x:COMPLETED: :COMPLETED:NaN nonsense"]]
        : [["a", -1], [noonMs / 60_000, null, "COMPLETED", 1e300], [null, "x", "FAILED", 1]],
  };
});

const sizes: readonly Size[] = [[40, 10], [61, 17], [80, 24], [141, 50], [200, 60]]
  .map(([width = 0, height = 0]) => ({ width, height }));
const routes: readonly Route[] = [
  ...(["overview", "workflows", "agents", "schedule", "messages", "runs", "logs"] as const).map((screen): Route => ({
    screen,
  })),
  ...(["workflow", "logs"] as const).map((screen): Route => ({ screen, workflowId: "etl" })),
  { screen: "run", run: "0198c7a2" },
];
/** They turn views, move, type, and lay dialogs over the screen. */
const steps = ["", "tab", "tab", "tab", "tab", "G", "left", "/", "x", "enter", "c", "n", "r", "x", "esc", "?", "esc"];

for (const route of routes) {
  Deno.test(`no data breaks a frame: ${JSON.stringify(route)}`, async () => {
    await fc.assert(
      fc.asyncProperty(script, async (data) => {
        await using scripted = await Scripted.open({ ...data, route });
        for (const key of steps) {
          if (key !== "") scripted.press(key);
          await scripted.clock.pass(100, 100);
          for (const size of sizes) {
            scripted.size = size;
            const lines = scripted.ui.frame();
            equal(lines.length, size.height);
            for (const line of lines) equal(lineWidth(line), size.width, `${key} ${size.width}: ${textOf(line)}`);
          }
        }
      }),
      { numRuns: 10, timeout: 20_000 },
    );
  });
}
