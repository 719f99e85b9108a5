/** Many worlds on all cores. */

/** What a worker is asked. */
export interface SeedTask {
  readonly seed: number;
  /** The name of a planted fault; null for none. */
  readonly plant: string | null;
}

/** What became of a seed. */
export interface SeedResult {
  readonly seed: number;
  readonly digest: string;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly coverage: readonly (readonly [string, number])[];
  /** The promise that did not hold; null when all did. */
  readonly broken: { readonly invariant: string; readonly message: string } | null;
  /** The end of the story of a world that broke a promise. */
  readonly trace: readonly string[];
}

/** Options of {@linkcode simulateSeeds}. */
export interface PoolOptions {
  readonly from: number;
  readonly count: number;
  /** The name of a planted fault. @default none */
  readonly plant?: string;
  /** @default as many as there are cores */
  readonly workers?: number;
  /** Told of each result, in the order they come. Returns whether to go on. */
  readonly onResult: (result: SeedResult) => boolean;
}

/** Simulates the seeds from `from` on, several at a time. */
export async function simulateSeeds(options: PoolOptions): Promise<void> {
  const { from, count, plant = null, onResult, workers = navigator.hardwareConcurrency } = options;
  let next = from;
  let isOver = false;
  const work = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (!isOver && next < from + count) {
        const result = await ask(worker, { seed: next++, plant });
        if (!isOver && !onResult(result)) isOver = true;
      }
    } finally {
      worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, work));
}

function ask(worker: Worker, task: SeedTask): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<SeedResult>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`seed ${task.seed} could not be simulated: ${event.message}`));
    };
    worker.postMessage(task);
  });
}
