import assert from "node:assert/strict";
import fc from "fast-check";
import { type GraphTask, RunGraph, type TaskState } from "../../src/agent/run_graph.ts";
import { CdktrError } from "../../src/core/mod.ts";

/** `{ c: "a b" }` reads: task c depends on a and b. */
function tasksOf(graph: Record<string, string>): GraphTask[] {
  return Object.entries(graph).map(([id, depends]) => ({
    id,
    depends: depends.split(" ").filter((name) => name !== ""),
  }));
}

/** Runs a graph with every ready task begun at once, ended in the order of `ends`. Returns what each step released. */
function play(graph: RunGraph, ends: readonly string[]): string[] {
  const steps: string[] = [];
  const begin = (ids: readonly string[]) => ids.forEach((id) => graph.begin(id));
  const ready = graph.start();
  steps.push(`start: ${ready.join(" ")}`);
  begin(ready);
  for (const end of ends) {
    const id = end.slice(1);
    if (end.startsWith("+")) {
      const released = graph.succeeded(id);
      steps.push(`${end}: ${released.join(" ")}`);
      begin(released);
    } else {
      const skipped = end.startsWith("-") ? graph.failed(id) : graph.cancelled(id);
      steps.push(`${end}: ${skipped.join(" ")}`);
    }
  }
  return steps.map((step) => step.trimEnd());
}

const table: { name: string; graph: Record<string, string>; ends: string[]; steps: string[]; outcome: string }[] = [
  {
    name: "two quick parents: the child starts once, after both",
    graph: { a: "", b: "", c: "a b" },
    ends: ["+a", "+b", "+c"],
    steps: ["start: a b", "+a:", "+b: c", "+c:"],
    outcome: "done",
  },
  {
    name: "a slow parent holds the child back",
    graph: { a: "", b: "", c: "a b" },
    ends: ["+b", "+a", "+c"],
    steps: ["start: a b", "+b:", "+a: c", "+c:"],
    outcome: "done",
  },
  {
    name: "a failed parent skips the child, whatever the other one does",
    graph: { a: "", b: "", c: "a b" },
    ends: ["+a", "-b"],
    steps: ["start: a b", "+a:", "-b: c"],
    outcome: "failed",
  },
  {
    name: "a parent that succeeds after the failure does not revive the child",
    graph: { a: "", b: "", c: "a b" },
    ends: ["-b", "+a"],
    steps: ["start: a b", "-b: c", "+a:"],
    outcome: "failed",
  },
  {
    name: "a diamond is skipped once",
    graph: { s: "", l: "s", r: "s", e: "l r" },
    ends: ["-s"],
    steps: ["start: s", "-s: l r e"],
    outcome: "failed",
  },
  {
    name: "two failures skip the shared dependent once",
    graph: { a: "", b: "", c: "a b" },
    ends: ["-a", "-b"],
    steps: ["start: a b", "-a: c", "-b:"],
    outcome: "failed",
  },
  {
    name: "a dependency listed twice counts once",
    graph: { a: "", b: "a a" },
    ends: ["+a", "+b"],
    steps: ["start: a", "+a: b", "+b:"],
    outcome: "done",
  },
  {
    name: "an independent branch goes on after a failure",
    graph: { a: "", b: "", c: "b", d: "a" },
    ends: ["-b", "+a", "+d"],
    steps: ["start: a b", "-b: c", "+a: d", "+d:"],
    outcome: "failed",
  },
  {
    name: "a cancelled task skips what hangs on it",
    graph: { a: "", b: "a", c: "b" },
    ends: ["!a"],
    steps: ["start: a", "!a: b c"],
    outcome: "cancelled",
  },
  {
    name: "a failure outweighs a cancellation",
    graph: { a: "", b: "" },
    ends: ["!a", "-b"],
    steps: ["start: a b", "!a:", "-b:"],
    outcome: "failed",
  },
  { name: "no tasks at all", graph: {}, ends: [], steps: ["start:"], outcome: "done" },
];

for (const { name, graph: shape, ends, steps, outcome } of table) {
  Deno.test(`run graph: ${name}`, () => {
    const graph = new RunGraph(tasksOf(shape));
    assert.deepEqual(play(graph, ends), steps);
    assert.equal(graph.finished, true);
    assert.equal(graph.outcome, outcome);
  });
}

Deno.test("run graph: kept tasks are done from the start, and what depends on them alone is ready", () => {
  const graph = new RunGraph(tasksOf({ a: "", b: "a", c: "b", d: "a c", e: "" }), ["a", "b", "a"]);
  assert.equal(graph.counts.done, 2);
  assert.deepEqual(play(graph, ["+e", "+c", "+d"]), ["start: c e", "+e:", "+c: d", "+d:"]);
  assert.deepEqual([graph.finished, graph.outcome], [true, "done"]);
});

Deno.test("run graph: a graph whose tasks are all kept is done at once", () => {
  const graph = new RunGraph(tasksOf({ a: "", b: "a" }), ["b", "a"]);
  assert.deepEqual(graph.start(), []);
  assert.deepEqual([graph.finished, graph.outcome], [true, "done"]);
});

