/**
 * Simulates many worlds: `deno task simulate --seeds 10000 --from 1`. A world that breaks a promise is told with its seed and
 * the end of its story; `--trace` tells all of it. `--plant NAME` plants a fault that a test knows, to see it found.
 */
import { parseArgs } from "node:util";
import { type SeedResult, simulateSeeds } from "../tests/simulation/pool.ts";
import { plants } from "../tests/simulation/plants.ts";
import { simulate } from "../tests/simulation/simulate.ts";
import { Coverage } from "../tests/simulation/trace.ts";

/** Lines of a story that are told without being asked for. */
const toldLines = 60;
/** How often it is told how far it has come. */
const tellEveryMs = 5000;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    workers: { type: "string" },
    plant: { type: "string" },
    trace: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
  },
});
const [seeds, from] = [wholeNumber("seeds", values.seeds), wholeNumber("from", values.from)];
if (values.plant !== undefined && !Object.hasOwn(plants, values.plant)) {
  console.error(`there is no planted fault "${values.plant}"; there are:\n${Object.keys(plants).join("\n")}`);
  Deno.exit(2);
}

if (values.trace) {
  for (let seed = from; seed < from + seeds; seed++) {
    const plant = values.plant === undefined ? undefined : plants[values.plant]?.plant;
    const { trace, violation } = await simulate(seed, { keepsTrace: true, ...(plant === undefined ? {} : { plant }) });
    console.log(trace.join("\n"));
    console.log(violation === null ? `seed ${seed} kept every promise` : `seed ${seed}: ${violation.message}`);
  }
  Deno.exit(0);
}

const coverage = new Coverage();
const startMs = performance.now();
let [done, failed, steps, simulatedMs, toldMs] = [0, 0, 0, 0, startMs];
await simulateSeeds({
  from,
  count: seeds,
  onResult: (result) => {
    done++;
    steps += result.steps;
    simulatedMs += result.simulatedMs;
    coverage.add(result.coverage);
    if (result.broken !== null) tell(result);
    if (performance.now() - toldMs > tellEveryMs) {
      toldMs = performance.now();
      console.log(`${done} of ${seeds} seeds, ${failed} broke a promise, ${perSecond()} a second`);
    }
    return result.broken === null || values["keep-going"];
  },
  ...(values.plant === undefined ? {} : { plant: values.plant }),
  ...(values.workers === undefined ? {} : { workers: wholeNumber("workers", values.workers) }),
});
console.log(`\n${coverage.table()}\n`);
console.log(
  `${done} seeds from ${from} on: ${
    (simulatedMs / 3_600_000).toFixed(1)
  } hours in ${steps} steps, ${perSecond()} seeds a second`,
);
console.log(failed === 0 ? "every promise was kept" : `${failed} seeds broke a promise`);
Deno.exit(failed === 0 ? 0 : 1);

function tell({ seed, broken, trace }: SeedResult): void {
  failed++;
  console.log(trace.slice(-toldLines).join("\n"));
  console.log(`\nseed ${seed} broke a promise: ${broken?.message}`);
  const plant = values.plant === undefined ? "" : ` --plant ${JSON.stringify(values.plant)}`;
  console.log(`Replay it with: deno task simulate --from ${seed} --seeds 1 --trace${plant}\n`);
}

function perSecond(): string {
  return (done / ((performance.now() - startMs) / 1000)).toFixed(1);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} takes a whole number above 0, not "${text}"`);
  Deno.exit(2);
}
