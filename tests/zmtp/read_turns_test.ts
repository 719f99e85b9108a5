import assert from "node:assert/strict";
import { ReadTurns } from "../../src/zmtp/read_turns.ts";
import { FakeClock } from "../fake_clock.ts";

const full = 64 * 1024;

Deno.test("small reads and single large ones are never held up", () => {
  const clock = new FakeClock();
  const turns = ReadTurns.of(clock);
  for (let round = 0; round < 1_000; round++) {
    assert.equal(turns.count(120), undefined);
    clock.advance(0.01);
  }
  for (let round = 0; round < 10; round++) {
    clock.advance(5);
    assert.equal(turns.count(full), undefined);
  }
});

Deno.test("after a burst everybody with a backlog rests, then goes on", async () => {
  const clock = new FakeClock();
  const turns = ReadTurns.of(clock);
  const readUntilRest = () => {
    for (let reads = 1;; reads++) {
      const rest = turns.count(full);
      if (rest) return { reads, rest };
      clock.advance(0.1);
    }
  };
  const first = readUntilRest();
  assert.ok(first.reads > 10);
  assert.equal(turns.count(full), first.rest);
  assert.equal(turns.count(120), undefined);
  clock.advance(1);
  await first.rest;
  const second = readUntilRest();
  assert.ok(second.reads > 10);
});

Deno.test("the sockets of one clock share their turns, others do not", () => {
  const clock = new FakeClock();
  assert.equal(ReadTurns.of(clock), ReadTurns.of(clock));
  assert.notEqual(ReadTurns.of(clock), ReadTurns.of(new FakeClock()));
});
