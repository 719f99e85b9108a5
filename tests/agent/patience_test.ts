import assert from "node:assert/strict";
import { systemRandom } from "../../src/clock/mod.ts";
import { Patience } from "../../src/agent/patience.ts";
import { FakeClock } from "../fake_clock.ts";

function arrange(fraction = 1, attempts = 3, timeoutMs = 1000) {
  const clock = new FakeClock();
  const patience = new Patience({ clock, random: { ...systemRandom, fraction: () => fraction }, attempts, timeoutMs });
  return { clock, patience };
}

Deno.test("the pauses double from 50 ms up to the timeout", () => {
  const { patience } = arrange();
  assert.deepEqual(Array.from({ length: 7 }, () => patience.failed()), [50, 100, 200, 400, 800, 1000, 1000]);
});

Deno.test("a pause is drawn from its upper half, so that agents do not come back all at once", () => {
  const { patience } = arrange(0);
  assert.deepEqual([patience.failed(), patience.failed()], [25, 50]);
});

Deno.test("the patience ends after the time that all tries and the pauses between them may take, however fast they fail", () => {
  const { clock, patience } = arrange();
  for (let count = 0; count < 1000; count++) assert.notEqual(patience.failed(), null);
  clock.advance(4999);
  assert.notEqual(patience.failed(), null);
  clock.advance(1);
  assert.equal(patience.failed(), null, "three tries and two pauses of a second");
  assert.equal(patience.failed(), null);
});

Deno.test("an answer makes it whole again", () => {
  const { clock, patience } = arrange();
  patience.failed();
  clock.advance(60_000);
  patience.succeeded();
  assert.equal(patience.failed(), 50);
});

Deno.test("a wall clock that jumps neither ends nor prolongs it", () => {
  const { clock, patience } = arrange();
  patience.failed();
  clock.setWallBy(3_600_000);
  assert.notEqual(patience.failed(), null);
  clock.setWallBy(-7_200_000);
  clock.advance(5000);
  assert.equal(patience.failed(), null);
});
