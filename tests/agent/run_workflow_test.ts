import assert from "node:assert/strict";
import { join } from "node:path";
import type { LogLine } from "../../src/agent/run_task.ts";
import {
  retryDelayMs,
  type RunOutcome,
  runWorkflow,
  type RunWorkflowOptions,
  type TaskEvent,
} from "../../src/agent/run_workflow.ts";
import { type Clock, systemClock } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import type { Task, TaskConfig, Workflow } from "../../src/workflow/mod.ts";
import { isGone, pauseInChild } from "./processes.ts";

const posix = Deno.build.os !== "windows";

function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name: `workflow run: ${name}`, ignore: !posix, fn: run });
}

interface TaskSpec extends Partial<Omit<Task, "id" | "config">> {
  /** A shell script, or a whole config. */
  readonly run: string | TaskConfig;
}

function workflowOf(tasks: Record<string, TaskSpec>, over: Partial<Workflow> = {}): Workflow {
  return {
    id: "test.flow",
    name: "Test flow",
    description: null,
    path: "workflows/test/flow.yml",
    cron: null,
    timezone: "UTC",
    startTime: null,
    env: {},
    timeoutMs: null,
    tasks: Object.entries(tasks).map(([id, { run, ...spec }]) => ({
      id,
      name: `Task ${id}`,
      description: null,
      depends: [],
      env: {},
      timeoutMs: null,
      retries: 0,
      config: typeof run === "string" ? { type: "subprocess", cmd: "sh", args: ["-c", run] } : run,
      ...spec,
    })),
    ...over,
  };
}

interface Play {
  readonly outcome: Promise<RunOutcome>;
  readonly events: TaskEvent[];
  readonly lines: LogLine[];
  readonly abort: AbortController;
  /** Events and lines in the order they were handed over: `a RUNNING`, `a: STDOUT hi`. */
  readonly story: string[];
  /** Settles when `story` has this entry. */
  until(entry: string): Promise<void>;
}

function play(workflow: Workflow, over: Partial<RunWorkflowOptions> = {}): Play {
  const events: TaskEvent[] = [];
  const lines: LogLine[] = [];
  const story: string[] = [];
  const abort = new AbortController();
  const waiting = new Map<string, () => void>();
  const tell = (entry: string) => {
    story.push(entry);
    waiting.get(entry)?.();
  };
  let count = 0;
  const outcome = runWorkflow({
    workflow,
    runId: "run-1",
    attempt: 1,
    params: {},
    clock: systemClock,
    newTaskRunId: () => `task-run-${++count}`,
    signal: abort.signal,
    report(event) {
      events.push(event);
      tell(`${event.taskId} ${event.state}`);
    },
    emit(batch) {
      for (const line of batch) {
        lines.push(line);
        tell(`${line.taskId}: ${line.payload}`);
      }
    },
    limits: { graceMs: 5_000, drainMs: 100 },
    ...over,
  });
  const until = (entry: string) =>
    new Promise<void>((resolve) => story.includes(entry) ? resolve() : waiting.set(entry, resolve));
  return { outcome, events, lines, abort, story, until };
}

const statesOf = ({ events }: Play, taskId: string) =>
  events.filter((event) => event.taskId === taskId).map(({ state }) => state);
const payloadsOf = ({ lines }: Play, taskId: string) =>
  lines.filter((line) => line.taskId === taskId).map(({ payload }) => payload);
const completed = { state: "COMPLETED", reason: null };

