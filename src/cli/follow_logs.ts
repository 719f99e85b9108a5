/**
 * Stored lines first, then live ones, each once and none left out.
 *
 * The two come by different ways and overlap: the store has everything up to the moment it is asked, the live lines begin
 * at a moment that only the principal knows. So the store is asked again for what came since once lines can come, and once
 * more when the first one has come, which proves the subscription; between the two ways each line is counted, and the
 * second copy is passed over. The same is done after a lost connection and when lines were dropped on their way here.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import { CdktrError, type ErrorCode, isFinal, messageOf, type Run } from "../core/mod.ts";
import { maxWaitMs, type WireLogLine } from "../wire/mod.ts";
import type { StoredLine, StoredLogs } from "./stored_logs.ts";

/** After the end of a run, its last lines may still be on their way from the agent: silence of this length is its end here. */
const lateLinesMs = 300;
/** How long after a lost answer the state of a run is asked for again. */
const retryMs = 1000;
/** Lines that came by one way and not yet by the other, at most; above it the store is asked, and the oldest are forgotten. */
const unmatchedLinesMax = 50_000;
/** Names of runs by which live lines are told apart, at most. */
const rememberedNames = 1000;

/** Failures that may pass while the live lines go on. */
const passing: readonly ErrorCode[] = ["UNREACHABLE", "TIMED_OUT", "SHUTTING_DOWN", "STORAGE", "LIMIT_EXCEEDED"];

