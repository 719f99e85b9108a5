import assert from "node:assert/strict";
import { checkLayers, layering, roomOf } from "../../../tools/ok/layers.ts";
import { parseModule } from "../../../tools/ok/module.ts";

function findings(path: string, specifier: string): string[] {
  const text = `// first\nimport { a } from "${specifier}";\n`;
  return checkLayers(parseModule({ path, text })).map(({ line, rule, sentence }) => `${line} ${rule}: ${sentence}`);
}

Deno.test("a room is a folder of src", () => {
  assert.equal(roomOf("src/agent/executors/run.ts"), "agent");
  assert.equal(roomOf("src/loose.ts"), null);
  assert.equal(roomOf("tests/agent/run_test.ts"), null);
});

Deno.test("an import upwards or sideways is found", () => {
  assert.deepEqual(findings("src/core/a.ts", "../journal/mod.ts"), [
    "2 layers: core must not import journal; it may import no other room",
  ]);
  assert.match(
    findings("src/principal/a.ts", "../agent/mod.ts")[0] ?? "",
    /^2 layers: principal must not import agent/,
  );
  assert.match(findings("src/scheduler/a.ts", "../principal/mod.ts")[0] ?? "", /scheduler must not import principal/);
  assert.match(findings("src/wire/a.ts", "../zmtp/mod.ts")[0] ?? "", /wire must not import zmtp/);
  assert.match(
    findings("main.ts", "./src/core/mod.ts")[0] ?? "",
    /main.ts must not import core; it may import only cli/,
  );
});

Deno.test("a type-only import has a direction as well", () => {
  const text = `import type { A } from "../cli/mod.ts";`;
  assert.equal(checkLayers(parseModule({ path: "src/core/a.ts", text })).length, 1);
});

Deno.test("another room's inside is found, one's own is not", () => {
  assert.deepEqual(findings("src/journal/a.ts", "../core/error.ts"), [
    "2 rooms: import src/core/mod.ts instead of src/core/error.ts, which is inside another room",
  ]);
  assert.deepEqual(findings("bench/a.ts", "../src/zmtp/parser.ts").length, 1);
  assert.deepEqual(findings("src/agent/executors/a.ts", "../spool.ts"), []);
  assert.deepEqual(findings("tests/zmtp/parser_test.ts", "../../src/zmtp/parser.ts"), []);
});

Deno.test("imports downwards through mod.ts are fine", () => {
  assert.deepEqual(findings("src/journal/a.ts", "../core/mod.ts"), []);
  assert.deepEqual(findings("src/cli/commands/a.ts", "../../principal/mod.ts"), []);
  assert.deepEqual(findings("main.ts", "./src/cli/mod.ts"), []);
  assert.deepEqual(findings("src/core/a.ts", "zod"), []);
});

Deno.test("another room's further doors are open, in the direction of the layering", () => {
  assert.deepEqual(findings("src/journal/a.ts", "../core/schema.ts"), []);
  assert.deepEqual(findings("src/cli/commands/a.ts", "../../history/started_worker.ts"), []);
  assert.match(findings("src/zmtp/a.ts", "../core/schema.ts")[0] ?? "", /zmtp must not import core/);
});

Deno.test("the product imports no tests, tools or benchmarks", () => {
  assert.deepEqual(findings("src/core/a.ts", "../../tests/core/fake.ts"), [
    "2 layers: the product must not import tests/core/fake.ts",
  ]);
});

Deno.test("a room without a place and a file without a room are found", () => {
  assert.match(findings("src/cloud/a.ts", "zod")[0] ?? "", /the room "cloud" has no place in the layering/);
  assert.match(findings("src/a.ts", "zod")[0] ?? "", /belongs into a room/);
});

Deno.test("the layering has no way back: each room imports only rooms that stand before it", () => {
  const rooms = Object.keys(layering);
  for (const [room, allowed] of Object.entries(layering)) {
    for (const other of allowed) assert.ok(rooms.indexOf(other) < rooms.indexOf(room), `${room} may import ${other}`);
  }
});
