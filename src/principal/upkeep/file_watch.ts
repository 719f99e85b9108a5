/** Looks whether a file that is open still stands at its path, and tells when it was removed or replaced. */
import type { Clock } from "../../clock/mod.ts";
import { messageOf, type OperatorLog } from "../../core/mod.ts";
import { identityOf } from "../../journal/mod.ts";
import { Periodic } from "./periodic.ts";

/** The wait between two looks. A look is one system call. */
export const lookEveryMs = 3_000;

/** What became of a file. */
export type FileChange = "removed" | "replaced";

/** What a {@linkcode FileWatch} watches. */
export interface FileWatchOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly report: OperatorLog;
  /**
   * How often its owner opened what stands at the path: after each time that is the right file. Null while it may be about
   * to, and a look would tell nothing.
   */
  readonly openings: () => number | null;
  /** Called once when the right file is not there any more. It must not throw. */
  readonly onLost: (change: FileChange) => void;
  /** Called when it is there again. It must not throw. */
  readonly onBack: () => void;
}

/** Looks every few seconds, from start to stop. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #periodic: Periodic;
  /** The right file; null until it was seen. */
  #identity: string | null = null;
  #openings: number | null = null;
  #isLost = false;
  #isBlind = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    const work = () => this.#look();
    this.#periodic = new Periodic({
      ...{ clock: options.clock, firstAfterMs: lookEveryMs, againAfterMs: lookEveryMs, work },
    });
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
    const { path, report, openings } = this.#options;
    const openingsBefore = openings();
    if (openingsBefore === null) return;
    try {
      const identity = await identityAt(path);
      if (this.#isBlind) report.info(`the file ${path} is watched again`);
      this.#isBlind = false;
      // What was opened while it was looked may be another file already.
      if (!this.#periodic.signal.aborted && openings() === openingsBefore) this.#judge(identity, openingsBefore);
    } catch (error) {
      if (!this.#isBlind) report.warn(`the file ${path} cannot be watched: ${messageOf(error)}`);
      this.#isBlind = true;
    }
  }

  #judge(identity: string | null, openings: number): void {
    const { onLost, onBack } = this.#options;
    if (openings !== this.#openings) {
      this.#openings = openings;
      this.#identity = identity;
      this.#isLost = false;
    }
    const isLost = identity === null || identity !== this.#identity;
    if (isLost === this.#isLost) return;
    this.#isLost = isLost;
    if (isLost) onLost(identity === null ? "removed" : "replaced");
    else onBack();
  }
}

async function identityAt(path: string): Promise<string | null> {
  try {
    return identityOf(await Deno.stat(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
