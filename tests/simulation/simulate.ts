/** One simulated world from its seed to its end. */
import { setImmediate } from "node:timers";
import { SimDisk } from "./disk.ts";
import type { Plant } from "./plant.ts";
import { Scene } from "./scene.ts";
import { SeededRandom } from "./seeded_random.ts";
import { Timeline } from "./timeline.ts";
import { Coverage, Trace } from "./trace.ts";
import { Violation, type World } from "./world.ts";

/** Options of {@linkcode simulate}. */
export interface SimulationOptions {
  /** @default none */
  readonly plant?: Plant;
  /** Keep the whole story and not only its end. @default false */
  readonly keepsTrace?: boolean;
}

/** What became of a world. */
export interface Outcome {
  readonly seed: number;
  /** The promise that was broken; null when all held. */
  readonly violation: Violation | null;
  /** Stands for the whole story. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly coverage: ReadonlyMap<string, number>;
  readonly steps: number;
  readonly simulatedMs: number;
}

/** Longest time from the calm to the end of all runs. */
const calmMaxMs = 20 * 60_000;
/** A world that takes more steps goes round in circles. */
const stepsMax = 300_000;

/** Just before the clocks are put in Berlin, before what is due in the hour that comes twice, and ordinary times. */
const epochs = ["2026-03-29T00:58:30Z", "2026-10-25T00:28:30Z", "2026-11-21T10:33:22Z", "2024-02-28T23:58:00Z"];

/** Runs the world of a seed. */
export async function simulate(
  seed: number,
  { plant = {}, keepsTrace = false }: SimulationOptions = {},
): Promise<Outcome> {
  const random = new SeededRandom(String(seed));
  const timeline = new Timeline();
  const trace = new Trace(() => timeline.nowMs, keepsTrace);
  const coverage = new Coverage();
  let violation: Violation | null = null;
  const world: World = {
    ...{ timeline, random, trace, coverage },
    epochMs: Date.parse(random.pick(epochs)),
    violated: (invariant, what) => {
      trace.add("VIOLATED", `${invariant}: ${what}`);
      violation ??= new Violation(invariant, what);
    },
  };
  const directory = Deno.makeTempDirSync({ dir: memoryDirectory(), prefix: "cdktr-simulation-" });
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    world.violated("nothing fails unexpectedly", `unhandled: ${event.reason?.stack ?? event.reason}`);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  const mend = plant.install?.();
  const disk = new SimDisk(world, directory);
  let steps = 0;
  try {
    const scene = new Scene(world, disk, plant);
    const step = async () => {
      if (!timeline.step()) return;
      await turn();
      scene.invariants.check();
      if (++steps > stepsMax) world.violated("the world comes to rest", `${stepsMax} steps and no end`);
    };
    const stormMs = random.between(30_000, 150_000);
    while (violation === null && timeline.nowMs < stormMs) await step();
    scene.calm();
    const calmMs = timeline.nowMs;
    trace.add("nemesis", "is done: calm from here on");
    while (violation === null && !(scene.invariants.isSettled && timeline.nowMs > calmMs + 30_000)) {
      if (timeline.nowMs - calmMs > calmMaxMs) scene.invariants.checkStuck();
      await step();
    }
    if (violation === null) await scene.invariants.checkEnd(disk);
    scene.end();
    await turn();
  } finally {
    mend?.();
    await disk.close();
    globalThis.removeEventListener("unhandledrejection", onRejection);
    Deno.removeSync(directory, { recursive: true });
  }
  return {
    ...{ seed, violation, digest: trace.digest, trace: trace.tail(keepsTrace ? Infinity : undefined) },
    ...{ coverage: coverage.counts, steps, simulatedMs: timeline.nowMs },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function memoryDirectory(): string {
  try {
    if (Deno.statSync("/dev/shm").isDirectory) return "/dev/shm";
  } catch {
    // Not Linux.
  }
  return Deno.env.get("TMPDIR") ?? "/tmp";
}
