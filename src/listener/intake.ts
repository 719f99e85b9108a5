/**
 * Gives complete files to the principal, several at a time and in their order, until it has taken them.
 *
 * A file stays here while the principal is away, and while the overlap policy of the workflow lets nothing start. One that
 * the principal refuses is left where it is and tried again later: the workflow may be on its way. Before each try it is
 * looked whether the file is still there as it was.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, sleep } from "../clock/mod.ts";
import type { EventListener } from "../client/mod.ts";
import { messageOf, type OperatorLog } from "../core/mod.ts";
import type { DropFolder } from "./drop_folder.ts";
import { fileParams } from "./file_params.ts";
import { giveNewName, leaveOldPlace, type NewPlace, takeNewNameBack } from "./move_file.ts";
import type { TakenFiles } from "./taken_files.ts";
import type { Troubles } from "./troubles.ts";

/** Files that are triggered at the same time. */
const lanesMax = 8;
const firstBusyPauseMs = 1000;
const longestBusyPauseMs = 60_000;
/** Characters of a path that a run's reason has room for. */
const shownPathChars = 1000;

/** What is done with files. */
export interface IntakeOptions {
  readonly folder: DropFolder;
  /** What had its run. Closed by its owner. */
  readonly taken: TakenFiles;
  readonly workflowId: string;
  /** Parameters of the run; see {@linkcode fileParams}. */
  readonly params: Readonly<Record<string, string>>;
  /** How long a refused file waits for its next try, in milliseconds. */
  readonly rescanMs: number;
  readonly log: OperatorLog;
}

/** The listener it belongs to. */
export interface IntakeOwner {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly troubles: Troubles;
  readonly runWorkflow: EventListener["runWorkflow"];
  /** The file is not under way any more; it may have changed meanwhile. */
  onSettled(path: string): void;
}

interface Refused {
  readonly stamp: string;
  readonly sentence: string;
  /** When it is tried again; monotonic. */
  readonly againMs: number;
}