test("a task is reported from PENDING to COMPLETED, its lines before its end", async () => {
  const run = play(workflowOf({ a: { run: "echo hi; echo oh >&2" } }));
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(run.story.toSpliced(2, 2), ["a PENDING", "a RUNNING", "a COMPLETED"]);
  assert.deepEqual(run.story.slice(2, 4).sort(), ["a: STDERR oh", "a: STDOUT hi"]);
  for (const event of run.events) assert.deepEqual([event.taskRunId, event.try], ["task-run-1", 1]);
  const byLevel = Object.fromEntries(run.lines.map(({ timestampMs: _, ...line }) => [line.level, line]));
  assert.deepEqual(byLevel["ERROR"], {
    taskId: "a",
    taskName: "Task a",
    taskRunId: "task-run-1",
    level: "ERROR",
    payload: "STDERR oh",
  });
  assert.equal(byLevel["INFO"]?.payload, "STDOUT hi");
});

test("all lines of a task are handed over before its end is reported, however slow the taker", async () => {
  let lines = 0;
  const ends: number[] = [];
  const run = play(workflowOf({ a: { run: "seq 1 20000" } }), {
    emit: async (batch) => {
      await Promise.resolve();
      lines += batch.length;
    },
    report: (event) => void (event.state === "COMPLETED" && ends.push(lines)),
  });
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(ends, [20_000]);
});

test("events are reported one at a time and in order, though taking them takes time", async () => {
  const states: string[] = [];
  let inHand = 0;
  const run = play(workflowOf({ a: { run: "true" }, b: { run: "true", depends: ["a"] } }), {
    report: async (event) => {
      inHand += 1;
      assert.equal(inHand, 1);
      await pauseInChild(0.02);
      states.push(`${event.taskId} ${event.state}`);
      inHand -= 1;
    },
  });
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(states, ["a PENDING", "a RUNNING", "a COMPLETED", "b PENDING", "b RUNNING", "b COMPLETED"]);
});

test("independent tasks run at the same time, the one that joins them after both", async () => {
  const directory = await Deno.makeTempDir();
  const meet = (mine: string, other: string) => `touch ${mine}; until [ -e ${other} ]; do sleep 0.01; done`;
  const env = { DIR: directory };
  const run = play(workflowOf({
    a: { run: meet("$DIR/a", "$DIR/b") },
    b: { run: meet("$DIR/b", "$DIR/a") },
    c: { run: "echo joined", depends: ["a", "b"] },
  }, { env }));
  assert.deepEqual(await run.outcome, completed);
  const at = (entry: string) => run.story.indexOf(entry);
  assert.ok(at("c PENDING") > at("a COMPLETED") && at("c PENDING") > at("b COMPLETED"));
  assert.deepEqual(payloadsOf(run, "c"), ["STDOUT joined"]);
  await Deno.remove(directory, { recursive: true });
});

test("no more tasks than allowed run at the same time", async () => {
  let running = 0;
  let most = 0;
  const tasks = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`t${index}`, { run: "sleep 0.02" }]));
  const run = play(workflowOf(tasks), {
    maxParallelTasks: 3,
    report({ state }) {
      if (state === "RUNNING") most = Math.max(most, running += 1);
      if (state === "COMPLETED") running -= 1;
    },
  });
  assert.deepEqual(await run.outcome, completed);
  assert.equal(most, 3);
});

test("a failure skips what depends on it, once, and independent branches go on", async () => {
  const run = play(workflowOf({
    a: { run: "exit 3" },
    l: { run: "true", depends: ["a"] },
    r: { run: "true", depends: ["a"] },
    e: { run: "true", depends: ["l", "r"] },
    other: { run: "echo fine" },
    after: { run: "true", depends: ["other"] },
  }));
  assert.deepEqual(await run.outcome, { state: "FAILED", reason: 'task "a" failed: exited with code 3' });
  const failed = run.events.find(({ state }) => state === "FAILED");
  assert.ok(failed?.state === "FAILED");
  assert.deepEqual([failed.reason, failed.exitCode, failed.signal], ["exited with code 3", 3, null]);
  assert.deepEqual(payloadsOf(run, "a"), ["STDERR cdktr: exited with code 3"]);
  for (const id of ["l", "r", "e"]) {
    const [event, ...more] = run.events.filter(({ taskId }) => taskId === id);
    assert.ok(event?.state === "SKIPPED" && event.because === "a");
    assert.deepEqual(more, []);
  }
  assert.equal(statesOf(run, "after").at(-1), "COMPLETED");
  assert.equal(new Set(run.events.map(({ taskRunId }) => taskRunId)).size, 6);
});

