import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessExecutor } from "../../src/agent/executors/process_executor.ts";
import type { LogLine, ProcessLimits } from "../../src/agent/run_task.ts";
import type { TaskEvent } from "../../src/agent/task_event.ts";
import { type RunOutcome, WorkflowRun, type WorkflowRunOptions } from "../../src/agent/workflow_run.ts";
import { type Clock, systemClock, systemRandom } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { noRetry, type Task, type TaskConfig, type Workflow, workflowDefaults } from "../../src/workflow/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { isGone, pauseInChild } from "./processes.ts";
import { ScriptedExecutor } from "./scripted_executor.ts";

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
    ...workflowDefaults,
    tasks: Object.entries(tasks).map(([id, { run, ...spec }]) => ({
      id,
      name: `Task ${id}`,
      description: null,
      depends: [],
      env: {},
      timeoutMs: null,
      retry: noRetry,
      config: typeof run === "string" ? { type: "subprocess", cmd: "sh", args: ["-c", run] } : run,
      ...spec,
    })),
    ...over,
  };
}

interface Play {
  readonly run: WorkflowRun;
  readonly outcome: Promise<RunOutcome>;
  readonly events: TaskEvent[];
  readonly lines: LogLine[];
  readonly abort: AbortController;
  /** Events and lines in the order they were handed over: `a RUNNING`, `a: STDOUT hi`. */
  readonly story: string[];
  /** Files that were left when it had ended. */
  readonly left: string[];
  /** Settles when `story` has this entry. */
  until(entry: string): Promise<void>;
}

interface Over extends Partial<WorkflowRunOptions> {
  readonly limits?: ProcessLimits;
}

