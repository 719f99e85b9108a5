import assert from "node:assert/strict";
import { FirePlan } from "../../src/tui/fire_plan.ts";
import { axisFrom, clashesOf, firesMax, firesWithin, overlapAfter } from "../../src/tui/fire_strip.ts";
import { columnWords, namesWithin, overlapsItself, stripOf } from "../../src/tui/fire_words.ts";
import { Schedules } from "../../src/tui/schedules.ts";
import { textOf, unicodeGlyphs } from "../../src/paint/mod.ts";
import { Schedule } from "../../src/workflow/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { assertFrame } from "./golden.ts";
import { noonMs, type Script, Scripted, summary } from "./scripted.ts";
import { keys, Stage } from "./stage.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const nightly = Array.from(
  { length: 12 },
  (_, index) =>
    summary(`nightly.${String(index).padStart(2, "0")}`, { cron: "0 2 * * *", nextFireMs: noonMs + 14 * hourMs }),
);
const script: Script = {
  route: { screen: "schedule" },
  sql: (query) =>
    query.includes("string_agg")
      ? [["etl.hourly", "r1:COMPLETED:5400000"], ["report.daily", "r2:COMPLETED:7500000"]]
      : [],
  workflows: [
    summary("etl.hourly", { cron: "0 * * * *", nextFireMs: noonMs + hourMs }),
    summary("heartbeat", { cron: "* * * * * *", nextFireMs: noonMs + 1000 }),
    summary("report.daily", { cron: "0 3 * * *", timezone: "Europe/Berlin", nextFireMs: noonMs + 14 * hourMs }),
    ...nightly,
    summary("by.hand"),
    summary("by.event"),
  ],
};

const sizes = { "80x24": { width: 80, height: 24 }, "100x30": { width: 100, height: 30 } };

for (const [name, size] of Object.entries(sizes)) {
  Deno.test(`the schedule at ${name}`, async () => {
    await using scripted = await Scripted.open({ ...script, size });
    await assertFrame(`schedule_${name}`, scripted.frame);
  });
}

Deno.test("the schedule in ASCII", async () => {
  await using scripted = await Scripted.open({ ...script, isAscii: true });
  const { frame } = scripted;
  assert.match(frame.replaceAll("…", ""), /^[\x20-\x7e\n]*$/);
  await assertFrame("schedule_ascii", frame);
});

Deno.test("the schedule on a wide screen has finer columns", async () => {
  await using scripted = await Scripted.open({ ...script, size: { width: 300, height: 100 } });
  assert.match(scripted.frame, /6 min a column/);
});

Deno.test("the clash is named, and what the time cursor is at", async () => {
  await using scripted = await Scripted.open({ ...script, size: { width: 200, height: 40 } });
  assert.match(scripted.frame, /! Mon 02, 02:00: 15 start at once: etl\.hourly, heartbeat, report\.daily, nightly\.00/);
  assert.match(scripted.frame, /▼ Mon 02, 02:00 to 02:10: 15 start: /);
  scripted.press("l");
  assert.match(scripted.frame, /▼ Mon 02, 02:10 to 02:20: 1 starts: heartbeat 02:10/);
  scripted.press("h", "h");
  assert.match(scripted.frame, /▼ Mon 02, 01:50 to 02:00: 1 starts: heartbeat 01:50/);
  scripted.press("p");
  assert.match(scripted.frame, /▼ Mon 02, 02:00 to 02:10: 15 start/);
});

Deno.test("a workflow that is due again before it is over is marked and told", async () => {
  await using scripted = await Scripted.open(script);
  assert.match(scripted.frame, /! etl\.hourly/);
  scripted.press("j");
  assert.match(
    scripted.frame,
    /! overlaps itself: due after 1 h 0 min \(at 13:00\), usually takes 1 h 30 min/,
  );
  assert.match(scripted.frame, /2 have no schedule/);
});