test("death by a signal, a missing command and a missing directory are failures that the log explains", async () => {
  const uv = {
    type: "uv_python",
    scriptPath: "x.py",
    packages: [],
    isUvProject: false,
    uvPath: null,
    workingDirectory: null,
  } as const;
  const run = play(workflowOf({
    signal: { run: "kill -9 $$" },
    command: { run: { type: "subprocess", cmd: "no-such-command", args: [] } },
    uv: { run: uv, env: { PATH: "/nowhere" } },
    directory: { run: { ...uv, uvPath: "/bin/sh", workingDirectory: "/no/such/directory" } },
  }));
  assert.equal((await run.outcome).state, "FAILED");
  const expected: Record<string, RegExp> = {
    signal: /^ended by signal SIGKILL$/,
    command: /^command `no-such-command` not found in PATH \(.+\)$/,
    uv: /^command `uv` not found in PATH \(\/nowhere\): install uv where the agent runs .*uv_path$/,
    directory: /^working directory `\/no\/such\/directory` does not exist/,
  };
  for (const [id, sentence] of Object.entries(expected)) {
    const event = run.events.find(({ taskId, state }) => taskId === id && state === "FAILED");
    assert.ok(event?.state === "FAILED");
    assert.match(event.reason, sentence);
    assert.equal(event.signal, id === "signal" ? "SIGKILL" : null);
    assert.deepEqual(payloadsOf(run, id), [`STDERR cdktr: ${event.reason}`]);
    assert.deepEqual(statesOf(run, id), ["PENDING", "RUNNING", "FAILED"]);
  }
});

test("a task that takes too long fails, and the log says after how long", async () => {
  const run = play(workflowOf({ a: { run: "sleep 300", timeoutMs: 100 } }));
  assert.deepEqual(await run.outcome, { state: "FAILED", reason: 'task "a" failed: timed out after 100 ms' });
  assert.deepEqual(payloadsOf(run, "a"), ["STDERR cdktr: timed out after 100 ms"]);
});

/** Real time, but pauses of a second and more are over at once, and written down. */
function hastyClock(pausesMs: number[]): Clock {
  return {
    ...systemClock,
    setTimer(delayMs, fire) {
      if (delayMs < firstPauseMs) return systemClock.setTimer(delayMs, fire);
      pausesMs.push(delayMs);
      return systemClock.setTimer(0, fire);
    },
  };
}
const firstPauseMs = retryDelayMs(2);

test("a failed task is tried again after a pause, each try a task run of its own", async () => {
  const directory = await Deno.makeTempDir();
  const pausesMs: number[] = [];
  const run = play(
    workflowOf({
      a: { run: 'echo x >> "$DIR/tries"; [ $(wc -l < "$DIR/tries") -ge 3 ]', retries: 5 },
      b: { run: "echo after", depends: ["a"] },
    }, { env: { DIR: directory } }),
    { clock: hastyClock(pausesMs) },
  );
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(
    run.events.filter(({ taskId }) => taskId === "a").map((event) => `${event.taskRunId} ${event.try} ${event.state}`),
    [
      "task-run-1 1 PENDING",
      "task-run-1 1 RUNNING",
      "task-run-1 1 FAILED",
      "task-run-2 2 PENDING",
      "task-run-2 2 RUNNING",
      "task-run-2 2 FAILED",
      "task-run-3 3 PENDING",
      "task-run-3 3 RUNNING",
      "task-run-3 3 COMPLETED",
    ],
  );
  assert.deepEqual(pausesMs, [1_000, 2_000]);
  assert.deepEqual(payloadsOf(run, "a").slice(0, 2), [
    "STDERR cdktr: exited with code 1",
    "STDERR cdktr: try 2 of 6 starts in 1 s",
  ]);
  assert.deepEqual(statesOf(run, "b"), ["PENDING", "RUNNING", "COMPLETED"]);
  await Deno.remove(directory, { recursive: true });
});

