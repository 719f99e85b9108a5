/** The promises of the product, kept in 1,000 worlds. */
import assert from "node:assert/strict";
import { simulateSeeds } from "./pool.ts";
import { simulate } from "./simulate.ts";
import { Coverage } from "./trace.ts";

const seeds = 1000;
/** Without these the worlds would prove little. */
const mustHappen = [
  ...["before", "torn", "after"].map((point) => `crashes in a commit: ${point}`),
  ...["crashes of agents", "agents killed in a write of log lines", "agents given up", "tasks left behind"],
  "attempts ended by the next agent on the machine",
  ...["messages lost", "messages doubled", "messages lost in partitions", "connections lost"],
  ...["faults: the principal stalls", "faults: the principal's clock is put", "faults: the history is replaced"],
  ...["faults: the disk is full", "faults: the history cannot be written", "log gaps told"],
  ...["runs brought back: crash", "runs brought back: retry", "events: run_paused", "events: trigger_skipped"],
  ...["triggers answered as repeated", "due times near a change of the clocks", "worlds with two schedulers"],
];

Deno.test(`every promise is kept in the worlds of ${seeds} seeds`, async () => {
  const coverage = new Coverage();
  const broken: string[] = [];
  await simulateSeeds({
    from: 1,
    count: seeds,
    onResult: (result) => {
      coverage.add(result.coverage);
      if (result.broken === null) return true;
      broken.push(
        [...result.trace, `seed ${result.seed} broke a promise: ${result.broken.message}`].join("\n") +
          `\nReplay it with: deno task simulate --from ${result.seed} --seeds 1 --trace`,
      );
      return false;
    },
  });
  assert.deepEqual(broken, [], broken.join("\n\n"));
  assert.deepEqual(mustHappen.filter((what) => !coverage.counts.has(what)), [], "this was not exercised");
  console.log(`${seeds} seeds exercised\n${coverage.table()}`);
});

Deno.test("a world is the same every time it is simulated", async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const first = await simulate(seed);
    const second = await simulate(seed);
    assert.equal(second.digest, first.digest, `seed ${seed}`);
    assert.deepEqual(second.coverage, first.coverage);
  }
});

Deno.test("a world is the same in another thread", async () => {
  const { digest } = await simulate(6);
  const elsewhere: string[] = [];
  await simulateSeeds({ from: 6, count: 1, onResult: (result) => elsewhere.push(result.digest) > 0 });
  assert.deepEqual(elsewhere, [digest]);
});
