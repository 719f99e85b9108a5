import { equal } from "node:assert/strict";
import { call } from "../call.ts";

Deno.test("schema prints the JSON Schema of workflow files as one document", async () => {
  const { exitCode, stdout } = await call(["schema"]);
  equal(exitCode, 0);
  equal(JSON.parse(stdout).$schema, "https://json-schema.org/draft/2020-12/schema");
});
