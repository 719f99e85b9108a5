import { equal } from "node:assert/strict";
import { isoInstant, timestamp } from "../../src/clock/mod.ts";

Deno.test("an instant of no calendar is told as the nearest one, in the same form", () => {
  equal(isoInstant(Date.UTC(2026, 2, 5, 2)), "2026-03-05T02:00:00.000Z");
  for (const atMs of [1e300, 8.65e15, Infinity]) equal(isoInstant(atMs), "9999-12-31T23:59:59.999Z");
  for (const atMs of [-1e300, -Infinity]) equal(isoInstant(atMs), "0000-01-01T00:00:00.000Z");
  equal(timestamp(1e300), "9999-12-31T23:59:59Z");
});
