import assert from "node:assert/strict";
import { floods } from "../chaos/floods/all.ts";
import { chaosScenarios } from "../chaos/scenarios/all.ts";

const page = await Deno.readTextFile(new URL("../../docs/reliability.md", import.meta.url));

Deno.test("docs/reliability.md names every scenario beside a promise and in the table of what was done", () => {
  const names = [...chaosScenarios, ...floods].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !page.includes(`_${name}_`)), []);
  assert.deepEqual(names.filter((name) => !page.includes(`| **${name}**: `)), []);
});

Deno.test("docs/reliability.md names no scenario that does not exist", () => {
  const names = new Set([...chaosScenarios, ...floods].map(({ name }) => name));
  const named = [...page.matchAll(/_([^_|\n]+)_/g)].map(([, name = ""]) => name).filter((name) => !names.has(name));
  assert.deepEqual(named, []);
});
