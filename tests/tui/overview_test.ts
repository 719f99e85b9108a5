import assert from "node:assert/strict";
import type { RunState } from "../../src/core/mod.ts";
import { bandsOf } from "../../src/tui/overview_layout.ts";
import { QueueDepth } from "../../src/tui/queue_depth.ts";
import { Throughput } from "../../src/tui/throughput.ts";
import { assertFrame } from "./golden.ts";
import { agentOf, noonMs, runOf, type Script, Scripted, summary } from "./scripted.ts";
import { keys, Stage } from "./stage.ts";

const minuteMs = 60_000;

/** The past as the history tells it: one good end a minute, and three bad ones half an hour ago; and the usual durations. */
function past(query: string): (string | number | null)[][] {
  if (query.includes("trigger_skipped")) return [[3, "etl.orders"]];
  if (!query.includes("ended")) return [["etl.orders", "r1:COMPLETED:300000 r2:COMPLETED:320000"]];
  const now = noonMs / minuteMs;
  const good = Array.from({ length: 60 }, (_, age) => [now - age, null, "COMPLETED", 1 + age % 7]);
  return [...good, [now - 30, null, "FAILED", 2], [now - 30, null, "CRASHED", 1], [now - 5, null, "CANCELLED", 1]];
}

const why = "Task Load failed: exit code 1 at try 3 of 3, and nothing that depends on it was run; its last line was " +
  "`psycopg.OperationalError: connection to server at 10.0.3.7 failed`.";

const busy: Script = {
  sql: past,
  workflows: [
    summary("etl.orders", { cron: "0 * * * *", nextFireMs: noonMs + 60 * minuteMs }),
    summary("etl.customers", { cron: "*/5 * * * *", nextFireMs: noonMs + 5 * minuteMs }),
    summary("report.daily", { cron: "0 6 * * *", nextFireMs: noonMs + 18 * 60 * minuteMs }),
    summary("by.hand"),
  ],
  status: {
    queueLength: 2,
    queueHeadAgeMs: 125_000,
    runs: { PENDING: 2, RUNNING: 2, COMPLETED: 1204, FAILED: 17, CRASHED: 2, CANCELLED: 5 },
    agents: [
      agentOf("ada@lab/A1", 2000, { running: [runOf(5, "x", "RUNNING", 0).runId], labels: ["gpu"] }),
      agentOf("bob@lab/B2", 17_000, { running: [runOf(6, "x", "RUNNING", 0).runId] }),
      agentOf("carl@attic/C3", 95_000, { slots: 2 }),
    ],
  },
  runs: [
    runOf(1, "etl.orders", "FAILED", 3 * minuteMs, { reason: why }),
    runOf(2, "report.daily", "CRASHED", 95 * minuteMs, { reason: "Agent carl@attic/C3 was silent for 30.4 s." }),
    runOf(3, "etl.customers", "PENDING", 125_000),
    runOf(4, "etl.orders", "PENDING", 20_000),
    runOf(5, "etl.orders", "RUNNING", 65_000),
    runOf(6, "etl.customers", "RUNNING", 12_000),
  ],
};

const sizes = { "80x24": { width: 80, height: 24 }, "100x30": { width: 100, height: 30 } };

for (const [name, size] of Object.entries(sizes)) {
  Deno.test(`the overview at ${name}`, async () => {
    await using scripted = await Scripted.open({ ...busy, size });
    await assertFrame(`overview_${name}`, scripted.frame);
  });
}

Deno.test("the overview in ASCII", async () => {
  await using scripted = await Scripted.open({ ...busy, isAscii: true });
  const { frame } = scripted;
  assert.match(frame.replaceAll("…", ""), /^[\x20-\x7e\n]*$/);
  await assertFrame("overview_ascii", frame);
});

Deno.test("the overview on a wide screen", async () => {
  await using scripted = await Scripted.open({ ...busy, size: { width: 300, height: 100 } });
  await assertFrame("overview_300x100", scripted.frame);
});

