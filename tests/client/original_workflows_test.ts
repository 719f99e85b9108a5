import { deepEqual, equal } from "node:assert/strict";
import { OriginalWorkflows } from "../../src/client/mod.ts";

const nowMs = Date.UTC(2026, 2, 1, 12); // A Sunday.

function payload(crons: Readonly<Record<string, string | null>>): string {
  return JSON.stringify(Object.fromEntries(
    Object.entries(crons).map(([key, cron]) => [key, {
      ...{ id: key, name: key.toUpperCase(), description: null, path: `workflows/${key}.yml`, cron },
      start_time: "2025-01-20T12:30:00+00:00",
      dag: {
        name: key,
        task_id_node_ix_map: { only: 0 },
        task_map: { only: { name: "Only", config: { Subprocess: { cmd: "ls", args: [] } } } },
        inner: { nodes: ["only"], edge_property: "directed", edges: [] },
        first_tasks: ["only"],
      },
    }]),
  ));
}

const schedules: readonly (readonly [why: string, cron: string | null, next: string | null])[] = [
  ["a time of each day", "0 30 6 * * *", "2026-03-02T06:30:00.000Z"],
  ["a shorthand", "@hourly", "2026-03-01T13:00:00.000Z"],
  ["days of the week by name", "0 0 6 ? * Mon-Fri", "2026-03-02T06:00:00.000Z"],
  ["days of the week by number, which are others there", "0 0 6 * * 1-5", null],
  ["days of month and week, of which only one must match here", "0 0 6 1,15 * Mon", null],
  ["five fields, which are an error there", "0 6 * * *", null],
  ["a shorthand that is an error there", "@midnight", null],
  ["what nobody can read", "0 0 0 0 0 0 0 0", null],
  ["no schedule", null, null],
];
for (const [why, cron, next] of schedules) {
  Deno.test(`an original's workflow, ${why}: the next time is ${next ?? "not told"}`, () => {
    const [summary] = new OriginalWorkflows(payload({ w: cron })).summaries(nowMs);
    const nextMs = summary?.nextFireMs ?? null;
    equal(nextMs === null ? null : new Date(nextMs).toISOString(), next);
  });
}

Deno.test("an original's workflows come by key, and what cannot be used is told beside them", () => {
  const listed = new OriginalWorkflows(`{"bad":{},${payload({ b: null, a: "0 0 6 * * *" }).slice(1)}`);
  deepEqual(listed.summaries(nowMs).map(({ id, name, taskCount }) => [id, name, taskCount]), [["a", "A", 1], [
    "b",
    "B",
    1,
  ]]);
  deepEqual([...listed.documents.keys()].sort(), ["a", "b"]);
  equal(listed.problems.length, 1);
});
