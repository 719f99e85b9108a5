import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { finishedRun, runOf, taskRunOf, zeroMs } from "./run_fixture.ts";
import { runStates, taskStates } from "../../src/core/mod.ts";
import {
  asciiGlyphs,
  type Glyphs,
  textOf,
  type TimelineInput,
  timelineLines,
  unicodeGlyphs,
} from "../../src/paint/mod.ts";
import { lineWidth } from "../../src/paint/line.ts";

function drawn(input: TimelineInput, width: number, glyphs: Glyphs = unicodeGlyphs): string {
  const { lines } = timelineLines(input, { glyphs, width });
  return `\n${lines.map((line) => textOf(line).trimEnd()).join("\n")}\n`;
}

Deno.test("the timeline of a run that has ended: what ran and waited, the critical path, and slack", () => {
  equal(
    drawn(finishedRun(), 80),
    `
                           0 s     10 s    20 s
                         ──┬───────┬───────┬───────
○ in the queue           ░░                          2.0 s
✓ Load                 ◆   ████████                 10.0 s
✓ Clean                ◆           ░██████████      12.0 s  try 2
✓ Check the whole of …             ███╌╌╌╌╌╌╌╌       4.0 s  slack 10.0 s
✓ Publish              ◆                      █████  6.0 s
✗ Tidy                     ██╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  3.0 s  FAILED, slack 27.0 s

█ ran  ░ waited  ╌ slack  ◆ critical path
`,
  );
});

Deno.test("the same in 60 columns of ASCII", () => {
  equal(
    drawn(finishedRun(), 60, asciiGlyphs),
    `
                     0 s  15 s
                    -+----+-----
o in the queue      .             2.0 s
+ Load            *  ####        10.0 s
+ Clean           *      #####   12.0 s  try 2
+ Check the whol~        #----    4.0 s  slack 10.0 s
+ Publish         *           ##  6.0 s
x Tidy               #----------  3.0 s  FAILED, slack 27.0~

# ran  . waited  - slack  * critical path
`,
  );
});

const retried: TimelineInput = {
  ...finishedRun(),
  run: runOf("RUNNING"),
  kept: ["load"],
  nowMs: zeroMs + 20_000,
  taskRuns: [
    taskRunOf("load", "COMPLETED", -4, -1), // By the attempt before.
    taskRunOf("clean", "RUNNING", 4, null),
    taskRunOf("check", "SKIPPED", null, null),
  ],
  earlier: [
    { attempt: 1, state: "CRASHED", assignedAtMs: zeroMs - 3_600_000, endedAtMs: zeroMs - 1_800_000 },
    { attempt: 2, state: "RETURNED", assignedAtMs: zeroMs - 5000, endedAtMs: zeroMs },
  ],
};

Deno.test("a run under way after others: what is long past is cut off at the left, what runs goes on to now", () => {
  equal(
    drawn(retried, 90),
    `
                                   0 s       5 s      10 s     15 s
                           ────────┬─────────┬────────┬────────┬─────
✱ attempt 1                ◀                                          30 min 0 s  CRASHED
○ attempt 2                ◀████                                           5.0 s  RETURNED
○ in the queue                  ░░░                                        2.0 s
✓ Load                     kept from an earlier attempt
● Clean                  ◆         ░░░░█████████████████████████████▶     16.0 s  RUNNING
» Check the whole of wh…   skipped
○ Publish                  waits for others
○ Tidy                             ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░             waiting

█ ran  ░ waited  ╌ slack  ◆ critical path
`,
  );
});

Deno.test("a run that waits has its time in the queue and no bars", () => {
  equal(
    drawn({ ...retried, run: runOf("PENDING"), taskRuns: [], kept: [], earlier: [] }, 70),
    `
                      0 s       5 s        10 s      15 s
                      ┬─────────┬──────────┬─────────┬─────────
○ in the queue        ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 20.0 s
○ Load                waits for others
○ Clean               waits for others
○ Check the whole …   waits for others
○ Publish             waits for others
○ Tidy                waits for others

█ ran  ░ waited  ╌ slack  ◆ critical path
`,
  );
});