Deno.test("what needs attention stands on top on few rows, each of it once, and no box gives way to it", async () => {
  const full =
    "The journal cannot be written: no space left on the device. What is triggered waits until there is some.";
  const problem = "etl.yml: tasks.load.cmd is missing";
  const script = { ...busy, status: { ...busy.status, problems: [full, problem] }, workflowProblems: [problem] };
  await using low = await Scripted.open({ ...script, size: sizes["80x24"] });
  await assertFrame("overview_trouble", low.frame);
  await using high = await Scripted.open({ ...script, size: sizes["100x30"] });
  assert.match(
    high.frame,
    /NEEDS ATTENTION 2 ─[^]*What is triggered [^\n]*│\n│ {3}[^\n]*there is some\.[^]*FIRES NEXT/,
  );
  const many = ["a", "b", "c", "d", "e"].map((name) => `${name}.yml: ${"tasks.load.cmd is missing; ".repeat(5)}`);
  await using more = await Scripted.open({
    ...script,
    status: { problems: many },
    workflowProblems: [],
    size: sizes["80x24"],
  });
  assert.match(more.frame, / ! NEEDS ATTENTION: a\.yml: .*…\n ! b\.yml: .*… \+3 more in 2\n┌[^]*FIRES NEXT/);
  await using framed = await Scripted.open({
    ...script,
    status: { problems: many },
    workflowProblems: [],
    size: sizes["100x30"],
  });
  assert.match(framed.frame, /│ ! d\.yml: .*…│\n└─.*─ \+1 more in 2 ─┘/);
});

Deno.test("a box that has no room for all its rows says how many it hides", async () => {
  const runs = Array.from({ length: 9 }, (_, number) => runOf(number, "etl.orders", "RUNNING", 1000));
  await using scripted = await Scripted.open({ ...busy, runs });
  assert.match(scripted.frame, /RUNS NOW 9 [^]* \+5 ─┘/);
  scripted.press("tab", "tab");
  assert.match(scripted.frame, / \+5 {3}enter: open {3}l: logs ─┘/);
});

Deno.test("an overview without anything tells what to do", async () => {
  await using scripted = await Scripted.open({});
  await assertFrame("overview_empty", scripted.frame);
});

Deno.test("no box is drawn out of place, at any size", async () => {
  for (const width of [40, 71, 72, 99, 139, 140, 300]) {
    for (const height of [10, 17, 24, 31, 60, 100]) {
      await using scripted = await Scripted.open({ ...busy, size: { width, height } });
      const lines = scripted.frame.split("\n");
      assert.equal(lines.length, height);
      assert.match(lines.slice(2, -2).at(-1) ?? "", /^└.*┘$/, `${width}x${height}`);
    }
  }
});

Deno.test("Tab goes from part to part, and Enter leads to what is under the cursor", async () => {
  await using scripted = await Scripted.open(busy);
  assert.match(scripted.frame, /enter why {2}l logs {2}t retry/);
  scripted.press("tab");
  assert.match(scripted.frame, /r run it/);
  scripted.press("tab");
  assert.match(scripted.frame, /c cancel/);
  scripted.press("shift-tab", "shift-tab", "j", "enter");
  assert.match(scripted.frame.split("\n")[1] ?? "", /Run/);
});

Deno.test("the end of a run is counted once, however often it is told", async () => {
  await using scripted = await Scripted.open({});
  assert.match(scripted.frame, /✓ ok .* 0 /);
  const ended = runOf(9, "etl.orders", "COMPLETED", 30_000);
  await scripted.tell([ended]);
  await scripted.tell([ended, { ...ended, paused: true }]);
  assert.match(scripted.frame, /✓ ok .* 1 /);
});

Deno.test("without the principal no time is told as one that runs", async () => {
  await using scripted = await Scripted.open(busy);
  assert.match(scripted.frame, / 5m00s {2}etl.customers/);
  await scripted.lose();
  assert.doesNotMatch(scripted.frame, / 5m00s {2}etl.customers/);
  assert.match(scripted.frame, /12:05:00 {2}etl.customers/);
});

Deno.test("of an original principal the overview says what it cannot tell", async () => {
  await using scripted = await Scripted.open({});
  scripted.becomeOriginal();
  assert.match(scripted.frame, /An original principal/);
  assert.doesNotMatch(scripted.frame, /UNSUPPORTED/);
});

