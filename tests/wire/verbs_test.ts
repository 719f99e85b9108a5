import assert from "node:assert/strict";
import { isVerb, maxPageRuns, maxParams, maxWaitMs, paramName, verbs } from "../../src/wire/verbs.ts";

const refused = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  !schema.safeParse(value).success;

Deno.test("a verb is known by its exact name", () => {
  assert.ok(isVerb("RUN"));
  for (const text of ["run", "RUN ", "", "toString", "__proto__", "PING"]) assert.equal(isVerb(text), false, text);
});

Deno.test("a parameter's name can be that of an environment variable", () => {
  for (const name of ["a", "_", "DATE", "a1_B", "x".repeat(64)]) assert.ok(!refused(paramName, name), name);
  for (const name of ["", "1a", "a-b", "a b", "ä", "a=b", "x".repeat(65)]) assert.ok(refused(paramName, name), name);
});

Deno.test("every limit of a request holds at its edge", () => {
  const run = { workflowId: "w", trigger: "manual", params: {}, idempotencyKey: null, dueMs: null, reason: "" };
  const paramsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, ""]));
  const edges: [keyof typeof verbs, unknown, unknown][] = [
    ["RUN", { ...run, params: paramsOf(maxParams) }, { ...run, params: paramsOf(maxParams + 1) }],
    ["RUN", { ...run, params: { a: "x".repeat(32_768) } }, { ...run, params: { a: "x".repeat(32_769) } }],
    ["RUN", { ...run, workflowId: "x".repeat(1024) }, { ...run, workflowId: "x".repeat(1025) }],
    ["RUNS", { limit: maxPageRuns }, { limit: maxPageRuns + 1 }],
    ["RUNS", { limit: 1, states: ["PENDING"] }, { limit: 1, states: [] }],
    ["WAITRUN", { run: "r", waitMs: maxWaitMs }, { run: "r", waitMs: maxWaitMs + 1 }],
    ["WAITRUN", { run: "r", waitMs: 0 }, { run: "r", waitMs: -1 }],
    ["WAITRUN", { run: "r", waitMs: 1 }, { run: "r", waitMs: 1.5 }],
    ["CHANGES", { afterSeq: 0, waitMs: 0 }, { afterSeq: -1, waitMs: 0 }],
  ];
  for (const [verb, inside, outside] of edges) {
    const { request } = verbs[verb];
    assert.ok(!refused(request, inside), `${verb} ${JSON.stringify(inside).slice(0, 80)}`);
    assert.ok(refused(request, outside), `${verb} ${JSON.stringify(outside).slice(0, 80)}`);
  }
});

Deno.test("fields that a newer peer adds are ignored", () => {
  const { request, reply } = verbs.HELLO;
  assert.deepEqual(request.parse({ role: "a", version: "b", mood: "good" }), { role: "a", version: "b" });
  const known = { product: "cdktr", version: "9", protocol: 1, verbs: ["NEW"], agentTimeoutMs: 1 };
  assert.deepEqual(reply.parse({ ...known, more: 1 }), known);
});

Deno.test("parameters and outputs are limited in number and in all their characters together", () => {
  const request = { workflowId: "w", trigger: "manual", idempotencyKey: null, dueMs: null, reason: "r" };
  const tooMany = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, ""]));
  const tooLong = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, "x".repeat(32_000)]));
  const parse = (params: Record<string, string>) => verbs.RUN.request.safeParse({ ...request, params });
  assert.ok(parse({ p: "x".repeat(32_000) }).success);
  assert.match(String(parse(tooMany).error), /at most 100 values/);
  assert.match(String(parse(tooLong).error), /at most 262144 characters together/);
});