function play(workflow: Workflow, { limits = { graceMs: 5_000, drainMs: 100 }, ...over }: Over = {}): Play {
  const events: TaskEvent[] = [];
  const lines: LogLine[] = [];
  const story: string[] = [];
  const left: string[] = [];
  const abort = new AbortController();
  const waiting = new Map<string, () => void>();
  const tell = (entry: string) => {
    story.push(entry);
    waiting.get(entry)?.();
  };
  let count = 0;
  const directory = join(tmpdir(), `cdktr-run-test-${crypto.randomUUID()}`);
  const executor = over.executor ?? new ProcessExecutor(directory, limits);
  const run = new WorkflowRun({
    workflow,
    executor,
    random: systemRandom,
    runId: "run-1",
    attempt: 1,
    params: {},
    maxParallelTasks: 5,
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
    ...over,
  });
  Deno.mkdirSync(directory);
  const outcome = run.run().finally(() => {
    left.push(...[...Deno.readDirSync(directory)].map(({ name }) => name));
    Deno.removeSync(directory, { recursive: true });
  });
  const until = (entry: string) =>
    new Promise<void>((resolve) => story.includes(entry) ? resolve() : waiting.set(entry, resolve));
  return { run, outcome, events, lines, abort, story, left, until };
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
const firstPauseMs = 1_000;

test("a failed task is tried again after a pause, each try a task run of its own", async () => {
  const directory = await Deno.makeTempDir();
  const pausesMs: number[] = [];
  const run = play(
    workflowOf({
      a: { run: 'echo x >> "$DIR/tries"; [ $(wc -l < "$DIR/tries") -ge 3 ]', retry: { ...noRetry, max: 5 } },
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
    "STDERR cdktr: try 2 of 6 in 1 s",
  ]);
  assert.deepEqual(statesOf(run, "b"), ["PENDING", "RUNNING", "COMPLETED"]);
  await Deno.remove(directory, { recursive: true });
});

test("when the tries are used up the task has failed", async () => {
  const pausesMs: number[] = [];
  const run = play(
    workflowOf({ a: { run: "exit 1", retry: { ...noRetry, max: 2 } }, b: { run: "true", depends: ["a"] } }),
    {
      clock: hastyClock(pausesMs),
    },
  );
  assert.equal((await run.outcome).state, "FAILED");
  assert.equal(statesOf(run, "a").filter((state) => state === "FAILED").length, 3);
  assert.deepEqual(statesOf(run, "b"), ["SKIPPED"]);
});

test("a task that waits for its next try does not keep others from running", async () => {
  const run = play(workflowOf({ a: { run: "exit 1", retry: { ...noRetry, max: 1 } }, b: { run: "echo turn" } }), {
    maxParallelTasks: 1,
  });
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
  assert.throws(() => play(workflowOf({ a: { run: "true", depends: ["ghost"] } })), isInvalid);
  assert.throws(() => play(workflowOf({ a: { run: "true" } }), { maxParallelTasks: 0 }), /at least 1, got 0/);
});

// Tries

/** A workflow whose tries end as the test says, on a clock that it moves. */
class Script {
  readonly executor = new ScriptedExecutor();
  readonly clock = new FakeClock();
  readonly play: Play;

  constructor(workflow: Workflow, over: Over = {}) {
    this.play = play(workflow, { executor: this.executor, clock: this.clock, ...over });
  }

  /** The events so far: `a PENDING`, `a CANCELLED: why`. */
  get events(): string[] {
    return this.play.events.map((event) => {
      const reason = "reason" in event && event.reason !== null ? `: ${event.reason}` : "";
      return `${event.taskId} ${event.state}${reason}`;
    });
  }
}

const later = (max: number, over: Partial<Task["retry"]> = {}) => ({ run: "", retry: { ...noRetry, max, ...over } });

test("a further try is announced with its time and cause, and begins when its pause is over", async () => {
  const retry = { delayMs: 5_000, factor: 3, maxDelayMs: 10_000 };
  const script = new Script(workflowOf({ a: later(3, retry) }));
  const { play: { outcome }, executor, clock } = script;
  await turn();
  await executor.end("a", 75);
  assert.deepEqual(clock.pendingMs, [5_000]);
  await clock.pass(4_999);
  assert.equal(executor.begun.length, 1);
  await clock.pass(1);
  assert.deepEqual(executor.begun.map(({ tryNumber }) => tryNumber), [1, 2]);
  await executor.end("a", 1);
  assert.deepEqual(clock.pendingMs, [10_000], "the longest pause");
  await clock.pass(10_000);
  await executor.end("a", 0);
  assert.deepEqual(await outcome, completed);
  assert.deepEqual(script.events.filter((event) => /PENDING|FAILED/.test(event)), [
    "a PENDING",
    "a FAILED: exited with code 75",
    "a PENDING: try 2 of 4 in 5 s: exited with code 75",
    "a FAILED: exited with code 1",
    "a PENDING: try 3 of 4 in 10 s: exited with code 1",
  ]);
  assert.deepEqual(payloadsOf(script.play, "a"), [
    "STDERR cdktr: try 2 of 4 in 5 s",
    "STDERR cdktr: try 3 of 4 in 10 s",
  ]);
});

test("jitter spreads the pauses, by the run's own source of randomness", async () => {
  const random = { fraction: () => 0, bytes: systemRandom.bytes };
  const { play: { abort, outcome }, executor, clock } = new Script(
    workflowOf({ a: later(1, { delayMs: 10_000, jitter: 0.25 }) }),
    { random },
  );
  await turn();
  await executor.end("a", 1);
  assert.deepEqual(clock.pendingMs, [7_500]);
  abort.abort("enough");
  assert.equal((await outcome).state, "CANCELLED");
});

test("a failure that is not to be tried again is final at once, and says why", async () => {
  const script = new Script(workflowOf({
    code: later(3, { exitCodes: [75] }),
    signal: later(3, { exitCodes: [75, 76] }),
    listed: later(1, { exitCodes: [75] }),
  }));
  await turn();
  await script.executor.end("code", 3);
  await script.executor.end("signal", {
    kind: "failed",
    reason: "ended by signal SIGKILL",
    exitCode: null,
    signal: "SIGKILL",
  });
  await script.executor.end("listed", 75);
  await script.clock.pass(1_000);
  await script.executor.end("listed", 0);
  assert.deepEqual(await script.play.outcome, { state: "FAILED", reason: 'task "code" failed: exited with code 3' });
  assert.deepEqual(script.events.filter((event) => !/RUNNING|PENDING$/.test(event)), [
    "code FAILED: exited with code 3; only exit code 75 is tried again",
    "signal FAILED: ended by signal SIGKILL; only exit codes 75, 76 are tried again",
    "listed FAILED: exited with code 75",
    "listed PENDING: try 2 of 2 in 1 s: exited with code 75",
    "listed COMPLETED",
  ]);
  assert.deepEqual(payloadsOf(script.play, "code"), [
    "STDERR cdktr: not tried again: only exit code 75 is tried again",
  ]);
});

// Pause

test("a paused run starts no task; what runs goes on; resumed, it goes on where it stood", async () => {
  const script = new Script(workflowOf({ a: { run: "" }, b: { run: "" }, c: { run: "", depends: ["a"] } }), {
    maxParallelTasks: 1,
  });
  const { play: { run, outcome }, executor } = script;
  await turn();
  run.steer({ paused: true, cancelTasks: [] });
  await executor.end("a", 0);
  assert.deepEqual(executor.running, []);
  assert.deepEqual(script.events, ["a PENDING", "b PENDING", "a RUNNING", "a COMPLETED", "c PENDING"]);
  run.steer({ paused: false, cancelTasks: [] });
  await turn();
  assert.deepEqual(executor.running, ["b"]);
  await executor.end("b", 0);
  await executor.end("c", 0);
  assert.deepEqual(await outcome, completed);
});

test("a run that begins paused waits, and a further try waits too", async () => {
  const script = new Script(workflowOf({ a: later(1) }), { wish: { paused: true, cancelTasks: [] } });
  const { play: { run, outcome }, executor, clock } = script;
  await clock.pass(60_000);
  assert.deepEqual(script.events, ["a PENDING"]);
  run.steer({ paused: false, cancelTasks: [] });
  await turn();
  await executor.end("a", 1);
  run.steer({ paused: true, cancelTasks: [] });
  await clock.pass(60_000);
  assert.deepEqual(executor.running, []);
  run.steer({ paused: false, cancelTasks: [] });
  await turn();
  await executor.end("a", 0);
  assert.deepEqual(await outcome, completed);
});

test("a paused run can be cancelled, and takes too long as any other", async () => {
  const paused = { paused: true, cancelTasks: [] };
  const one = new Script(workflowOf({ a: { run: "" }, b: { run: "", depends: ["a"] } }), { wish: paused });
  await turn();
  one.play.abort.abort("not needed");
  assert.deepEqual(await one.play.outcome, { state: "CANCELLED", reason: "not needed" });
  assert.deepEqual(one.events, ["a PENDING", "a CANCELLED: not needed", "b SKIPPED"]);
  const other = new Script(workflowOf({ a: { run: "" } }, { timeoutMs: 10_000 }), { wish: paused });
  await other.clock.pass(10_000);
  assert.deepEqual(await other.play.outcome, { state: "TIMED_OUT", reason: "the run took longer than 10 s" });
});

// Cancelling single tasks

const cancelled = "the end of this task was asked for";
const end = (...cancelTasks: string[]) => ({ paused: false, cancelTasks });

test("a running task that is cancelled takes along what depends on it; the rest goes on and the run has failed", async () => {
  const script = new Script(workflowOf({ a: { run: "" }, b: { run: "", depends: ["a"] }, c: { run: "" } }));
  await turn();
  script.play.run.steer(end("a"));
  await turn();
  assert.deepEqual(script.executor.running, ["c"]);
  await script.executor.end("c", 0);
  assert.deepEqual(await script.play.outcome, { state: "FAILED", reason: 'task "a" was cancelled' });
  assert.deepEqual(script.events.slice(4), [`a CANCELLED: ${cancelled}`, "b SKIPPED", "c COMPLETED"]);
  assert.deepEqual(payloadsOf(script.play, "a"), [`STDERR cdktr: ended because ${cancelled}`]);
});

test("a task that waits for its turn, for tasks above it, or for another try is cancelled at once", async () => {
  const script = new Script(
    workflowOf({ first: { run: "" }, turn: { run: "" }, below: { run: "", depends: ["first"] }, again: later(3) }),
    { maxParallelTasks: 1 },
  );
  const { play: { run, outcome }, executor, clock } = script;
  await turn();
  run.steer(end("turn", "below"));
  assert.deepEqual(script.events.slice(4), []);
  await turn();
  assert.deepEqual(script.events.slice(4), [`turn CANCELLED: ${cancelled}`, `below CANCELLED: ${cancelled}`]);
  await executor.end("first", 0);
  await executor.end("again", 1);
  assert.deepEqual(executor.running, []);
  run.steer(end("turn", "below", "again"));
  assert.equal(clock.timerCount, 0, "nothing is waited for any more");
  assert.deepEqual(await outcome, { state: "FAILED", reason: 'task "turn" was cancelled' });
  assert.deepEqual(script.events.slice(-2), [
    "again PENDING: try 2 of 4 in 1 s: exited with code 1",
    `again CANCELLED: ${cancelled}`,
  ]);
});

test("tasks can be cancelled before the run begins and while it is paused", async () => {
  const script = new Script(workflowOf({ a: { run: "" }, b: { run: "" }, c: { run: "" } }), {
    wish: { paused: true, cancelTasks: ["a"] },
  });
  await turn();
  script.play.run.steer({ paused: true, cancelTasks: ["a", "c"] });
  await turn();
  assert.deepEqual(script.events.slice(3), [`a CANCELLED: ${cancelled}`, `c CANCELLED: ${cancelled}`]);
  script.play.run.steer({ paused: false, cancelTasks: ["a", "c"] });
  await turn();
  await script.executor.end("b", 0);
  assert.equal((await script.play.outcome).state, "FAILED");
});

test("a task that has ended, one that was kept, and one that there is none of are not cancelled", async () => {
  const kept = [{ taskId: "k", taskRunId: "t-1", outputs: null }];
  const script = new Script(workflowOf({ a: { run: "" }, k: { run: "" }, b: { run: "", depends: ["a", "k"] } }), {
    kept,
  });
  await turn();
  await script.executor.end("a", 0);
  script.play.run.steer(end("a", "k", "ghost"));
  await turn();
  await script.executor.end("b", 0);
  assert.deepEqual(await script.play.outcome, completed);
});

test("a run that is cancelled as a whole is CANCELLED, though tasks of it were cancelled before", async () => {
  const script = new Script(workflowOf({ a: { run: "" }, b: { run: "" } }));
  await turn();
  script.play.run.steer(end("a"));
  await turn();
  script.play.abort.abort("all of it");
  assert.deepEqual(await script.play.outcome, { state: "CANCELLED", reason: "all of it" });
  assert.deepEqual(script.events.slice(-2), [`a CANCELLED: ${cancelled}`, "b CANCELLED: all of it"]);
});

test("the process of a cancelled task is ended, the others are not", async () => {
  const directory = await Deno.makeTempDir();
  const run = play(workflowOf({
    a: { run: "echo $$; sleep 300 & wait" },
    b: { run: "until [ -e $DIR/go ]; do sleep 0.01; done; echo done" },
  }, { env: { DIR: directory } }));
  while (run.lines.length === 0) await pauseInChild(0.01);
  run.run.steer(end("a"));
  await run.until("a CANCELLED");
  assert.equal(await isGone(Number(payloadsOf(run, "a")[0]?.replace("STDOUT ", ""))), true);
  await Deno.writeTextFile(join(directory, "go"), "");
  assert.deepEqual(await run.outcome, { state: "FAILED", reason: 'task "a" was cancelled' });
  assert.deepEqual(payloadsOf(run, "b"), ["STDOUT done"]);
  await Deno.remove(directory, { recursive: true });
});

// Outputs and kept tasks

test("what a task leaves, later tasks find in variables and in a file", async () => {
  const run = play(workflowOf({
    "get.rows": { run: 'echo rows=12 >> "$CDKTR_OUTPUT"; echo "file=a b=c" >> "$CDKTR_OUTPUT"' },
    json: { run: `printf '{"list": [1, 2], "text": "x"}' > "$CDKTR_OUTPUT"` },
    none: { run: 'cat "$CDKTR_INPUTS"', depends: ["json"] },
    all: {
      run:
        'echo "$CDKTR_OUTPUT_GET_ROWS_ROWS|$CDKTR_OUTPUT_GET_ROWS_FILE|$CDKTR_OUTPUT_JSON_LIST"; cat "$CDKTR_INPUTS"; ' +
        'echo; ls -l "$CDKTR_INPUTS" "$CDKTR_OUTPUT" | cut -c1-10',
      depends: ["none", "get.rows"],
    },
  }));
  assert.deepEqual(await run.outcome, completed);
  const outputsOf = (id: string) =>
    run.events.flatMap((event) => event.taskId === id && event.state === "COMPLETED" ? [event.outputs] : []);
  assert.deepEqual(outputsOf("get.rows"), [{ rows: "12", file: "a b=c" }]);
  assert.deepEqual(outputsOf("json"), [{ list: "[1,2]", text: "x" }]);
  assert.deepEqual(outputsOf("none"), [null]);
  assert.deepEqual(payloadsOf(run, "none"), ['STDOUT {"json":{"list":"[1,2]","text":"x"}}']);
  assert.deepEqual(payloadsOf(run, "all"), [
    "STDOUT 12|a b=c|[1,2]",
    'STDOUT {"json":{"list":"[1,2]","text":"x"},"get.rows":{"rows":"12","file":"a b=c"}}',
    "STDOUT -rw-------",
    "STDOUT -rw-------",
  ]);
});

test("each try has files of its own, and none is left at the end", async () => {
  const run = play(
    workflowOf({
      a: {
        run: 'echo "$CDKTR_OUTPUT"; echo "try=$CDKTR_TRY" >> "$CDKTR_OUTPUT"; [ "$CDKTR_TRY" = 2 ]',
        ...{ retry: later(1).retry },
      },
    }),
    { clock: hastyClock([]) },
  );
  assert.deepEqual(await run.outcome, completed);
  const paths = payloadsOf(run, "a").filter((line) => line.startsWith("STDOUT ")).map((line) => line.slice(7));
  assert.equal(new Set(paths).size, 2);
  const end = run.events.at(-1);
  assert.deepEqual(end?.state === "COMPLETED" && end.outputs, { try: "2" });
  assert.deepEqual(run.left, []);
});

test("outputs that cannot be used are a failure like any other; those of a failed try do not count", async () => {
  const run = play(
    workflowOf({
      bad: { run: 'echo "no pair" > "$CDKTR_OUTPUT"', retry: later(1).retry },
      pipe: { run: 'rm "$CDKTR_OUTPUT"; mkfifo "$CDKTR_OUTPUT"' },
      link: { run: 'ln -sf /etc/passwd "$CDKTR_OUTPUT"' },
      directory: { run: 'rm "$CDKTR_OUTPUT"; mkdir "$CDKTR_OUTPUT"' },
      large: { run: 'head -c 70000 /dev/zero > "$CDKTR_OUTPUT"' },
      gone: { run: 'rm "$CDKTR_OUTPUT" "$CDKTR_INPUTS"' },
      failed: { run: 'echo "no pair" > "$CDKTR_OUTPUT"; exit 3' },
    }),
    { clock: hastyClock([]) },
  );
  assert.equal((await run.outcome).state, "FAILED");
  const failures = run.events.flatMap((event) =>
    event.state === "FAILED" ? [`${event.taskId} ${event.exitCode} ${event.reason}`] : []
  );
  const bad = 'bad 0 its outputs cannot be used: line 1 ("no pair") is not KEY=VALUE';
  assert.deepEqual(failures.sort(), [
    bad,
    bad,
    "directory 0 its outputs cannot be used: CDKTR_OUTPUT is no regular file any more",
    "failed 3 exited with code 3",
    "large 0 its outputs cannot be used: they have 70000 bytes, at most 65536 are taken",
    "link 0 its outputs cannot be used: CDKTR_OUTPUT is no regular file any more",
    "pipe 0 its outputs cannot be used: CDKTR_OUTPUT is no regular file any more",
  ]);
  assert.equal(statesOf(run, "gone").at(-1), "COMPLETED");
  assert.ok(
    payloadsOf(run, "bad").includes('STDERR cdktr: its outputs cannot be used: line 1 ("no pair") is not KEY=VALUE'),
  );
});

test("a task that removes the directory of its files does not keep others from theirs", async () => {
  const run = play(workflowOf({
    bad: { run: 'rm -r "$(dirname "$CDKTR_OUTPUT")"' },
    good: { run: 'echo a=1 > "$CDKTR_OUTPUT"', depends: ["bad"] },
  }));
  assert.deepEqual(await run.outcome, completed);
  const end = run.events.at(-1);
  assert.deepEqual(end?.state === "COMPLETED" && end.outputs, { a: "1" });
});

test("the largest outputs a run may have still fit into the environment of a task", async () => {
  const script = 'head -c 65000 /dev/zero | tr "\\0" x | sed "s/^/v=/" > "$CDKTR_OUTPUT"';
  const ids = Array.from({ length: 16 }, (_, index) => `t${index}`);
  const tasks = Object.fromEntries(ids.map((id) => [id, { run: script }]));
  const run = play(workflowOf({ ...tasks, end: { run: 'echo "${#CDKTR_OUTPUT_T15_V}"', depends: ids } }));
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(payloadsOf(run, "end"), ["STDOUT 65000"]);
});

test("kept tasks are not run and not reported, and what they left is found by those that are", async () => {
  const kept = [{ taskId: "a", taskRunId: "before-1", outputs: { k: "v" } }];
  const run = play(
    workflowOf({ a: { run: "echo again" }, b: { run: 'echo "$CDKTR_OUTPUT_A_K $CDKTR_ATTEMPT"', depends: ["a"] } }),
    { kept, attempt: 2 },
  );
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(run.story, ["b PENDING", "b RUNNING", "b: STDOUT v 2", "b COMPLETED"]);
});

test("a run whose tasks are all kept is complete at once", async () => {
  const kept = ["a", "b"].map((taskId) => ({ taskId, taskRunId: taskId, outputs: null }));
  const run = play(workflowOf({ a: { run: "exit 1" }, b: { run: "exit 1", depends: ["a"] } }), { kept });
  assert.deepEqual(await run.outcome, completed);
  assert.deepEqual(run.story, []);
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
