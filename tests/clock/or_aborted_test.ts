import assert from "node:assert/strict";
import { orAborted } from "../../src/clock/mod.ts";
import { turn } from "../fake_clock.ts";

Deno.test("what is waited for comes, with a signal and without", async () => {
  const { signal } = new AbortController();
  assert.equal(await orAborted(Promise.resolve(1), signal), 1);
  assert.equal(await orAborted(Promise.resolve(2), undefined), 2);
  await assert.rejects(orAborted(Promise.reject(new Error("it failed")), signal), /it failed/);
});

Deno.test("a wait that is given up ends with the reason, and what was waited for may fail unheard", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const stop = new AbortController();
  const waiting = orAborted(promise, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(orAborted(promise, stop.signal), /enough/, "given up before it began");
  reject(new Error("too late"));
  await turn();
});
