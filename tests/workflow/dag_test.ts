import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { cycleText, dependents, descendants, findCycles, topologicalOrder } from "../../src/workflow/dag.ts";

const node = (id: string, ...depends: string[]) => ({ id, depends });
const idsOf = (nodes: readonly { id: string }[]) => nodes.map(({ id }) => id);

/** A graph without cycles, in any order: each node depends on some that come before it in a hidden order. */
const acyclic = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 40 }).chain((picks) => {
  const nodes = picks.map((from, index) =>
    node(`n${index}`, ...new Set(index === 0 ? [] : from.map((pick) => `n${pick % index}`)))
  );
  return fc.shuffledSubarray(nodes, { minLength: nodes.length, maxLength: nodes.length });
});

Deno.test("the order respects every edge and loses no task", () => {
  fc.assert(fc.property(acyclic, (nodes) => {
    const order = topologicalOrder(nodes);
    assert.deepEqual(idsOf(order).toSorted(), idsOf(nodes).toSorted());
    const position = new Map(order.map(({ id }, index) => [id, index]));
    for (const { id, depends } of nodes) {
      for (const dependency of depends) assert.ok((position.get(dependency) ?? 0) < (position.get(id) ?? 0));
    }
  }));
});

Deno.test("an order that fits already is kept", () => {
  fc.assert(fc.property(acyclic, (nodes) => {
    const order = topologicalOrder(nodes);
    assert.deepEqual(topologicalOrder(order), order);
  }));
});

Deno.test("descendants are those who reach the task through their dependencies", () => {
  fc.assert(fc.property(acyclic, (nodes) => {
    const direct = new Map(nodes.map(({ id, depends }) => [id, depends]));
    const reaches = (id: string, target: string): boolean =>
      (direct.get(id) ?? []).some((dependency) => dependency === target || reaches(dependency, target));
    const [target] = nodes;
    if (target === undefined) return;
    const expected = idsOf(nodes).filter((id) => reaches(id, target.id));
    assert.deepEqual([...descendants(nodes, target.id)].toSorted(), expected.toSorted());
  }));
});

Deno.test("a graph has a cycle exactly when it cannot be ordered, and the cycle is one", () => {
  const anyGraph = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 8, maxLength: 8 })
    .map((picks) => picks.map((to, index) => node(`n${index}`, ...to.map((pick) => `n${pick}`))));
  fc.assert(fc.property(anyGraph, (nodes) => {
    const cycles = findCycles(nodes);
    for (const cycle of cycles) {
      assert.equal(cycle[0], cycle.at(-1));
      for (const [index, id] of cycle.slice(0, -1).entries()) {
        assert.ok(nodes.find((other) => other.id === id)?.depends.includes(cycle[index + 1] ?? ""));
      }
    }
    if (cycles.length === 0) topologicalOrder(nodes);
    else assert.throws(() => topologicalOrder(nodes), (error) => error instanceof CdktrError);
  }));
});

Deno.test("independent cycles are all named", () => {
  const nodes = [node("a", "b"), node("b", "a"), node("c", "c"), node("d", "a")];
  assert.deepEqual(findCycles(nodes), [["a", "b", "a"], ["c", "c"]]);
});

Deno.test("a long cycle is shortened in its middle", () => {
  const ids = Array.from({ length: 30 }, (_, index) => `t${index}`);
  assert.equal(
    cycleText([...ids, "t0"]),
    "t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> t6 -> t7 -> t8 -> t9 -> (20 more) -> t0",
  );
  assert.equal(cycleText(["a", "b", "a"]), "a -> b -> a");
});

Deno.test("a dependency on nothing is refused by name", () => {
  assert.throws(() => topologicalOrder([node("a", "ghost")]), /"a" depends on "ghost", which does not exist/);
});

Deno.test("a chain of 10,000 against the file's order neither recurses nor takes long", () => {
  const chain = Array.from(
    { length: 10_000 },
    (_, index) => node(`t${index}`, ...(index < 9_999 ? [`t${index + 1}`] : [])),
  );
  assert.equal(topologicalOrder(chain)[0]?.id, "t9999");
  assert.equal(descendants(chain, "t9999").size, 9_999);
  const ring = chain.map((task) => task.id === "t9999" ? node("t9999", "t0") : task);
  assert.equal(findCycles(ring)[0]?.length, 10_001);
});

Deno.test("a diamond lists its end once", () => {
  const diamond = [node("s"), node("l", "s"), node("r", "s"), node("e", "l", "r", "l")];
  assert.deepEqual([...dependents(diamond)], [["s", ["l", "r"]], ["l", ["e"]], ["r", ["e"]], ["e", []]]);
  assert.deepEqual([...descendants(diamond, "s")].toSorted(), ["e", "l", "r"]);
});
