/** What stays open for days: it asks no more than it has to, keeps no more than it shows, and misses nothing. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { Throughput } from "../../src/tui/throughput.ts";
import { Trends } from "../../src/tui/trends.ts";
import { evilDefinition } from "./hostile_scene.ts";
import { noonMs, runOf, Scripted, summary } from "./scripted.ts";

const minuteMs = 60_000;

Deno.test("resets that come one after the other do not each have the whole history read", async () => {
  await using scripted = await Scripted.open({ route: { screen: "workflows" }, workflows: [summary("etl")] });
  const asked = () => scripted.asked.filter(({ verb }) => verb === "SQL").length;
  equal(asked(), 1);
  for (let count = 0; count < 10; count++) await scripted.reset();
  equal(asked(), 1);
  await scripted.clock.pass(10_000, 500);
  equal(asked(), 2);
});

Deno.test("a run that ends while the history is read is among the trends, whatever the answer tells", async () => {
  const answer = Promise.withResolvers<readonly (readonly unknown[])[]>();
  const trends = new Trends(() => answer.promise);
  const loading = trends.load(new AbortController().signal);
  const ended = runOf(2, "etl", "FAILED", minuteMs);
  trends.take(ended);
  answer.resolve([["etl", "0198c7a2-0000-7000-8000-000000000001:COMPLETED:1000"]]);
  await loading;
  deepEqual(trends.of("etl").outcomes.map(({ state }) => state), ["COMPLETED", "FAILED"]);
});

Deno.test("ends that nobody looks at are forgotten after their hour", () => {
  const throughput = new Throughput();
  const perMinute = 10;
  for (let number = 0; number < 24 * 60 * perMinute; number++) {
    const finishedAtMs = noonMs + Math.floor(number / perMinute) * minuteMs;
    throughput.take({ runId: String(number), attempt: 1, state: "COMPLETED", finishedAtMs });
  }
  ok(throughput.size <= 62 * perMinute, String(throughput.size));
  const counts = throughput.of("ok", noonMs + (24 * 60 - 1) * minuteMs);
  deepEqual(counts, counts.map(() => perMinute));
});

Deno.test("what changes while a page of runs is read is not overwritten by the page", async () => {
  const held = Promise.withResolvers<void>();
  const later = Promise.withResolvers<void>();
  const runs = [runOf(1, "etl", "RUNNING", minuteMs)];
  let pages = 0;
  const hold = (verb: string) => verb !== "RUNS" ? undefined : pages++ === 0 ? held.promise : later.promise;
  await using scripted = await Scripted.open({ route: { screen: "runs" }, runs, hold });
  await scripted.tell([runOf(1, "etl", "COMPLETED", minuteMs)]);
  held.resolve();
  await scripted.clock.pass(300, 100);
  match(scripted.frame, /COMPLETED/);
  doesNotMatch(scripted.frame, /RUNNING/);
  later.resolve();
});

Deno.test("an older page of another filter does not come into the list", async () => {
  const held = Promise.withResolvers<void>();
  let pages = 0;
  const runs = [runOf(1, "etl", "RUNNING", minuteMs), runOf(2, "etl", "FAILED", minuteMs)];
  await using scripted = await Scripted.open({
    ...{ route: { screen: "runs" }, runs, runsCursor: "0198c7a2-0000-7000-8000-000000000001" },
    hold: (_, request) => request.includes("beforeRunId") && ++pages === 1 ? held.promise : undefined,
  });
  match(scripted.frame, /RUNNING/);
  await scripted.clock.pass(100, 100);
  equal(pages, 1);
  scripted.press("f", "f");
  await scripted.clock.pass(1000, 100);
  held.resolve();
  await scripted.clock.pass(300, 100);
  match(scripted.frame, /FAILED/);
  doesNotMatch(scripted.frame, /RUNNING/);
});

Deno.test("an older page that cannot be read is not asked for again and again", async () => {
  let pages = 0;
  await using scripted = await Scripted.open({
    ...{ route: { screen: "runs" }, runs: [runOf(1, "etl", "RUNNING", 0)] },
    runsCursor: "0198c7a2-0000-7000-8000-000000000001",
    hold: (verb) => verb === "RUNS" && ++pages > 1 ? Promise.reject(new Error("no")) : undefined,
  });
  for (let count = 0; count < 20; count++) {
    scripted.ui.frame();
    await scripted.clock.pass(100, 100);
  }
  ok(pages <= 3, String(pages));
});

Deno.test("nothing goes on once the interface is closed", async () => {
  const scripted = await Scripted.open({ runs: [runOf(1, "etl", "RUNNING", 0)], workflows: [summary("etl")] });
  scripted.ui.tell("something");
  for (const key of ["1", "3", "4", "5", "6", "2", "0"]) {
    scripted.press(key);
    await scripted.clock.pass(100, 100);
  }
  await scripted.ui.close();
  equal(scripted.clock.timerCount, 0);
});

Deno.test("a run that its principal does not have any more is told to be as it was before", async () => {
  const run = runOf(1, "etl", "RUNNING", minuteMs);
  let isGone = false;
  await using scripted = await Scripted.open({
    route: { screen: "run", run: run.runId },
    answers: {
      SHOWRUN: { run, tasks: [], kept: [], earlier: [], waitingSinceMs: null, workflow: evilDefinition },
    },
    hold: (verb) =>
      verb === "SHOWRUN" && isGone ? Promise.reject(new CdktrError("NOT_FOUND", "No such run.")) : undefined,
  });
  await scripted.clock.pass(300, 100);
  doesNotMatch(scripted.frame, /as it was before/);
  isGone = true;
  await scripted.reset();
  match(scripted.frame, /etl .*RUNNING[^]*! as it was before: No such run\./);
});

Deno.test("the last lines of a task are looked for after the end of its run, for a while", async () => {
  const run = runOf(1, "etl", "FAILED", 31_000); // It ended a second ago.
  await using scripted = await Scripted.open({
    route: { screen: "run", run: run.runId },
    answers: {
      SHOWRUN: { run, tasks: [], kept: [], earlier: [], waitingSinceMs: null, workflow: evilDefinition },
      LOGS: { lines: [], cursor: null, mayHaveMore: false },
    },
  });
  const asked = () => scripted.asked.filter(({ verb }) => verb === "LOGS").length;
  const look = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      scripted.ui.frame();
      await scripted.clock.pass(1000, 100);
    }
  };
  await look(4);
  ok(asked() >= 3, String(asked()));
  await look(10);
  const before = asked();
  await look(5);
  equal(asked(), before);
});

Deno.test("where one of ours takes the place of an original, its runs are shown", async () => {
  await using scripted = await Scripted.open({ route: { screen: "runs" }, runs: [runOf(1, "etl", "RUNNING", 0)] });
  scripted.becomeOriginal();
  match(scripted.frame, /An original principal tells the newest run/);
  scripted.becomeOurs();
  scripted.ui.resize({ width: 100, height: 30 });
  scripted.ui.frame();
  await scripted.clock.pass(300, 100);
  match(scripted.frame, /RUNNING/);
});

Deno.test("a principal that answers and fails again at once is given time", async () => {
  await using scripted = await Scripted.open({
    route: { screen: "messages" },
    hold: (verb) => verb === "WORKFLOWS" ? Promise.reject(new CdktrError("STORAGE", "No room.")) : undefined,
  });
  await scripted.clock.pass(60_000, 100);
  const asked = scripted.asked.filter(({ verb }) => verb === "WORKFLOWS").length;
  ok(asked > 10 && asked < 20, String(asked));
});

Deno.test("what the history could not tell is asked again, without any news", async () => {
  let isBusy = true;
  await using scripted = await Scripted.open({
    hold: (verb) => verb === "SQL" && isBusy ? Promise.reject(new CdktrError("STORAGE", "Busy.")) : undefined,
  });
  match(scripted.frame, /the history cannot be asked/);
  isBusy = false;
  await scripted.clock.pass(11_000, 500);
  doesNotMatch(scripted.frame, /the history cannot be asked/);
});
