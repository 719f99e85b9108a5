import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { criticalPathOf, type TimedTask } from "../../src/paint/mod.ts";

function task(id: string, depends: string, startMs: number | null, endMs: number | null): TimedTask {
  return { id, depends: depends.split(" ").filter(Boolean), startMs, endMs };
}

Deno.test("the critical path goes back from what ended last by the dependency that ended last", () => {
  const { criticalIds, slackMs } = criticalPathOf([
    task("load", "", 0, 10),
    task("clean", "load", 10, 30),
    task("check", "load", 10, 15),
    task("publish", "clean check", 30, 40),
    task("tidy", "", 0, 5),
  ]);
  deepEqual(criticalIds, ["load", "clean", "publish"]);
  deepEqual(Object.fromEntries(slackMs), { tidy: 35, publish: 0, check: 15, clean: 0, load: 0 });
});

Deno.test("what a dependent waited for beside its dependencies is slack of theirs", () => {
  const { slackMs } = criticalPathOf([task("a", "", 0, 10), task("b", "a", 12, 20)]);
  equal(slackMs.get("a"), 2);
});

Deno.test("tasks that did not run are on no path and have no slack", () => {
  const { criticalIds, slackMs } = criticalPathOf([task("a", "", 0, 10), task("b", "a", null, null)]);
  deepEqual(criticalIds, ["a"]);
  equal(slackMs.has("b"), false);
  deepEqual(criticalPathOf([]), { criticalIds: [], slackMs: new Map() });
});

const anyTasks = fc.array(
  fc.record({
    depends: fc.array(fc.nat({ max: 12 }), { maxLength: 4 }),
    times: fc.option(fc.tuple(fc.nat({ max: 1000 }), fc.nat({ max: 1000 }))),
  }),
  { maxLength: 12 },
).map((tasks) =>
  tasks.map(({ depends, times }, at): TimedTask => ({
    id: String(at),
    depends: depends.map(String),
    startMs: times?.[0] ?? null,
    endMs: times?.[1] ?? null,
  }))
);

Deno.test("whatever the times: a path along dependencies, its end without slack, and no slack below zero", () => {
  fc.assert(fc.property(anyTasks, (tasks) => {
    const { criticalIds, slackMs } = criticalPathOf(tasks);
    const byId = new Map(tasks.map((one) => [one.id, one]));
    criticalIds.forEach((id, at) => {
      const next = criticalIds[at + 1];
      if (next !== undefined) ok(byId.get(next)?.depends.includes(id));
    });
    for (const slack of slackMs.values()) ok(slack >= 0);
    const last = criticalIds.at(-1);
    equal(last === undefined, tasks.every(({ startMs }) => startMs === null));
    if (last !== undefined) equal(slackMs.get(last), 0);
  }));
});