Deno.test("an agent whose clock is hours behind changes nothing", () => {
  const { taskRuns, ...rest } = finishedRun();
  const late = taskRuns.map((task) => ({
    ...task,
    startedAtMs: (task.startedAtMs ?? 0) - 7_200_000,
    finishedAtMs: (task.finishedAtMs ?? 0) - 7_200_000,
  }));
  equal(drawn({ ...rest, taskRuns: late }, 80), drawn(finishedRun(), 80));
});

Deno.test("the rows of tasks are told, and the one under the cursor is inverse", () => {
  const { lines, rows } = timelineLines(finishedRun(), { glyphs: unicodeGlyphs, width: 80, selectedId: "clean" });
  const row = rows.get("clean") ?? -1;
  ok(textOf(lines[row] ?? []).includes("Clean"));
  deepEqual(lines.flatMap((line, at) => line.some(({ isSelected }) => isSelected) ? [at] : []), [row]);
});

Deno.test("names cannot act on the terminal", () => {
  const input = { ...finishedRun(), tasks: [{ id: "load", name: "a\x1b[2J\nb", depends: [] }] };
  ok(drawn(input, 80).includes("a\\u{1b}[2J\\nb"));
});

const atMs = fc.option(fc.integer({ min: zeroMs - 10_000_000, max: zeroMs + 10_000_000 }));
const anyInput: fc.Arbitrary<TimelineInput> = fc.record({
  state: fc.constantFrom(...runStates),
  runTimes: fc.tuple(atMs, atMs, atMs),
  tasks: fc.array(fc.record({ depends: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }), name: fc.string() }), {
    maxLength: 9,
  }),
  reports: fc.array(fc.tuple(fc.nat({ max: 9 }), fc.constantFrom(...taskStates), atMs, atMs), { maxLength: 9 }),
  kept: fc.array(fc.nat({ max: 9 })),
  waitingSinceMs: atMs,
  earlier: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }),
  nowMs: fc.integer({ min: zeroMs - 10_000_000, max: zeroMs + 10_000_000 }),
}).map(({ state, runTimes: [assignedAtMs, startedAtMs, finishedAtMs], tasks, reports, kept, earlier, ...rest }) => ({
  ...rest,
  run: { ...runOf(state), assignedAtMs, startedAtMs, finishedAtMs },
  tasks: tasks.map(({ depends, name }, at) => ({ id: String(at), name, depends: depends.map(String) })),
  taskRuns: reports.map(([id, taskState, startMs, endMs]) => ({
    ...taskRunOf(String(id), taskState, null, null),
    startedAtMs: startMs,
    finishedAtMs: endMs,
  })),
  kept: kept.map(String),
  earlier: earlier.map(([from, to], at) => ({
    attempt: at + 1,
    state: at % 2 === 0 ? "CRASHED" : "RETURNED",
    assignedAtMs: from,
    endedAtMs: to,
  })),
}));

Deno.test("whatever clocks say: lines of the width that was asked for, each task once, nothing negative", () => {
  fc.assert(fc.property(anyInput, fc.integer({ min: 60, max: 300 }), (input, width) => {
    const { lines, rows, model } = timelineLines(input, { glyphs: unicodeGlyphs, width });
    ok(lines.every((line) => lineWidth(line) === width));
    equal(rows.size, input.tasks.length);
    for (const { readyMs, startMs, endMs, slackMs } of model.tasks) {
      ok(slackMs >= 0);
      if (startMs === null || endMs === null) continue;
      ok(model.beginMs <= startMs && startMs <= endMs && endMs <= model.endMs);
      ok(readyMs === null || readyMs <= startMs);
    }
    equal(/-\d+(\.\d+)? (ms|s|min)/.test(lines.slice(2).map(textOf).join("\n")), false);
  }));
});