/** What to follow. */
export interface FollowOptions {
  readonly client: PrincipalClient;
  readonly clock: Clock;
  /** The stored lines; null for a principal that cannot be asked for them, an original one. */
  readonly stored: StoredLogs | null;
  /** How many stored lines come first. */
  readonly history: number;
  /** The only workflow to follow; null for all. */
  readonly workflowId: string | null;
  /** The only run to follow, to its end; null for all. */
  readonly run: Run | null;
  /** Whether a live line is wanted, as far as workflow and run do not tell. */
  readonly wants: (line: WireLogLine) => Promise<boolean>;
  /** Tells the person who follows something about the following itself. */
  readonly note: (sentence: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Follows. Ends when the run that is followed has ended and its lines are out.
 *
 * @throws The signal's reason when it aborts. {@linkcode CdktrError} when the principal cannot be asked in the beginning.
 */
export async function* followLogs(options: FollowOptions): AsyncGenerator<readonly WireLogLine[], void> {
  yield* new Follower(options).lines();
}

class Follower {
  readonly #options: FollowOptions;
  readonly #unmatched = new Unmatched();
  readonly #runOfName = new Map<string, string | null>();
  /** Aborts when nothing more is to come. */
  readonly #over = new AbortController();
  #cancelQuietTimer: () => void = () => {};
  #hasRunEnded = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  async *lines(): AsyncGenerator<readonly WireLogLine[], void> {
    const { client, workflowId, run, signal } = this.#options;
    const ended = AbortSignal.any([signal, this.#over.signal]);
    try {
      yield* this.#history();
      if (run !== null) this.#watchRun(run, ended);
      yield* this.#live(client.followLogs(run?.workflowId ?? workflowId, ended));
      signal.throwIfAborted();
      if (this.#over.signal.reason instanceof Error) throw this.#over.signal.reason;
      yield* this.#catchUp();
    } finally {
      this.#cancelQuietTimer();
      this.#over.abort(null);
    }
  }

  async *#history(): AsyncGenerator<readonly StoredLine[], void> {
    const { stored, history } = this.#options;
    if (stored === null) return;
    yield* stored.newest(history);
  }

  async *#live(coming: ReturnType<PrincipalClient["followLogs"]>): AsyncGenerator<readonly WireLogLine[], void> {
    let isSubscribed = false;
    for await (const news of coming) {
      switch (news.type) {
        case "connected":
          isSubscribed = false;
          yield* this.#catchUp();
          break;
        case "disconnected":
          this.#options.note(`no live lines: the principal's log port cannot be reached; trying on`);
          break;
        case "dropped":
          yield* this.#catchUp();
          break;
        case "lines":
          if (!isSubscribed) yield* this.#catchUp();
          isSubscribed = true;
          yield await this.#unseen(news.lines);
          if (this.#unmatched.size > unmatchedLinesMax) {
            yield* this.#catchUp();
            this.#unmatched.trim(unmatchedLinesMax / 2);
          }
          if (this.#hasRunEnded) this.#awaitQuiet();
      }
    }
  }

  /** What the store has got since it was last asked, but for what has come live. */
  async *#catchUp(): AsyncGenerator<readonly StoredLine[], void> {
    const { stored, note, signal } = this.#options;
    if (stored === null) return;
    try {
      for await (const lines of stored.rest()) {
        yield lines.filter((line) => this.#unmatched.takeStored(line));
      }
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      note(`stored lines cannot be read, some may be left out here: ${messageOf(error)}`);
    }
  }

  async #unseen(lines: readonly WireLogLine[]): Promise<WireLogLine[]> {
    const unseen: WireLogLine[] = [];
    for (const line of lines) {
      const runId = await this.#runIdOf(line);
      if (runId === null || !await this.#options.wants(line)) continue;
      if (this.#options.stored === null || this.#unmatched.takeLive(line)) unseen.push({ ...line, runId });
    }
    return unseen;
  }

  /** The run a live line belongs to; null when it is not the one that is followed. */
  async #runIdOf(line: WireLogLine): Promise<string | null> {
    const { run, stored } = this.#options;
    if (run === null || line.runId === run.runId) return line.runId;
    // Agents of the original make names up for runs, which only the principal can translate. Ours use the run's id.
    if (stored === null || uuidVersion7.test(line.runId)) return null;
    let runId = this.#runOfName.get(line.runId);
    if (runId === undefined) {
      if (this.#runOfName.size >= rememberedNames) this.#runOfName.clear();
      this.#runOfName.set(line.runId, runId = await this.#askRunId(line.runId));
    }
    return runId === run.runId ? runId : null;
  }

  async #askRunId(name: string): Promise<string | null> {
    const { client, signal } = this.#options;
    try {
      return (await client.call("WAITRUN", { run: name, waitMs: 0 }, { signal })).run.runId;
    } catch (error) {
      if (signal.aborted || !(error instanceof CdktrError)) throw error;
      return null;
    }
  }

  #watchRun({ runId }: Run, ended: AbortSignal): void {
    this.#whenFinal(runId, ended).then(() => {
      this.#hasRunEnded = true;
      this.#awaitQuiet();
    }, (error) => this.#over.abort(error));
  }

  async #whenFinal(runId: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    for (;;) {
      try {
        const { run } = await client.call("WAITRUN", { run: runId, waitMs: maxWaitMs }, { signal });
        if (isFinal(run.state)) return;
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        await sleep(clock, retryMs, signal);
      }
    }
  }

  #awaitQuiet(): void {
    this.#cancelQuietTimer();
    this.#cancelQuietTimer = this.#options.clock.setTimer(lateLinesMs, () => this.#over.abort(null));
  }
}

const uuidVersion7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isPassing(error: unknown): boolean {
  return error instanceof CdktrError && passing.includes(error.code);
}

/** Lines that came by one way and not by the other: above zero from the store, below zero live. */
class Unmatched {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  /** Takes a line from the store. Whether it is news. */
  takeStored(line: WireLogLine): boolean {
    return this.#take(line, 1);
  }

  /** Takes a live line. Whether it is news. */
  takeLive(line: WireLogLine): boolean {
    return this.#take(line, -1);
  }

  /** Forgets the oldest beyond `size`: their other copy was lost, or was never to come. */
  trim(size: number): void {
    for (const key of this.#counts.keys()) {
      if (this.#counts.size <= size) return;
      this.#counts.delete(key);
    }
  }

  #take({ taskRunId, timestampMs, level, payload }: WireLogLine, step: 1 | -1): boolean {
    const key = `${taskRunId}\x01${timestampMs}\x01${level}\x01${payload}`;
    const before = this.#counts.get(key) ?? 0;
    const after = before + step;
    if (after === 0) this.#counts.delete(key);
    else this.#counts.set(key, after);
    return before * step >= 0;
  }
}
