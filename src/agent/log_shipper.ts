/**
 * Sends what is in a spool to a principal of ours until it is acknowledged, however long that takes.
 *
 * Many requests are under way at a time, bounded in bytes and lines. Each is answered when its lines are committed. What
 * the principal does not take, or what it is not known to have taken, is sent again from there, after a pause that grows
 * from failure to failure; it sorts out what it has already.
 *
 * ```
 * shipping --refused, lost or late--> pausing --(pause over)--> shipping ... --stop()--> stopped
 * ```
 */
import { type Clock, type Random, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { CdktrError, messageOf, type OperatorLog } from "../core/mod.ts";
import { encodeLogRequest, maxLogChunks, type ReplyTo } from "../wire/mod.ts";
import { holdUpMaxMs } from "./log_sender.ts";
import { Pulse } from "./pulse.ts";
import type { Outgoing, SentPart, Spool } from "./spool/spool.ts";
import type { Source, Stream } from "./spool/streams.ts";

/** Records in one request, in bytes, give or take one. */
const requestBytes = 256 * 1024;
/** Records under way at most. Two thirds of what the principal's history takes before it refuses. */
const windowBytes = 8 * 1024 * 1024;
const windowLines = 98_304;
/** Requests under way at most: a quarter of what the principal reads of one client before it stops reading. */
const windowRequests = 256;
/** With so many under way, lines wait a moment for others to go along. */
const manyRequests = 16;
const gatherMs = 10;
/** How long the principal may hold a request until its lines are committed, in milliseconds. */
const commitWaitMs = 10_000;
/** The first pause after a failure, in milliseconds; it doubles with each further one. */
const firstPauseMs = 50;
const longestPauseMs = 5_000;
/** Silence of the principal about lines that wait for it that an operator is told of, in milliseconds. */
export const tellSilenceAfterMs = 30_000;
/** Bytes in the spool at which a task is slowed down by a principal that takes lines, but slower than they come. */
export const holdUpBytes = 32 * 1024 * 1024;
/** A task with fewer bytes in the spool is not slowed down on account of others. */
const quietBytes = 1024 * 1024;
/** How long an agent that ends waits for the principal to acknowledge its last lines, in milliseconds. */
const drainMaxMs = 60_000;
/** How often lines are looked for that agents have left which are gone, in milliseconds. */
export const recoverEveryMs = 60_000;
/** It ends before that when the principal has acknowledged nothing for so long. */
export const drainSilenceMaxMs = 10_000;

/** What a {@linkcode LogShipper} needs. */
export interface LogShipperOptions {
  readonly agentId: string;
  readonly session: string;
  readonly client: PrincipalClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: OperatorLog;
  readonly spool: Spool;
  /** Where the spool is, for people. */
  readonly directory: string;
}

/** See the top of this file. */
export class LogShipper {
  readonly #options: LogShipperOptions;
  readonly #stopping = new AbortController();
  readonly #acknowledged = new Pulse();
  readonly #changed = new Pulse();
  #requests = 0;
  #bytes = 0;
  #lines = 0;
  #failures = 0;
  /** Why nothing is sent for a moment: the principal takes no lines, or did not answer. */
  #pausingFor: "refusal" | "silence" | null = null;
  #cancelPause: () => void = () => {};
  #isRefusalTold = false;
  /** A request was refused for good: the next ones carry one stream each, which shows whose lines it was for. */
  #isOneByOne = false;
  #cancelGathering: (() => void) | null = null;
  #isUrgent = false;
  /** Nothing waits for the principal. */
  #isIdle = true;
  /** On the monotonic clock: when the principal last acknowledged lines, or since when some wait for that. */
  #progressMs = 0;
  #isSilenceTold = false;

  constructor(options: LogShipperOptions) {
    this.#options = options;
  }

  /** Takes over what sessions that are gone have left, now and every {@linkcode recoverEveryMs}, and begins to send. */
  start(): void {
    void this.#keepRecovering();
  }

  /** There is something new in the spool. */
  wake(): void {
    if (this.#isIdle) this.#progressMs = this.#options.clock.monotonicMs();
    this.#isIdle = false;
    if (this.#requests < manyRequests) return this.#ship();
    this.#cancelGathering ??= this.#options.clock.setTimer(gatherMs, () => {
      this.#cancelGathering = null;
      this.#ship();
    });
  }

  /**
   * Resolves when a task may go on writing: at once, unless the spool grows because the principal takes lines more slowly
   * than they come. A principal that has acknowledged nothing for {@linkcode holdUpMaxMs} is away, and holds nobody up; then
   * the spool's limit decides.
   */
  async room(source: Source): Promise<void> {
    const { spool, clock } = this.#options;
    while (spool.unackedBytes > holdUpBytes && source.unackedBytes > quietBytes) {
      const endMs = this.#progressMs + holdUpMaxMs;
      if (clock.monotonicMs() >= endMs || this.#stopping.signal.aborted) return;
      await this.#before(endMs, this.#acknowledged.next);
    }
  }

  /**
   * Resolves when all lines of a stream were sent, or when none is being sent at present. Behind a large backlog they need
   * not be sent after {@linkcode holdUpMaxMs}: then they come after the end of their run.
   */
  async sent(stream: Stream): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + holdUpMaxMs;
    this.#ship();
    while (stream.sent < stream.lastSeq && this.#requests > 0 && this.#pausingFor === null && !stream.isParked) {
      if (clock.monotonicMs() >= endMs) return;
      await this.#before(endMs, this.#changed.next);
    }
  }

  /**
   * A report is about to leave: lines that waited for a lost connection leave before it, so that whoever follows a run has
   * its last lines before its end.
   */
  sendAhead(): void {
    if (this.#pausingFor === "silence") this.#endPause();
    else this.#ship();
  }

  /**
   * Waits for the acknowledgement of what this session has written: for {@linkcode drainSilenceMaxMs} after the last one, and
   * for {@linkcode drainMaxMs} in all. What earlier ones have left, the next agent sends.
   */
  async drain(): Promise<void> {
    const { spool, clock } = this.#options;
    if (spool.isOwnDelivered) return;
    this.#isUrgent = true;
    void this.#exchange({ chunks: [], parts: [], bytes: 0, lines: 0 }).catch(() => {}); // Asks for a commit now.
    this.#ship();
    const beganMs = clock.monotonicMs();
    while (!spool.isOwnDelivered) {
      const silentSinceMs = Math.max(this.#progressMs, beganMs);
      const endMs = Math.min(silentSinceMs + drainSilenceMaxMs, beganMs + drainMaxMs);
      if (clock.monotonicMs() >= endMs) return;
      await this.#before(endMs, this.#changed.next);
    }
  }

  /** Sends nothing more. What is under way may have arrived. */
  stop(): void {
    const { spool, log, directory } = this.#options;
    this.#stopping.abort(new CdktrError("SHUTTING_DOWN", "The agent is shutting down."));
    this.#cancelGathering?.();
    this.#cancelPause();
    this.#changed.beat();
    this.#acknowledged.beat();
    const lines = spool.unackedLines;
    if (lines === 0) return;
    log.warn(
      `${lines} log lines stay in ${directory}: the principal has not acknowledged them. The next agent sends them`,
    );
  }

  /** Waits for `change`, until `endMs` on the monotonic clock at most. */
  async #before(endMs: number, change: Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    await Promise.race([change, sleep(clock, endMs - clock.monotonicMs(), over.signal).catch(() => {})]);
    over.abort();
  }

  async #keepRecovering(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#recover().catch((error) => log.error(`old log lines were not taken over: ${messageOf(error)}`));
      await sleep(clock, recoverEveryMs, signal).catch(() => {});
    }
  }

  async #recover(): Promise<void> {
    const { spool, clock, log } = this.#options;
    const recovery = spool.recover();
    let step = recovery.next();
    while (step.done !== true) {
      // A segment takes some milliseconds; others have their turn in between.
      await sleep(clock, 1, this.#stopping.signal).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      step = recovery.next();
    }
    if (step.value === 0) return;
    log.info(`${step.value} log lines that an earlier agent left are sent to the principal`);
    this.wake();
  }

  #ship(): void {
    const { spool, log } = this.#options;
    if (this.#pausingFor !== null || this.#stopping.signal.aborted) return;
    try {
      while (this.#hasRoom()) {
        const outgoing = spool.next(requestBytes, this.#isOneByOne ? 1 : maxLogChunks);
        if (outgoing === undefined) {
          this.#isOneByOne = false;
          return;
        }
        void this.#deliver(outgoing);
      }
    } catch (error) {
      log.error(`log lines cannot be read from the spool: ${messageOf(error)}`);
      this.#pause("refusal");
    }
  }

  #hasRoom(): boolean {
    return this.#requests < windowRequests && this.#bytes < windowBytes && this.#lines < windowLines;
  }

  /** Sends some lines and asks until their fate is known. Never rejects. */
  async #deliver(outgoing: Outgoing): Promise<void> {
    this.#requests++;
    this.#bytes += outgoing.bytes;
    this.#lines += outgoing.lines;
    let { chunks, parts } = outgoing;
    try {
      while (parts.length > 0) {
        const reply = await this.#exchange({ ...outgoing, chunks, parts });
        parts = this.#take(parts, reply);
        // What the principal has and did not commit in time is only asked for again, not sent.
        chunks = parts.map(({ stream, lastSeq }) => ({
          stream: stream.name,
          afterSeq: lastSeq,
          oldest: false,
          entries: [],
        }));
      }
    } catch (error) {
      this.#failed(parts, error);
    } finally {
      this.#requests--;
      this.#bytes -= outgoing.bytes;
      this.#lines -= outgoing.lines;
      this.#ship();
      this.#isIdle = this.#requests === 0 && this.#pausingFor === null;
      this.#changed.beat();
    }
  }

  async #exchange({ chunks }: Outgoing): Promise<ReplyTo<"LOG">> {
    const { agentId, session, client } = this.#options;
    const head = { agentId, session, waitMs: commitWaitMs, flush: this.#isUrgent };
    const { signal } = this.#stopping;
    return await client.callEncoded("LOG", encodeLogRequest(head, chunks), commitWaitMs, { signal });
  }

  /** @returns What is to be asked for again. */
  #take(parts: readonly SentPart[], { chunks }: ReplyTo<"LOG">): SentPart[] {
    const { spool, log } = this.#options;
    const stored: SentPart[] = [];
    const taken: SentPart[] = [];
    parts.forEach((part, index) => {
      const { outcome, position } = chunks[index] ?? { outcome: "later", position: part.afterSeq };
      switch (outcome) {
        case "stored":
          return stored.push(part);
        case "taken":
          return taken.push(part);
        case "unknown":
          return this.#park(part.stream, (runId) => {
            log.warn(`the principal does not know run ${runId}: its log lines stay in the spool`);
          });
        case "later":
        case "gap":
          spool.refuse(part, position);
          return this.#pause("refusal");
        default:
          return outcome satisfies never;
      }
    });
    if (stored.length > 0) this.#succeeded(stored);
    return taken;
  }

  #succeeded(parts: readonly SentPart[]): void {
    const { spool, clock, log } = this.#options;
    spool.acknowledge(parts);
    this.#failures = 0;
    this.#progressMs = clock.monotonicMs();
    if (this.#isSilenceTold) log.info("the principal takes log lines again");
    this.#isSilenceTold = this.#isRefusalTold = false;
    this.#acknowledged.beat();
  }

  #failed(parts: readonly SentPart[], error: unknown): void {
    const { spool, log } = this.#options;
    for (const part of parts) spool.refuse(part, part.afterSeq);
    if (this.#stopping.signal.aborted) return;
    if (isWorthAnotherTry(error)) return this.#pause("silence");
    if (error instanceof CdktrError && error.code === "UNSUPPORTED") {
      // It is the principal that cannot do this, whatever the lines are.
      if (!this.#isRefusalTold) {
        log.error(`the principal refuses log lines, which stay in the spool: ${messageOf(error)}`);
      }
      this.#isRefusalTold = true;
      return this.#pause("silence");
    }
    const [first, ...others] = parts;
    this.#isOneByOne = others.length > 0;
    if (first === undefined || this.#isOneByOne) return;
    this.#park(first.stream, (runId) => {
      log.error(`the principal refuses the log lines of run ${runId}, which stay in the spool: ${messageOf(error)}`);
    });
  }

  /** Sends no more of a stream. `tell` is called with its run, the first time. */
  #park(stream: Stream, tell: (runId: string) => void): void {
    if (stream.isParked) return;
    this.#options.spool.park(stream);
    tell(stream.name.runId);
  }

  #pause(reason: "refusal" | "silence"): void {
    const { clock, random } = this.#options;
    if (this.#pausingFor !== null || this.#stopping.signal.aborted) return;
    this.#pausingFor = reason;
    this.#tellSilence();
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(this.#failures++, 16), longestPauseMs);
    this.#cancelPause = clock.setTimer(pauseMs * (0.5 + random.fraction() / 2), () => this.#endPause());
    this.#changed.beat();
  }

  #endPause(): void {
    this.#cancelPause();
    this.#pausingFor = null;
    this.#ship();
  }

  #tellSilence(): void {
    const { clock, log, spool, directory } = this.#options;
    const silentMs = clock.monotonicMs() - this.#progressMs;
    if (silentMs < tellSilenceAfterMs || this.#isSilenceTold) return;
    this.#isSilenceTold = true;
    const seconds = Math.round(silentMs / 1000);
    log.warn(
      `the principal has acknowledged no log lines for ${seconds} s; ${spool.unackedLines} wait in ${directory} until it does`,
    );
  }
}