test("when the tries are used up the task has failed", async () => {
  const pausesMs: number[] = [];
  const run = play(workflowOf({ a: { run: "exit 1", retries: 2 }, b: { run: "true", depends: ["a"] } }), {
    clock: hastyClock(pausesMs),
  });
  assert.equal((await run.outcome).state, "FAILED");
  assert.equal(statesOf(run, "a").filter((state) => state === "FAILED").length, 3);
  assert.deepEqual(statesOf(run, "b"), ["SKIPPED"]);
});

test("the pause between tries doubles up to a minute", () => {
  assert.deepEqual([2, 3, 4, 7, 8, 9, 100].map(retryDelayMs), [1e3, 2e3, 4e3, 32e3, 60e3, 60e3, 60e3]);
  return Promise.resolve();
});

test("a task that waits for its next try does not keep others from running", async () => {
  const run = play(workflowOf({ a: { run: "exit 1", retries: 1 }, b: { run: "echo turn" } }), { maxParallelTasks: 1 });
  await run.until("b COMPLETED");
  assert.deepEqual(statesOf(run, "a"), ["PENDING", "RUNNING", "FAILED", "PENDING"]);
  run.abort.abort("enough");
  assert.deepEqual(await run.outcome, { state: "CANCELLED", reason: "enough" });
  assert.deepEqual(statesOf(run, "a").at(-1), "CANCELLED");
});

test("cancel ends what runs, starts nothing more, and says why", async () => {
  const run = play(
    workflowOf({
      a: { run: "echo $$; exec sleep 300" },
      b: { run: "true", depends: ["a"] },
      c: { run: "true" },
    }),
    { maxParallelTasks: 1 },
  );
  await run.until("a RUNNING");
  while (run.lines.length === 0) await pauseInChild(0.01);
  run.abort.abort("asked for by ada");
  assert.deepEqual(await run.outcome, { state: "CANCELLED", reason: "asked for by ada" });
  assert.deepEqual(statesOf(run, "a"), ["PENDING", "RUNNING", "CANCELLED"]);
  assert.deepEqual(statesOf(run, "b"), ["SKIPPED"]);
  assert.deepEqual(statesOf(run, "c"), ["PENDING", "CANCELLED"]);
  assert.equal(await isGone(Number(payloadsOf(run, "a")[0]?.replace("STDOUT ", ""))), true);
  assert.equal(payloadsOf(run, "a")[1], "STDERR cdktr: ended because the run was stopped: asked for by ada");
});

test("a run that is cancelled before it starts runs nothing", async () => {
  const run = play(workflowOf({ a: { run: "echo ran" }, b: { run: "true", depends: ["a"] } }), {
    signal: AbortSignal.abort("too late"),
  });
  assert.deepEqual(await run.outcome, { state: "CANCELLED", reason: "too late" });
  assert.deepEqual(run.story, ["a PENDING", "a CANCELLED", "b SKIPPED"]);
});

test("a run that takes too long is stopped", async () => {
  const run = play(workflowOf({ a: { run: "sleep 300" }, b: { run: "true" } }, { timeoutMs: 200 }));
  assert.deepEqual(await run.outcome, { state: "TIMED_OUT", reason: "the run took longer than 200 ms" });
  assert.deepEqual(statesOf(run, "a"), ["PENDING", "RUNNING", "CANCELLED"]);
  assert.deepEqual(statesOf(run, "b"), ["PENDING", "RUNNING", "COMPLETED"]);
});