Deno.test("run graph: a kept task stays done, whatever becomes of the tasks above it", () => {
  const graph = new RunGraph(tasksOf({ a: "", b: "a", c: "b", d: "a" }), ["b"]);
  assert.deepEqual(play(graph, ["-a", "+c"]), ["start: a c", "-a: d", "+c:"]);
  assert.equal(graph.stateOf("b"), "done");
  const other = new RunGraph(tasksOf({ a: "", b: "a", c: "b" }), ["b"]);
  assert.deepEqual(play(other, ["+a", "+c"]), ["start: a c", "+a:", "+c:"]);
});

Deno.test("run graph: a task that still waits can be cancelled, and those above it go on", () => {
  const graph = new RunGraph(tasksOf({ a: "", b: "a", c: "b", d: "a" }));
  assert.deepEqual(graph.start(), ["a"]);
  assert.deepEqual(graph.cancelled("b"), ["c"]);
  graph.begin("a");
  assert.deepEqual(graph.succeeded("a"), ["d"]);
  graph.begin("d");
  graph.succeeded("d");
  assert.deepEqual([graph.finished, graph.outcome], [true, "cancelled"]);
});

const refused: [string, GraphTask[], RegExp][] = [
  ["a dependency on an unknown task", tasksOf({ a: "ghost" }), /"a" depends on "ghost", which does not exist/],
  ["a task that depends on itself", tasksOf({ a: "a" }), /form a cycle.*"a"/],
  ["a cycle behind a healthy task", tasksOf({ a: "", b: "a d", c: "b", d: "c" }), /3 tasks form a cycle/],
  ["an id given twice", [...tasksOf({ a: "" }), ...tasksOf({ a: "" })], /Two tasks have the id "a"/],
];

for (const [name, tasks, sentence] of refused) {
  Deno.test(`run graph: ${name} is refused`, () => {
    assert.throws(
      () => new RunGraph(tasks),
      (error) => error instanceof CdktrError && error.code === "INVALID_WORKFLOW" && sentence.test(error.message),
    );
  });
}

Deno.test("run graph: an illegal move is a defect, not a silent change", () => {
  const graph = new RunGraph(tasksOf({ a: "", b: "a" }));
  const isDefect = (error: unknown) => error instanceof CdktrError && error.code === "INTERNAL";
  assert.throws(() => graph.begin("a"), isDefect);
  graph.start();
  assert.throws(() => graph.start(), isDefect);
  assert.throws(() => graph.succeeded("a"), isDefect);
  graph.begin("a");
  assert.throws(() => graph.begin("a"), isDefect);
  graph.failed("a");
  assert.throws(() => graph.succeeded("a"), isDefect);
  assert.throws(() => graph.cancelled("b"), isDefect, "skipped already");
  assert.throws(() => graph.begin("ghost"), isDefect);
  assert.equal(graph.stateOf("b"), "skipped");
});

/** Graphs whose tasks depend on earlier ones only, in shuffled order, and what becomes of each task that runs. */
const scenario = fc.integer({ min: 0, max: 30 }).chain((count) =>
  fc.record({
    depends: fc.tuple(...Array.from({ length: count }, (_, index) =>
      fc.array(fc.integer({ min: 0, max: Math.max(index - 1, 0) }), { maxLength: index === 0 ? 0 : 4 }))),
    fates: fc.array(fc.constantFrom("done", "done", "done", "failed", "cancelled"), {
      minLength: count,
      maxLength: count,
    }),
    shuffle: fc.array(fc.nat(), { minLength: count, maxLength: count }),
    kept: fc.array(fc.nat(9), { minLength: count, maxLength: count }),
    cancels: fc.array(fc.nat(9), { minLength: count, maxLength: count }),
    choices: fc.infiniteStream(fc.nat()),
  })
);