/** See the top of this file. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #owner: IntakeOwner;
  /** Path to stamp: queued, or being triggered. */
  readonly #underWay = new Map<string, string>();
  readonly #refused = new Map<string, Refused>();
  readonly #queue: string[] = [];
  /** None of these promises rejects. */
  readonly #lanes = new Set<Promise<void>>();
  /** Those that have not found the queue empty. */
  #openLanes = 0;
  #isPrincipalAway = false;

  constructor(options: IntakeOptions, owner: IntakeOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** How many files the principal has not taken yet. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Whether nothing is to be done about a file for the moment: it had its run, is under way, or was just refused. */
  knows(path: string, stamp: string): boolean {
    if (this.#options.taken.get(path)?.stamp === stamp || this.#underWay.get(path) === stamp) return true;
    const refused = this.#refused.get(path);
    return refused?.stamp === stamp && refused.againMs > this.#owner.clock.monotonicMs();
  }

  /** Takes a file that is complete. One of the same path that is under way goes first: its end is told. */
  add(path: string, stamp: string): void {
    if (this.#underWay.has(path)) return;
    this.#underWay.set(path, stamp);
    this.#queue.push(path);
    if (this.#openLanes >= lanesMax) return;
    this.#openLanes++;
    const lane = this.#serve();
    this.#lanes.add(lane);
    lane.finally(() => this.#lanes.delete(lane));
  }

  /** The files that are there: what was refused of others is forgotten. */
  keepOnly(there: ReadonlySet<string>): void {
    for (const path of this.#refused.keys()) if (!there.has(path)) this.#refused.delete(path);
  }

  /** Moves a file that had its run, if it is to be moved and is not yet. */
  async leave(path: string, stamp: string): Promise<void> {
    const { folder, taken } = this.#options;
    const destination = taken.get(path)?.destination ?? null;
    if (destination === null || !await this.#isStill(path, stamp)) return;
    await leaveOldPlace(folder.absolute(path), destination).catch((error: unknown) =>
      this.#owner.troubles.tell(
        `${folder.absolute(path)} had its run and cannot be moved to ${destination}: ${messageOf(error)}`,
      )
    );
  }

  /** Waits for what is under way; call it after the signal aborted. */
  async ended(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  /** Never rejects. */
  async #serve(): Promise<void> {
    for (let path = this.#queue.shift(); path !== undefined; path = this.#queue.shift()) {
      if (this.#owner.signal.aborted) return;
      const stamp = this.#underWay.get(path) ?? "";
      try {
        await this.#give(path, stamp);
      } catch (error) {
        this.#refuse(path, stamp, messageOf(error));
      }
      this.#underWay.delete(path);
      this.#owner.onSettled(path);
    }
    this.#openLanes--;
  }

  /** Gives one file to the principal, as long as it stays as it is. */
  async #give(path: string, stamp: string): Promise<void> {
    const { folder, workflowId, params, log } = this.#options;
    const file = folder.absolute(path);
    let place: NewPlace | null = null;
    let skippedTries = 0;
    while (!this.#owner.signal.aborted && await this.#isStill(path, stamp)) {
      if (place === null && folder.moveTo !== null) {
        place = await this.#newName(path, folder.moveTo);
        continue; // It is looked again: another file may have got there just before.
      }
      const key = keyOf(workflowId, file, stamp, skippedTries);
      const values = fileParams(params, place?.path ?? file);
      const reason = `the file ${file.slice(-shownPathChars)} is complete`;
      const result = await this.#owner.runWorkflow(workflowId, values, key, reason);
      if (!result.success && result.mayTryAgain) {
        this.#tellAway(result.error.message);
        continue;
      }
      this.#tellBack();
      if (result.success && result.skipped !== null) {
        // A key that was skipped stays so for a day: the next try has another one. Those of before a restart are passed over.
        if (!result.isDuplicate) await this.#sleepBusy(skippedTries, file, result.skipped);
        skippedTries++;
        continue;
      }
      // An original principal that may have taken it would run it twice.
      const isInDoubt = !result.success && result.error.code === "TIMED_OUT";
      if (!result.success && !isInDoubt) {
        this.#refuse(path, stamp, result.error.message);
        if (place !== null) await takeNewNameBack(place);
        return;
      }
      if (result.success) log.info(`${file}: ${result.runId === null ? "queued" : `run ${result.runId}`}`);
      else log.error(`${file} is not given to the principal again: ${result.error.message}`);
      this.#keep(path, stamp, place?.path ?? null);
      return await this.leave(path, stamp);
    }
    // The file is not there any more as it was. At the end of the listener its run may be there already.
    if (place !== null && !this.#owner.signal.aborted) await takeNewNameBack(place);
  }

  async #isStill(path: string, stamp: string): Promise<boolean> {
    const found = await this.#options.folder.look(path);
    return found !== null && !found.isFolder && found.stamp === stamp;
  }

  async #newName(path: string, moveTo: string): Promise<NewPlace> {
    const place = await giveNewName(this.#options.folder.absolute(path), join(moveTo, path));
    if (place.missing !== null) {
      this.#owner.troubles.tell(`files get to ${moveTo} only after their runs were triggered: ${place.missing}`);
    }
    return place;
  }

  async #sleepBusy(skippedTries: number, file: string, skipped: string): Promise<void> {
    if (skippedTries === 0) {
      this.#options.log.warn(`${file} waits: ${skipped}; \`overlap: queue\` would take it at once`);
    }
    const { clock, signal } = this.#owner;
    const pauseMs = Math.min(firstBusyPauseMs * 2 ** skippedTries, longestBusyPauseMs);
    await sleep(clock, pauseMs, signal).catch(() => {});
  }

  #refuse(path: string, stamp: string, sentence: string): void {
    const { folder, rescanMs, log } = this.#options;
    const before = this.#refused.get(path);
    this.#refused.set(path, { stamp, sentence, againMs: this.#owner.clock.monotonicMs() + rescanMs });
    if (before?.stamp === stamp && before.sentence === sentence) return;
    log.error(`${folder.absolute(path)} had no run yet and stays where it is, to be tried again: ${sentence}`);
  }

  #keep(path: string, stamp: string, destination: string | null): void {
    const { taken, folder, log } = this.#options;
    this.#refused.delete(path);
    try {
      taken.add({ path, stamp, destination });
    } catch (error) {
      log.error(`that ${folder.absolute(path)} had its run cannot be kept: ${messageOf(error)}`);
    }
  }

  #tellAway(sentence: string): void {
    if (this.#isPrincipalAway || this.#owner.signal.aborted) return;
    this.#isPrincipalAway = true;
    this.#options.log.warn(`files wait for the principal: ${sentence}`);
  }

  #tellBack(): void {
    if (this.#isPrincipalAway) this.#options.log.info("the principal answers again");
    this.#isPrincipalAway = false;
  }
}

/** The key of a file's run; another one after each try that the overlap policy skipped. */
function keyOf(workflowId: string, file: string, stamp: string, skippedTries: number): string {
  const hash = createHash("sha256").update(JSON.stringify([workflowId, file, stamp, skippedTries])).digest("hex");
  return `file:${hash}`;
}
