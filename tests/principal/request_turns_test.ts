import { deepEqual, equal } from "node:assert/strict";
import type { Clock } from "../../src/clock/mod.ts";
import { RequestTurns, requestWeight } from "../../src/principal/request_turns.ts";

const { decision, query } = requestWeight;

/** An event loop in which no time passes: timers fire when it comes round. */
class Loop implements Clock {
  #timers: (() => void)[] = [];

  get timerCount(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return 0;
  }

  monotonicMs(): number {
    return 0;
  }

  setTimer(_delayMs: number, fire: () => void): () => void {
    this.#timers.push(fire);
    return () => {};
  }

  /** Comes round once. */
  turn(): void {
    for (const fire of this.#timers.splice(0)) fire();
  }
}

/** Turns, and the names of what was begun in them. */
function makeTurns() {
  const loop = new Loop();
  const turns = new RequestTurns(loop);
  const begun: string[] = [];
  const ask = (client: object, name: string, count: number, weight: number) => {
    for (let index = 0; index < count; index++) turns.take(client, weight, () => begun.push(`${name}${index}`));
  };
  /** What is begun in the next turn: the event loop comes round, and once more after a rest. */
  const turn = () => {
    const before = begun.length;
    loop.turn();
    loop.turn();
    return begun.slice(before);
  };
  return { loop, begun, ask, turn };
}

const named = (name: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${name}${from + index}`);

Deno.test("a few requests are begun at once, in their order, turn after turn", () => {
  const { loop, begun, ask, turn } = makeTurns();
  for (let round = 0; round < 10; round++) {
    begun.length = 0;
    ask({}, "a", 20, decision);
    ask({}, "b", 2, query);
    deepEqual(begun, [...named("a", 0, 20), ...named("b", 0, 2)]);
    deepEqual(turn(), []);
    equal(loop.timerCount, 0, "nothing goes on without requests");
  }
});

Deno.test("triggers are begun by the hundred, long lists a few at a time", () => {
  const { begun, ask, turn } = makeTurns();
  ask({}, "trigger", 600, decision);
  equal(begun.length, 256);
  equal(turn().length, 256);
  equal(turn().length, 88);
  turn();
  begun.length = 0;
  ask({}, "list", 10, query);
  deepEqual(begun, named("list", 0, 4));
  deepEqual(turn(), named("list", 4, 8));
  deepEqual(turn(), named("list", 8, 10));
});

Deno.test("who asks once does not wait for all that another has asked for", () => {
  const { begun, ask, turn } = makeTurns();
  const greedy = {};
  ask(greedy, "greedy", 1_000, query);
  ask({}, "modest", 1, decision);
  ask({}, "other", 1, query);
  deepEqual(begun, named("greedy", 0, 4));
  deepEqual(turn(), ["greedy4", "modest0", "other0", "greedy5", "greedy6"]);
  for (let count = begun.length; count < 1_002; count = begun.length) turn();
  deepEqual(begun.filter((name) => name.startsWith("greedy")), named("greedy", 0, 1_000), "and in order");
});
