import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { filterText, readFilter } from "../../src/tui/run_filter.ts";

Deno.test("states, workflow, trigger and time are read, and the rest are words", () => {
  const { problem, words, ...filter } = readFilter(
    'State:fai,open  workflow:"my daily" trigger:cron since:2h slow disk',
  );
  deepEqual([problem, words], [null, "slow disk"]);
  deepEqual(filter, {
    ...{ states: ["FAILED", "PENDING", "ASSIGNED", "RUNNING"], workflowId: "my daily", triggers: ["cron"] },
    withinMs: 7_200_000,
  });
});

Deno.test("whatever the id of a workflow, its filter finds its runs and no others", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: fc.constantFrom(" ", '"', "\\", "a", ":", "\n"), minLength: 1 }),
    ),
    (workflowId) => {
      const { workflowId: read, words } = readFilter(filterText({ workflowId, states: ["FAILED"] }));
      deepEqual([read, words], [workflowId, ""]);
    },
  ));
  equal(filterText({ workflowId: "etl" }), "workflow:etl");
});

Deno.test("a word that every object has is no name of states", () => {
  equal(readFilter("state:constructor").states, undefined);
});
