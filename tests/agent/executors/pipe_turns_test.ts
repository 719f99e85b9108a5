import assert from "node:assert/strict";
import { PipeTurns } from "../../../src/agent/executors/pipe_turns.ts";
import { FakeClock } from "../../fake_clock.ts";

/** Reads and deals with it for so long; what there is to wait for then. */
function read(turns: PipeTurns, clock: FakeClock, dealMs: number): Promise<void> | undefined {
  turns.begin();
  clock.advance(dealMs);
  return turns.end();
}

Deno.test("pipe turns: output that comes now and then is never held up", () => {
  const clock = new FakeClock();
  const turns = PipeTurns.of(clock);
  for (let round = 0; round < 1_000; round++) {
    assert.equal(read(turns, clock, 1.5), undefined);
    clock.advance(1);
  }
});

Deno.test("pipe turns: after a burst all stand back for a moment, then go on", async () => {
  const clock = new FakeClock();
  const turns = PipeTurns.of(clock);
  const burst = () => {
    for (let reads = 1;; reads++) {
      const rest = read(turns, clock, 0.1);
      if (rest !== undefined) return { reads, rest };
      clock.advance(0.1);
    }
  };
  const first = burst();
  assert.ok(first.reads >= 10, `${first.reads} reads`);
  assert.equal(read(turns, clock, 0.1), first.rest, "what another pipe had read meanwhile");
  clock.advance(1);
  await first.rest;
  assert.ok(burst().reads >= 10);
});

Deno.test("pipe turns: one read that takes long to deal with is a burst of its own", () => {
  const clock = new FakeClock();
  assert.notEqual(read(PipeTurns.of(clock), clock, 5), undefined);
});

Deno.test("pipe turns: those of one clock are shared, others are not", () => {
  const clock = new FakeClock();
  assert.equal(PipeTurns.of(clock), PipeTurns.of(clock));
  assert.notEqual(PipeTurns.of(clock), PipeTurns.of(new FakeClock()));
});
