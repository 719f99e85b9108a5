/** Simulates the worlds of seeds in a thread of its own; see pool.ts. */
import { plants } from "./plants.ts";
import type { SeedResult, SeedTask } from "./pool.ts";
import { simulate } from "./simulate.ts";

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<SeedTask>) => {
  const plant = data.plant === null ? {} : plants[data.plant]?.plant ?? {};
  const { seed, violation, digest, coverage, trace, steps, simulatedMs } = await simulate(data.seed, { plant });
  const result: SeedResult = {
    ...{ seed, digest, steps, simulatedMs },
    coverage: [...coverage],
    broken: violation === null ? null : { invariant: violation.invariant, message: violation.message },
    trace: violation === null ? [] : trace,
  };
  self.postMessage(result);
};