Deno.test("ends are counted by minute, the one under way last", () => {
  const throughput = new Throughput();
  const { untilMs } = Throughput.query(noonMs);
  const minute = noonMs / minuteMs;
  throughput.load([[minute - 59, null, "COMPLETED", 3], [minute - 61, null, "COMPLETED", 9], [
    minute - 1,
    "a:1",
    "FAILED",
    1,
  ]], untilMs);
  const end = (runId: string, attempt: number, state: RunState, finishedAtMs: number) =>
    throughput.take({ runId, attempt, state, finishedAtMs });
  end("a", 1, "FAILED", noonMs - minuteMs); // It was among what was read.
  end("a", 2, "COMPLETED", noonMs);
  end("b", 1, "RUNNING", noonMs);
  end("c", 1, "COMPLETED", untilMs - 1); // It was among what was read by number.
  const ok = throughput.of("ok", noonMs);
  assert.deepEqual([ok.length, ok[0], ok[59]], [60, 3, 1]);
  assert.equal(throughput.of("bad", noonMs).reduce((sum, count) => sum + count), 1);
  assert.deepEqual(throughput.of("ok", noonMs, 30), [3, 1]);
  assert.deepEqual(throughput.of("ok", noonMs + minuteMs, 30), [0, 1], "an hour later the oldest minute is gone");
});

Deno.test("of the queue's depth the most within each sample is kept, and nothing is made up", () => {
  const depth = new QueueDepth();
  for (const [atMs, length] of [[0, 1], [1000, 7], [4999, 2], [10_000, 3]] as const) depth.take(atMs, length);
  assert.deepEqual(depth.newest(4, 14_000), [null, 7, null, 3]);
});

Deno.test("the overview's bands take all the rows there are", () => {
  for (let height = 1; height < 120; height++) {
    for (const width of [40, 80, 200]) {
      const { top, middle, bottom } = bandsOf({ width, height });
      assert.equal(top + middle + bottom, height);
    }
  }
});

Deno.test("the past is read from the history, and what ends then is added", async () => {
  const oneTask = "name: Beat\ntasks:\n  beat: {name: Beat, config: {type: subprocess, cmd: echo}}\n";
  await using stage = await Stage.open({ beat: oneTask });
  const fail = async () => {
    await stage.scene.trigger("beat");
    const attempt = await stage.scene.fetch();
    await stage.scene.reportRun(attempt, "RUNNING");
    await stage.scene.reportRun(attempt, "FAILED", "task Beat failed");
  };
  await fail();
  await stage.until(/✗ bad .* 1 .*\n[^]*FAILED .* beat .* task Beat failed/);
  stage.type("1");
  await stage.until("USUAL");
  stage.type("0");
  await stage.until(/✗ bad .* 1 /);
  await fail();
  await stage.until(/✗ bad .* 2 /);
  stage.type(keys.enter);
  await stage.until("▶ beat");
});

Deno.test("what is told of a principal that is away is of when it was last heard of, and stays so", async () => {
  await using scripted = await Scripted.open(busy);
  await scripted.lose();
  const ages = () => scripted.frame.split("\n").filter((line) => /FAILED|CRASHED/.test(line)).join("\n");
  const before = ages();
  assert.match(before, /2m30s +✗ FAILED/);
  await scripted.clock.pass(100_000);
  assert.equal(ages(), before);
});

Deno.test("the boxes say of when they are while the principal is away, on a screen that is opened then too", async () => {
  await using scripted = await Scripted.open(busy);
  await scripted.lose();
  const told = () => {
    const { frame } = scripted;
    assert.equal(frame.match(/as of 12:00:00 ─┘/g)?.length, 5);
    assert.match(frame, /✓ ok +\S+ 234/);
    assert.match(frame, /3 not known/);
    assert.match(frame, /✗ FAILED +etl\.orders/);
    assert.match(frame, /● RUNNING/);
    assert.doesNotMatch(frame, /\d ok |LOST carl/);
  };
  told();
  scripted.press("1");
  await scripted.clock.pass(300, 50);
  scripted.press("0");
  await scripted.clock.pass(300, 50);
  told();
});

