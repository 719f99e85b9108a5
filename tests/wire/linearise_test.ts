import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { type GraphNode, lineariseFanIn, topologicalOrder } from "../../src/wire/linearise.ts";
import { anyTasks } from "./graph.ts";

/** Rows are tasks; `c<a,b` is the task c that depends on a and b. */
function graph(...rows: string[]): GraphNode[] {
  return rows.map((row) => {
    const [id = "", depends = ""] = row.split("<");
    return { id, depends: depends === "" ? [] : depends.split(",") };
  });
}

const table: readonly (readonly [why: string, before: readonly string[], after: readonly string[]])[] = [
  ["a single task stays", ["a"], ["a"]],
  ["independent tasks stay", ["a", "b"], ["a", "b"]],
  ["a chain stays", ["c<b", "b<a", "a"], ["c<b", "b<a", "a"]],
  ["a tree stays", ["a", "b<a", "c<a", "d<b"], ["a", "b<a", "c<a", "d<b"]],
  ["a fan-in becomes a chain", ["a", "b", "c<a,b"], ["a", "b<a", "c<b"]],
  ["a diamond becomes a chain", ["s", "l<s", "r<s", "e<l,r"], ["s", "l<s", "r<l", "e<r"]],
  ["order of definition does not matter to it", ["e<l,r", "r<s", "l<s", "s"], ["e<l", "r<s", "l<r", "s"]],
  ["only the component with the fan-in changes", ["a", "x", "y<x", "z<x", "b", "c<a,b"], [
    "a",
    "x",
    "y<x",
    "z<x",
    "b<a",
    "c<b",
  ]],
  ["what hangs on a fan-in goes along", ["a", "b", "c<a,b", "d<a", "e<c"], ["a", "b<a", "c<d", "d<b", "e<c"]],
];

for (const [why, before, after] of table) {
  Deno.test(`linearising: ${why}`, () => {
    assert.deepEqual(lineariseFanIn(graph(...before)), graph(...after));
  });
}

/** Every task a task depends on, directly or not. */
function ancestors(tasks: readonly GraphNode[]): Map<string, Set<string>> {
  const depends = new Map(tasks.map((task) => [task.id, task.depends]));
  const found = new Map<string, Set<string>>();
  for (const id of topologicalOrder(tasks)) {
    const direct = depends.get(id) ?? [];
    found.set(id, new Set([...direct, ...direct.flatMap((parent) => [...found.get(parent) ?? []])]));
  }
  return found;
}

Deno.test("a linearised graph has in-degree one at most and keeps every order the original graph asks for", () => {
  fc.assert(fc.property(anyTasks, (tasks) => {
    const linear = lineariseFanIn(tasks);
    assert.deepEqual(linear.map((task) => task.id), tasks.map((task) => task.id));
    assert.equal(linear.every((task) => task.depends.length <= 1), true);
    const after = ancestors(linear);
    for (const [id, before] of ancestors(tasks)) {
      for (const ancestor of before) assert.equal(after.get(id)?.has(ancestor), true, `${ancestor} before ${id}`);
    }
  }));
});

Deno.test("a graph without fan-in is left as it is", () => {
  fc.assert(fc.property(anyTasks, (tasks) => {
    const forest = tasks.map((task) => ({ ...task, depends: task.depends.slice(0, 1) }));
    assert.deepEqual(lineariseFanIn(forest), forest);
  }));
});

const broken: readonly (readonly [rows: readonly string[], problem: RegExp])[] = [
  [["a<ghost"], /'a' depends on 'ghost', which is not defined/],
  [["a<a"], /'a' lead in a circle/],
  [["s", "a<s,c", "b<a", "c<b"], /'a' lead in a circle/],
];

for (const [rows, problem] of broken) {
  Deno.test(`the graph ${rows.join(" ")} has no order`, () => {
    for (const ordering of [topologicalOrder, lineariseFanIn]) {
      assert.throws(
        () => ordering(graph(...rows)),
        (error) => error instanceof CdktrError && error.code === "INVALID_WORKFLOW" && problem.test(error.message),
      );
    }
  });
}

Deno.test("a chain of 20,000 tasks listed backwards is ordered without deep recursion", () => {
  const tasks = Array.from({ length: 20_000 }, (_, index) => ({
    id: `t${index}`,
    depends: index === 19_999 ? [] : [`t${index + 1}`],
  }));
  const order = topologicalOrder(tasks);
  assert.equal(order[0], "t19999");
  assert.equal(order.length, 20_000);
  assert.deepEqual(lineariseFanIn(tasks), tasks);
});
