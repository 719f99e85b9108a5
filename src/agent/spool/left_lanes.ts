/**
 * Lanes of sessions that are gone.
 *
 * ```
 * (on the disk) --recover--> being read, a segment a step --> sent from --all is acknowledged--> removed
 *                                                                      \-> given up, when the principal wants nothing of it
 * ```
 */
import type { Clock } from "../../clock/mod.ts";
import { counted, messageOf, type OperatorLog } from "../../core/mod.ts";
import type { SpoolFiles } from "./files.ts";
import { Lane } from "./lane.ts";
import type { PlacedRecord } from "./segment.ts";
import type { Streams } from "./streams.ts";

/**
 * What nobody has taken for so long is deleted, in milliseconds: 30 days. After that a principal does not know any more
 * what it had of it, and would store it twice.
 */
const leftoverMaxAgeMs = 30 * 86_400_000;

/** What {@linkcode LeftLanes} need. */
export interface LeftLanesOptions {
  /** The directory of all sessions. */
  readonly directory: string;
  /** The session of this process, which is none of them. */
  readonly session: string;
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** See the top of this file. */
export class LeftLanes {
  readonly #options: LeftLanesOptions;
  readonly #streams: Streams;
  readonly #lanes: Lane[] = [];
  #recovering: Lane | null = null;
  /** Directories of those that were given up. */
  readonly #givenUp = new Set<string>();
  /** What was told of directories that cannot be used; they are looked at again and again. */
  readonly #toldOnce = new Set<string>();

  constructor(options: LeftLanesOptions, streams: Streams) {
    this.#options = options;
    this.#streams = streams;
  }

  /** Those that were taken over, but for the one that is being read. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /**
   * Takes over what nobody has, one segment a step. Directories in which nothing is left are removed. May be called again
   * once it is done.
   *
   * @returns How many lines were found.
   */
  *recover(): Generator<void, number> {
    const { directory, session, files, clock, log } = this.#options;
    let lines = 0;
    for (const name of this.#try(() => files.names(directory)) ?? []) {
      const path = `${directory}/${name}`;
      if (name === session || this.#isKnown(path)) continue;
      const lane = this.#try(() => Lane.tryOpen(path, files, this.#streams));
      if (lane === null || lane === undefined) continue;
      this.#recovering = lane;
      try {
        for (const found of lane.recover(clock.nowMs() - leftoverMaxAgeMs)) {
          lines += found;
          yield;
        }
      } catch (error) {
        this.#tellOnce(`log lines in ${path} cannot be read: ${messageOf(error)}`);
      }
      this.#recovering = null;
      if (lane.expired > 0) {
        const files = counted(lane.expired, "file");
        log.warn(`deleted ${files} of log lines in ${path} that no principal has taken for 30 days`);
      }
      if (lane.isEmpty) lane.close();
      else this.#lanes.push(lane);
    }
    return lines;
  }

  /** The next record that was not read. */
  next(): PlacedRecord | undefined {
    for (const lane of this.#lanes) {
      const placed = lane.next();
      if (placed !== undefined) return placed;
    }
    return undefined;
  }

  /** Drops what is acknowledged, and gives up the lanes that hold nothing but what the principal does not want. */
  release(): void {
    for (const lane of this.#lanes) lane.release();
    for (const lane of this.#lanes.filter(({ isParked }) => isParked)) {
      if (!lane.isEmpty) this.#givenUp.add(lane.directory);
      for (const stream of lane.streams) this.#streams.forget(stream);
      lane.close();
      this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    }
  }

  /** Leaves all of them to the next session. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
    this.#recovering?.close();
  }

  #isKnown(path: string): boolean {
    return this.#givenUp.has(path) || this.#lanes.some(({ directory }) => directory === path);
  }

  #try<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#tellOnce(`what earlier agents left in ${this.#options.directory} is out of reach: ${messageOf(error)}`);
      return undefined;
    }
  }

  #tellOnce(sentence: string): void {
    if (this.#toldOnce.has(sentence)) return;
    this.#toldOnce.add(sentence);
    this.#options.log.error(sentence);
  }
}