Deno.test("what fires next stands on top, and `s` puts the workflows in the order of their names", async () => {
  const workflows = [
    summary("b10", { cron: "0 13 * * *", nextFireMs: noonMs + hourMs }),
    summary("b2", { cron: "0 13 * * *", nextFireMs: noonMs + hourMs }),
    summary("a", { cron: "0 0 1 1 *", nextFireMs: noonMs + 300 * dayMs }),
    summary("never", { cron: "0 0 1 1 *" }),
    summary("soon", { cron: "30 12 * * *", nextFireMs: noonMs + hourMs / 2 }),
  ];
  await using scripted = await Scripted.open({ ...script, workflows });
  const names = () => scripted.frame.split("\n").slice(4, 9).map((row) => row.slice(2, 10).trim());
  assert.deepEqual(names(), ["soon", "b2", "b10", "a", "never"]);
  scripted.press("s");
  assert.deepEqual(names(), ["a", "b2", "b10", "never", "soon"]);
  scripted.press("s", "g");
  scripted.clock.setWallBy(31 * minuteMs);
  assert.deepEqual(names(), ["b2", "b10", "soon", "a", "never"], "what has fired is due later");
  assert.match(scripted.frame, /❯ b2/, "the cursor stays on top");
});

Deno.test("under a filter only what is shown is counted", async () => {
  await using scripted = await Scripted.open(script);
  scripted.press("/", "n", "i", "g", "h", "t", "enter");
  assert.match(scripted.frame, /! Mon 02, 02:00: 12 start at once: nightly\.00/);
  scripted.press("esc");
  assert.match(scripted.frame, /! Mon 02, 02:00: 15 start at once/);
});

Deno.test("when a workflow overlaps itself is told of what is to come", async () => {
  await using scripted = await Scripted.open(script);
  scripted.clock.setWallBy(14 * minuteMs);
  scripted.press("j");
  assert.match(scripted.frame, /! overlaps itself: due after 1 h 0 min \(at 13:00\)/);
  assert.match(scripted.frame, / ! overlaps itself {2}▶ one start/);
  const often = new Schedule("0,1 12,18 * * *");
  const after = (nowMs: number) => overlapAfter(often, nowMs, 5 * minuteMs, minuteMs);
  assert.deepEqual(after(noonMs + 30_000), { gapMs: minuteMs, atMs: noonMs + minuteMs });
  assert.deepEqual(after(noonMs + minuteMs), { gapMs: minuteMs, atMs: noonMs + 6 * hourMs + minuteMs });
});

Deno.test("plus and minus change the span", async () => {
  await using scripted = await Scripted.open(script);
  scripted.press("-");
  await scripted.clock.pass(200, 10);
  assert.match(scripted.frame, /next 7 d, UTC +.*Mon 02 .*Tue 03/);
  scripted.press("+", "+", "+");
  await scripted.clock.pass(200, 10);
  assert.match(scripted.frame, /next 6 h, UTC +12:00 .*13:00/);
});

Deno.test("without the principal no countdown is shown", async () => {
  await using scripted = await Scripted.open(script);
  scripted.press("j");
  assert.match(scripted.frame, /next in 1 h 0 min at 13:00/);
  await scripted.lose();
  assert.match(scripted.frame, /next at 13:00/);
});

Deno.test("columns divide the hour, and the first has now in it", () => {
  assert.deepEqual(axisFrom(noonMs + 25 * minuteMs, dayMs, 58), {
    ...{ startMs: noonMs, columnMs: 30 * minuteMs, columns: 48 },
  });
  assert.equal(axisFrom(noonMs, 6 * hourMs, 74).columnMs, 5 * minuteMs);
  assert.equal(axisFrom(noonMs, 7 * dayMs, 58).columnMs, 3 * hourMs);
  assert.equal(axisFrom(noonMs, 7 * dayMs, 3).columnMs, dayMs, "no columns are made up where there is no room");
});

Deno.test("fires are counted by column, and no more than so many in each", () => {
  const axis = axisFrom(noonMs, dayMs, 24);
  const often = firesWithin(new Schedule("* * * * * *"), axis);
  assert.deepEqual([...often.counts], new Array(24).fill(firesMax));
  assert.deepEqual(often.closest, { gapMs: 1000, atMs: noonMs + 1000 });
  const daily = firesWithin(new Schedule("30 2 * * *"), axis);
  assert.deepEqual([...daily.counts].flatMap((count, column) => count === 0 ? [] : [[column, count]]), [[14, 1]]);
  assert.equal(daily.closest, null);
  const never = firesWithin(new Schedule("0 0 1 1 *"), axis);
  assert.equal(never.minutesMs.length, 0);
});

Deno.test("no gap is told where fires between were passed over", () => {
  const burst = firesWithin(new Schedule("0-50/5 0 * * * *"), axisFrom(noonMs, dayMs, 24));
  assert.equal(burst.closest?.gapMs, 5000);
});