Deno.test("run graph: every task ends once, after its dependencies, and is skipped exactly when one above went wrong", () => {
  fc.assert(
    fc.property(scenario, ({ depends, fates, shuffle, choices }) => {
      const all = depends.map((on, index) => ({ id: `t${index}`, depends: on.map((other) => `t${other}`) }));
      const order = all.map((task, index) => ({ task, key: shuffle[index] ?? 0 })).sort((a, b) => a.key - b.key);
      const graph = new RunGraph(order.map(({ task }) => task));
      const byId = new Map(all.map((task) => [task.id, task]));
      const fateOf = (id: string) => fates[Number(id.slice(1))] ?? "done";
      const ended = new Map<string, TaskState>();
      const end = (id: string, state: TaskState) => {
        assert.equal(ended.has(id), false, `${id} ended twice`);
        ended.set(id, state);
      };
      const pool = graph.start();
      while (pool.length > 0) {
        const [id = ""] = pool.splice((choices.next().value ?? 0) % pool.length, 1);
        for (const dependency of byId.get(id)?.depends ?? []) assert.equal(ended.get(dependency), "done");
        const fate = fateOf(id);
        if (fate === "cancelled") {
          end(id, "cancelled");
          for (const skipped of graph.cancelled(id)) end(skipped, "skipped");
          continue;
        }
        graph.begin(id);
        end(id, fate === "done" ? "done" : "failed");
        if (fate === "done") pool.push(...graph.succeeded(id));
        else for (const skipped of graph.failed(id)) end(skipped, "skipped");
      }
      assert.equal(graph.finished, true);
      assert.equal(ended.size, all.length);
      for (const { id, depends: on } of all) {
        assert.equal(graph.stateOf(id), ended.get(id));
        const wrongAbove = on.some((dependency) => ended.get(dependency) !== "done");
        assert.equal(ended.get(id) === "skipped", wrongAbove, id);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("run graph: with kept tasks and tasks cancelled at any moment, each of the others still ends once and for a cause", () => {
  fc.assert(
    fc.property(scenario, ({ depends, fates, kept: keptRolls, cancels, choices }) => {
      const tasks = depends.map((on, index) => ({ id: `t${index}`, depends: on.map((other) => `t${other}`) }));
      // As the principal does it: what is kept had completed, and so had all above it.
      const kept = new Set<string>();
      for (const [index, { id, depends: on }] of tasks.entries()) {
        if ((keptRolls[index] ?? 0) > 3 && on.every((other) => kept.has(other))) kept.add(id);
      }
      const graph = new RunGraph(tasks, kept);
      const ended = new Map<string, string>([...kept].map((id) => [id, "done"]));
      const end = (id: string, state: string) => {
        assert.equal(ended.has(id), false, `${id} ended twice`);
        ended.set(id, state);
      };
      const pool = graph.start();
      const running: string[] = [];
      const cancel = (id: string) => {
        for (const list of [pool, running]) if (list.includes(id)) list.splice(list.indexOf(id), 1);
        end(id, "cancelled");
        for (const skipped of graph.cancelled(id)) end(skipped, "skipped");
      };
      const pick = (list: string[]) => list.splice((choices.next().value ?? 0) % list.length, 1)[0] ?? "";
      while (!graph.finished) {
        const [wish] = tasks.filter(({ id }, index) => cancels[index] === 0 && !ended.has(id));
        if (wish !== undefined && (choices.next().value ?? 0) % 3 === 0) cancel(wish.id);
        else if (pool.length > 0 && (choices.next().value ?? 0) % 2 === 0) {
          const id = pick(pool);
          graph.begin(id);
          running.push(id);
        } else if (running.length > 0) {
          const id = pick(running);
          const isDone = fates[Number(id.slice(1))] === "done";
          end(id, isDone ? "done" : "failed");
          if (isDone) pool.push(...graph.succeeded(id));
          else for (const skipped of graph.failed(id)) end(skipped, "skipped");
        } else assert.ok(pool.length > 0 || wish !== undefined, "nothing can happen, and the graph is not finished");
      }
      assert.equal(ended.size, tasks.length);
      for (const { id, depends: on } of tasks) {
        assert.equal(graph.stateOf(id), ended.get(id));
        const wrongAbove = on.some((other) => ended.get(other) !== "done");
        if (ended.get(id) === "skipped") assert.ok(wrongAbove, `${id} was skipped for no cause`);
        if (wrongAbove) assert.ok(["skipped", "cancelled"].includes(ended.get(id) ?? ""), id);
      }
      const states = new Set(ended.values());
      assert.equal(graph.outcome, states.has("failed") ? "failed" : states.has("cancelled") ? "cancelled" : "done");
    }),
    { numRuns: 500 },
  );
});

Deno.test("run graph: 10,000 tasks in a chain, a fan and a ladder neither recurse nor blow up", () => {
  const size = 10_000;
  const id = (index: number) => `t${index}`;
  const shapes: Record<string, (index: number) => number[]> = {
    chain: (index) => index === 0 ? [] : [index - 1],
    fanOut: (index) => index === 0 ? [] : [0],
    fanIn: (index) => index === size - 1 ? Array.from({ length: size - 1 }, (_, other) => other) : [],
    ladder: (index) => [index - 1, index - 2, index - 3].filter((other) => other >= 0),
  };
  for (const shape of Object.values(shapes)) {
    const tasks = Array.from({ length: size }, (_, index) => ({ id: id(index), depends: shape(index).map(id) }));
    const graph = new RunGraph(tasks);
    const pool = graph.start();
    for (let task = pool.pop(); task !== undefined; task = pool.pop()) {
      graph.begin(task);
      pool.push(...graph.succeeded(task));
    }
    assert.equal(graph.counts.done, size);

    const failing = new RunGraph(tasks);
    const roots = failing.start();
    for (const root of roots) {
      failing.begin(root);
      failing.failed(root);
    }
    assert.equal(failing.finished, true);
    assert.equal(failing.counts.skipped, size - roots.length);
  }
});

Deno.test("run graph: an unknown task to keep is refused", () => {
  assert.throws(() => new RunGraph(tasksOf({ a: "" }), ["ghost"]), /"ghost" is to be kept/);
});
