import assert from "node:assert/strict";
import { checkForbidden } from "../../../tools/ok/forbidden.ts";
import { parseModule } from "../../../tools/ok/module.ts";

function rules(text: string, path = "src/core/a.ts"): string[] {
  return checkForbidden(parseModule({ path, text })).map(({ line, rule }) => `${line} ${rule}`);
}

const breaches: readonly [code: string, rule: string][] = [
  ["const at = Date.now();", "time"],
  ["const read = Date.now;", "time"],
  [`const at = Date["now"]();`, "time"],
  ["const at = globalThis.Date.now();", "time"],
  ["const at = new Date();", "time"],
  ["const at = new Date;", "time"],
  ["const at = Date();", "time"],
  ["const at = performance.now();", "time"],
  ["setTimeout(f, 1);", "time"],
  ["globalThis.setTimeout(f, 1);", "time"],
  ["const wait = { setTimeout };", "time"],
  ["const arm = setInterval;", "time"],
  ["f({ signal: AbortSignal.timeout(5) });", "time"],
  [`import { setTimeout as wait } from "node:timers/promises";`, "time"],
  ["const x = Math.random();", "randomness"],
  ["const id = crypto.randomUUID();", "randomness"],
  ["crypto.getRandomValues(bytes);", "randomness"],
  [`import { createHash, randomBytes } from "node:crypto";`, "randomness"],
  [`import * as crypto from "node:crypto";`, "randomness"],
  [`console.log("x");`, "console"],
  ["const log = console;", "console"],
  ["Deno.exit(1);", "exit"],
  ["const x = y as any;", "any"],
  ["const x = <any>y;", "any"],
  [`eval("1");`, "eval"],
  [`new Function("return 1");`, "eval"],
  ["// @ts-ignore: later", "silenced"],
  ["/* @ts-nocheck */", "silenced"],
];

for (const [code, rule] of breaches) {
  Deno.test(`found: ${code}`, () => assert.deepEqual(rules(`const first = 1;\n${code}`), [`2 ${rule}`]));
}

const allowed = [
  "const at = new Date(ms);",
  "let handle: ReturnType<typeof setTimeout>;",
  "socket.setTimeout(5);",
  "const options = { setTimeout: 5, console: true };",
  "class A { setTimeout() {} now = this.setTimeout; }",
  "const { setTimeout: limit } = settings;",
  `const text = "Date.now() as any"; // Date.now()`,
  "const text = `// @ts-ignore ${text}`;",
  "clearTimeout(handle);",
  `import { createHash } from "node:crypto";`,
  "// @ts-expect-error: the point of this test\nf(1);",
  "const x = y as const;",
  "clock.nowMs(); random.fraction(); now(); Date.parse(text);",
];

for (const code of allowed) Deno.test(`fine: ${code}`, () => assert.deepEqual(rules(code), []));

Deno.test("each room may use what it is there for", () => {
  assert.deepEqual(rules("Date.now(); Math.random();", "src/clock/clock.ts"), []);
  assert.deepEqual(rules(`console.log("x"); Deno.exit(1);`, "src/cli/run.ts"), []);
  assert.deepEqual(rules("Deno.exit(1);", "main.ts"), []);
  assert.deepEqual(rules("console.log(Date.now());", "bench/zmtp.ts"), []);
  assert.deepEqual(rules("setTimeout(f, Math.random());", "tests/core/a_test.ts"), []);
  assert.deepEqual(rules(`eval("1") as any;`, "tests/core/a_test.ts"), ["1 any", "1 eval"]);
});
