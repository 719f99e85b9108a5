/** Shows that the simulation bites: each planted fault is found within 1,000 seeds. */
import assert from "node:assert/strict";
import { plants } from "./plants.ts";
import { type SeedResult, simulateSeeds } from "./pool.ts";

const seedsMax = 1000;

for (const [name, { breaks }] of Object.entries(plants)) {
  Deno.test(`it is found that ${name}`, async () => {
    const found: SeedResult[] = [];
    const onResult = (result: SeedResult) => {
      if (result.broken !== null) found.push(result);
      return result.broken === null;
    };
    await simulateSeeds({ from: 1, count: seedsMax, plant: name, onResult });
    const [first] = found;
    console.log(`${name}: seed ${first?.seed}, ${first?.broken?.message}`);
    assert.ok(first?.broken, `none of ${seedsMax} seeds found it`);
    assert.ok(breaks.includes(first.broken.invariant), `it was taken for something else: ${first.broken.message}`);
  });
}
