/** Looks at the free space of a disk, and tells when it becomes low and when there is room again. */
import type { Clock } from "../../clock/mod.ts";
import { messageOf, type OperatorLog } from "../../core/mod.ts";
import { freeBytes } from "../../journal/mod.ts";
import { Periodic } from "./periodic.ts";

/** The wait between two looks. A look is one system call. */
export const lookEveryMs = 3_000;
/** There is room again once so many times the floor is free: what hangs on it is not to go on and off all the time. */
const roomFactor = 1.25;

/** What a {@linkcode DiskWatch} watches. */
export interface DiskWatchOptions {
  /** A directory or file on the disk. */
  readonly path: string;
  /** Free space below which the disk counts as low, in bytes; 0 for never. */
  readonly floorBytes: number;
  readonly clock: Clock;
  readonly report: OperatorLog;
  /** Called when the disk becomes low, with the bytes that are free. It must not throw. */
  readonly onLow: (bytes: number) => void;
  /** Called when there is room again. It must not throw. */
  readonly onRoom: (bytes: number) => void;
  /** Tells the free bytes of a path. @default that of the system */
  readonly measure?: (path: string) => Promise<number>;
}

/** Looks every few seconds, from start to stop. Until the first look the disk counts as having room. */
export class DiskWatch {
  /** As in the options. Holds from the next look on. */
  floorBytes: number;
  readonly #options: Required<DiskWatchOptions>;
  readonly #periodic: Periodic;
  #isLow = false;
  #isBlind = false;

  constructor(options: DiskWatchOptions) {
    this.#options = { measure: freeBytes, ...options };
    this.floorBytes = options.floorBytes;
    const work = () => this.#look();
    this.#periodic = new Periodic({
      ...{ clock: options.clock, firstAfterMs: lookEveryMs, againAfterMs: lookEveryMs, work },
    });
  }

  /** Whether the disk is low. */
  get isLow(): boolean {
    return this.#isLow;
  }

  /** Looks for the first time, and goes on looking. Resolves after the first look. Never rejects. */
  async start(): Promise<void> {
    await this.#look();
    this.#periodic.start();
  }

  /** Resolves once nothing is called any more. */
  async stop(): Promise<void> {
    await this.#periodic.stop();
  }

  async #look(): Promise<void> {
    const { path, measure, report } = this.#options;
    try {
      const bytes = await measure(path);
      if (this.#isBlind) report.info(`the free space of ${path} is watched again`);
      this.#isBlind = false;
      this.#judge(bytes);
    } catch (error) {
      if (!this.#isBlind) report.warn(`the free space of ${path} cannot be watched: ${messageOf(error)}`);
      this.#isBlind = true;
    }
  }

  #judge(bytes: number): void {
    const { onLow, onRoom } = this.#options;
    const isLow = bytes < (this.#isLow ? this.floorBytes * roomFactor : this.floorBytes);
    if (isLow === this.#isLow || this.#periodic.signal.aborted) return;
    this.#isLow = isLow;
    if (isLow) onLow(bytes);
    else onRoom(bytes);
  }
}