Deno.test("what was read before the principal went away is told to be of then", async () => {
  await using scripted = await Scripted.open(busy);
  scripted.press("1");
  await scripted.clock.pass(300, 50);
  scripted.clock.setWallBy(20 * minuteMs);
  await scripted.reset();
  await scripted.lose();
  scripted.press("0");
  await scripted.clock.pass(300, 50);
  const { frame } = scripted;
  assert.match(frame, /AGENTS 3[^]*as of 12:20:00/);
  assert.match(frame, /✓ ok +\S+ 234[^]*└─+ as of 12:00:00 ─┘/);
  assert.match(frame, /RUNS NOW 2[^]*─ as of 12:00:00 ─┘/);
  assert.match(frame, /─ as of 12:00:00 {3}enter: why/);
});

Deno.test("where nothing is known since the principal went away no number is shown", async () => {
  await using scripted = await Scripted.open({ ...busy, route: { screen: "workflows" } });
  await scripted.lose();
  scripted.press("0");
  await scripted.clock.pass(300, 50);
  assert.match(scripted.frame, /Not known: the principal is away/);
  assert.doesNotMatch(scripted.frame, /✓ ok .* 0/);
});

Deno.test("below what went wrong stand the last lines of the run's standard error", async () => {
  const line = (text: string) => ({
    ...{ workflowId: "w", workflowName: "w", taskName: "Load", taskRunId: "t", timestampMs: noonMs, level: "ERROR" },
    ...{ runId: "r", payload: `STDERR ${text}` },
  });
  const lines = [line("KeyError: 'ts'"), line('  File "load.py", line 7'), line("Traceback:")];
  const answers = { LOGS: { lines, cursor: null, mayHaveMore: false } };
  const runs = [
    runOf(1, "etl.orders", "FAILED", 60_000, { reason: "task Load failed: exited with code 3" }),
    runOf(2, "etl.orders", "FAILED", 90_000, { reason: why }),
  ];
  await using scripted = await Scripted.open({ ...busy, runs, answers });
  await scripted.clock.pass(300, 50);
  const { frame } = scripted;
  assert.match(frame, /│ {2}stderr {2}Traceback: +│\n│ {12}File "load.py", line 7 +│\n│ {10}KeyError: 'ts'/);
  assert.equal(frame.match(/exited with code 3/g)?.length, 1, "nothing is said twice");
  const asked = () => scripted.asked.filter(({ verb }) => verb === "LOGS").map(({ request }) => request);
  assert.equal(asked().length, 1);
  assert.match(asked()[0] ?? "", /"levels":\["ERROR"\],"order":"newest","limit":3/);
  scripted.press("j");
  assert.match(scripted.frame, /and nothing that depends on it was run; its last/);
  assert.doesNotMatch(scripted.frame, /KeyError/, "these lines are of another run");
  await scripted.clock.pass(600, 50);
  assert.match(scripted.frame, /was run; its last +│\n│ {2}stderr .*\n.*KeyError/);
});

Deno.test("starts that were skipped are counted, with the workflow of the newest", async () => {
  await using scripted = await Scripted.open(busy);
  assert.match(scripted.frame, /─ 3 starts skipped in the last hour: etl\.orders ─┘/);
});

Deno.test("runs that are held are not among those that are queued", async () => {
  const status = { queueLength: 4, queueHeadAgeMs: 5100, runs: { PENDING: 5 } };
  await using scripted = await Scripted.open({ ...busy, status });
  assert.match(scripted.frame, / 4 queued, 1 held/);
  assert.match(scripted.frame, / the oldest waits 5\.1 s/);
});

Deno.test("a start that a real principal skipped is counted", async () => {
  const oneTask = "name: Beat\noverlap: skip\ntasks:\n  beat: {name: Beat, config: {type: subprocess, cmd: echo}}\n";
  await using stage = await Stage.open({ beat: oneTask }, { route: { screen: "workflows" } });
  await stage.scene.trigger("beat");
  await stage.scene.trigger("beat").catch(() => {}); // It may be told as an error.
  await stage.until("USUAL");
  stage.type("0");
  await stage.until("1 start skipped in the last hour: beat");
});