test("a note is left where background processes were cut off", async () => {
  const run = play(workflowOf({ a: { run: "sleep 300 & echo started" } }));
  assert.deepEqual(await run.outcome, completed);
  assert.match(
    payloadsOf(run, "a")[1] ?? "",
    /^STDERR cdktr: processes in the background still held the output 100 ms/,
  );
});

test("tasks see the agent's environment, the workflow's, their own, and what run they are part of", async () => {
  const show =
    'echo "$CDKTR_WORKFLOW_ID $CDKTR_RUN_ID $CDKTR_TASK_ID $CDKTR_ATTEMPT $CDKTR_PARAM_DAY $A $B ${HOME:+home}"';
  const run = play(workflowOf({ a: { run: show, env: { B: "task" } } }, { env: { A: "flow", B: "flow" } }), {
    attempt: 4,
    params: { day: "monday" },
  });
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(payloadsOf(run, "a"), ["STDOUT test.flow run-1 a 4 monday flow task home"]);
});

test("when a report or a line cannot be taken, everything is ended and the error comes out", async () => {
  const broken = () => {
    throw new Error("spool is full");
  };
  const tasks = { a: { run: "echo x; exec sleep 300" }, b: { run: "exec sleep 300" } };
  await assert.rejects(play(workflowOf(tasks), { emit: broken }).outcome, /spool is full/);
  await assert.rejects(play(workflowOf(tasks), { report: broken }).outcome, /spool is full/);
});

test("a workflow without tasks is complete; one whose graph cannot run is refused", async () => {
  assert.deepEqual(await play(workflowOf({})).outcome, completed);
  const isInvalid = (error: unknown) => error instanceof CdktrError && error.code === "INVALID_WORKFLOW";
  await assert.rejects(play(workflowOf({ a: { run: "true", depends: ["ghost"] } })).outcome, isInvalid);
  await assert.rejects(play(workflowOf({ a: { run: "true" } }), { maxParallelTasks: 0 }).outcome, /at least 1, got 0/);
});

// UvPython

const script = "import os, sys\nprint('from', os.path.basename(os.getcwd()))\nprint('to stderr', file=sys.stderr)\n";

test("UvPython calls uv with its packages in the task's working directory", async () => {
  const directory = await Deno.makeTempDir();
  const stub = join(directory, "uv-stub");
  await Deno.writeTextFile(stub, '#!/bin/sh\nprintf "<%s>" "$@"\necho " $PWD"\n', { mode: 0o755 });
  const run = play(workflowOf({
    a: {
      run: {
        type: "uv_python",
        scriptPath: "./job.py",
        packages: ["pandas>=2,<3", "scipy"],
        isUvProject: false,
        uvPath: stub,
        workingDirectory: directory,
      },
    },
  }));
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(payloadsOf(run, "a"), [
    `STDOUT <run><--with><pandas>=2,<3><--with><scipy><./job.py> ${await Deno.realPath(directory)}`,
  ]);
  await Deno.remove(directory, { recursive: true });
});

const uvPath = await Deno.realPath(".cache/python/bin/uv").catch(() => null);

Deno.test({
  name: "workflow run: UvPython runs a script with the real uv",
  ignore: uvPath === null,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "uv-" });
    await Deno.writeTextFile(join(directory, "job.py"), script);
    const config = {
      type: "uv_python",
      scriptPath: "job.py",
      packages: [],
      isUvProject: false,
      uvPath,
      workingDirectory: directory,
    } as const;
    const run = play(workflowOf({ a: { run: config, env: { UV_PYTHON_DOWNLOADS: "never" } } }));
    const outcome = await run.outcome;
    assert.deepEqual(outcome, completed, payloadsOf(run, "a").join("\n"));
    const payloads = payloadsOf(run, "a");
    assert.ok(payloads.some((payload) => payload.startsWith("STDOUT from uv-")));
    assert.ok(payloads.includes("STDERR to stderr"));
    await Deno.remove(directory, { recursive: true });
  },
});
