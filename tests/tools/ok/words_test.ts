import assert from "node:assert/strict";
import { checkWords } from "../../../tools/ok/words.ts";

const lines = (text: string, path = "docs/a.md") => checkWords({ path, text }).map(({ line }) => line);
// Put together here, so that this file does not say them itself.
const path = (...parts: string[]) => ["", ...parts, ""].join("/");
const host = (...parts: string[]) => parts.join(".");

Deno.test("paths of one machine are found, in the line they stand in", () => {
  assert.deepEqual(lines(`first\nsee ${path("work", "main")}`), [2]);
  assert.deepEqual(lines(`"${path("root", ".npmrc")}"`), [1]);
  assert.deepEqual(lines(path("tmp", "bash_jobs")), [1]);
});

Deno.test("hosts of registries are found", () => {
  assert.deepEqual(lines(`"resolved": "https://${host("registry", "npmjs", "org")}/zod"`), [1]);
  assert.deepEqual(lines(host("pypi", "org")), [1]);
});

Deno.test("folders outside the repository are found, but in the one file that may name them", () => {
  const outside = ["..", "shared", "x"].join("/");
  assert.deepEqual(lines(outside), [1]);
  assert.deepEqual(lines(outside, ".ci/run"), []);
});

Deno.test("ordinary text is fine", () => {
  assert.deepEqual(lines("network/ frame/work/ src/work/a.ts /srv/work shared, myshared/ npm:zod@4 /workflows/"), []);
});
