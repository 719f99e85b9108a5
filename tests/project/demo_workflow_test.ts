import { equal } from "node:assert/strict";
import { demoWorkflow } from "../../src/project/mod.ts";

Deno.test("the demo in the program is workflows/demo.yml", async () => {
  equal(demoWorkflow, await Deno.readTextFile(new URL("../../workflows/demo.yml", import.meta.url)));
});