Deno.test("starts within a minute clash; the first of the largest clashes is the peak", () => {
  const axis = axisFrom(noonMs, dayMs, 24);
  const of = (id: string, cron: string) => ({ id, fires: firesWithin(new Schedule(cron), axis) });
  const { peak, most } = clashesOf([of("a", "0 14,18 * * *"), of("b", "20 0 18 * * *"), of("c", "0 14 * * *")], axis);
  assert.deepEqual(peak, { atMs: noonMs + 2 * hourMs, ids: ["a", "c"] });
  assert.deepEqual([most[2], most[6], most[7]], [2, 2, 0]);
  assert.equal(clashesOf([of("a", "0 14 * * *"), of("b", "1 14 * * *")], axis).peak, null);
});

Deno.test("a strip shows starts, several of them, and how long one usually runs", () => {
  const axis = axisFrom(noonMs, dayMs, 24);
  const strip = (cron: string, usualMs: number | null) =>
    textOf(stripOf(firesWithin(new Schedule(cron), axis), axis, usualMs, unicodeGlyphs));
  assert.equal(strip("0 14 * * *", null), "··▶·····················");
  assert.equal(strip("0 14 * * *", 3 * hourMs), "··▶──···················");
  assert.equal(strip("0 11 * * *", 3 * hourMs), "·······················▶");
  assert.equal(strip("0,20,40 14 * * *", 2 * hourMs), "··◆──···················");
  assert.equal(strip("* 14 * * *", null), "··█·····················");
});

Deno.test("an overlap is one only where the usual duration is known and longer than the time to the next start", () => {
  const fires = firesWithin(new Schedule("0 * * * *"), axisFrom(noonMs, dayMs, 24));
  assert.deepEqual([null, hourMs, hourMs + 1].map((usualMs) => overlapsItself(fires, usualMs)), [false, false, true]);
});

Deno.test("names are cut between them, and those that are left are counted", () => {
  assert.equal(namesWithin(["one", "two", "three"], 80), "one, two, three");
  assert.equal(namesWithin(["one", "two", "three", "four"], 20), "one, two and 2 more");
  assert.equal(namesWithin(["a-very-long-name", "b"], 5), "a-very-long-name and 1 more");
});

Deno.test("a column is told in words", () => {
  const axis = axisFrom(noonMs, dayMs, 24);
  const of = (id: string, cron: string) => ({ id, fires: firesWithin(new Schedule(cron), axis) });
  const clashes = clashesOf([of("a", "5,35 13 * * *"), of("b", "20 13 * * *")], axis);
  assert.equal(columnWords(clashes, axis, 1, noonMs, 80), "13:00 to 14:00: 2 start: a 13:05, b 13:20");
  assert.equal(columnWords(clashes, axis, 2, noonMs, 80), "14:00 to 15:00: nothing starts.");
});

Deno.test("a thousand workflows are worked out in slices, and once for the same schedule", async () => {
  const clock = new FakeClock(noonMs);
  let news = 0;
  const plan = new FirePlan(clock, new Schedules(), () => news++);
  const workflows = Array.from({ length: 1000 }, (_, index) => summary(`w${index}`, { cron: `${index % 60} * * * *` }));
  plan.want(workflows, axisFrom(noonMs, dayMs, 72));
  await clock.pass(1000, 4);
  assert.equal(plan.clashesAmong(workflows)?.byMinute.get(noonMs)?.length, 17);
  assert.equal(plan.of(summary("x", { cron: "0 * * * *" }))?.counts[0], 1);
  plan.close();
});

Deno.test("an expression that cannot be read is said to be so, and the rest is drawn", async () => {
  const workflows = [summary("odd", { cron: "every tuesday" }), summary("even", { cron: "0 14 * * *" })];
  await using scripted = await Scripted.open({ route: { screen: "schedule" }, workflows });
  assert.match(scripted.frame, /odd +its schedule cannot be read here/);
  assert.match(scripted.frame, /No two start in the same minute/);
});

Deno.test("Enter opens the workflow of a real principal, `r` runs it", async () => {
  const nightly =
    "name: Nightly\ncron: 0 2 * * *\ntasks:\n  only: {name: Only, config: {type: subprocess, cmd: echo}}\n";
  await using stage = await Stage.open({ nightly }, { route: { screen: "schedule" } });
  await stage.until(/❯ nightly +·*▶/);
  stage.type("r");
  await stage.until("Run nightly");
  stage.type(keys.esc);
  await stage.until(/^(?![^]*Run nightly)/);
  stage.type(keys.enter);
  await stage.until("▶ nightly");
});
