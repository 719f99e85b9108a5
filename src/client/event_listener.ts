/**
 * The interface of event listeners: programs that wait for something of the outside world and have workflows run for it.
 *
 * A listener derives from {@linkcode EventListener}, waits in `startListening` and calls `runWorkflow` for each event.
 * A trigger whose answer is lost is sent again under the same idempotency key, so that one event never starts two runs.
 */
import { type Clock, type Random, sleep, systemClock, systemRandom } from "../clock/mod.ts";
import { CdktrError, makeRunId, messageOf, runIdRandomBytes } from "../core/mod.ts";
import { runOnOriginal } from "./ask_original.ts";
import { PrincipalClient } from "./client.ts";
import { isWorthAnotherTry } from "./retry.ts";

const defaultPort = 5561;
const replyTimeoutMs = 5000;
const firstPauseMs = 100;
const longestPauseMs = 5000;

/** What became of an event. */
export type TriggerResult =
  | {
    /** The principal took the event: there is a run, or a run of the same key before, or its overlap policy wanted none. */
    readonly success: true;
    readonly error: null;
    /** Null when nothing was started, and from an original principal, which tells no run. */
    readonly runId: string | null;
    /** Whether the key was known: the run is that of an earlier trigger. */
    readonly isDuplicate: boolean;
    /** Why the overlap policy let nothing start; else null. */
    readonly skipped: string | null;
  }
  | {
    readonly success: false;
    readonly error: CdktrError;
    /** Whether the same event, given again under the same key, may be taken and cannot start a second run. */
    readonly mayTryAgain: boolean;
  };

/** Options of an {@linkcode EventListener}. */
export interface EventListenerOptions {
  /** The principal's host. @default "127.0.0.1" */
  readonly host?: string;
  /** The port of the principal's requests. @default 5561 */
  readonly port?: number;
  /** Used in place of a client of its own; closed by its owner. */
  readonly client?: PrincipalClient;
  /** Ends the listener when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * How long an event is tried again while the principal is away, slow or cannot write, in milliseconds. The last try begins
   * then, and has the time of its own that the client gives it.
   *
   * @default 120_000
   */
  readonly patienceMs?: number;
  /** @default the machine's own */
  readonly clock?: Clock;
  /** @default the machine's own */
  readonly random?: Random;
}

interface Event {
  readonly workflowId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly key: string;
  readonly reason: string;
}

/** See the top of this file. */
export abstract class EventListener implements AsyncDisposable {
  /** Aborts when the listener is to end. */
  protected readonly signal: AbortSignal;
  protected readonly client: PrincipalClient;
  protected readonly clock: Clock;
  protected readonly random: Random;
  readonly #patienceMs: number;
  readonly #ownsClient: boolean;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<TriggerResult>>();

  constructor(options: EventListenerOptions = {}) {
    const { client, signal, patienceMs = 120_000, clock = systemClock, random = systemRandom } = options;
    const { signal: stopped } = this.#stopping;
    this.signal = signal === undefined ? stopped : AbortSignal.any([stopped, signal]);
    this.clock = clock;
    this.random = random;
    this.#patienceMs = patienceMs;
    this.#ownsClient = client === undefined;
    this.client = client ?? openClient(options, clock, random);
  }

  /** Waits for events until `signal` aborts, and calls {@linkcode EventListener.runWorkflow} for each. */
  abstract startListening(): Promise<void>;

  /**
   * Has a workflow run, with `event` as the kind of its trigger. Never throws.
   *
   * @param params Parameters of the run, by name. An original principal takes none.
   * @param key Names the event: of several triggers with one key within a day only the first starts a run. An original
   * principal knows no keys. @default one that nobody else has
   * @param reason Why, as a part of a sentence, for `cdktr explain`. @default "an event listener asked for it"
   */
  runWorkflow(
    workflowId: string,
    params: Readonly<Record<string, string>> = {},
    key: string = `event:${makeRunId(this.clock.nowMs(), this.random.bytes(runIdRandomBytes))}`,
    reason = "an event listener asked for it",
  ): Promise<TriggerResult> {
    if (this.signal.aborted) {
      const error = new CdktrError("SHUTTING_DOWN", `${workflowId} was not triggered: the event listener ends.`);
      return Promise.resolve(failed(error, true));
    }
    const trigger = this.#trigger({ workflowId, params, key, reason });
    this.#underWay.add(trigger);
    trigger.finally(() => this.#underWay.delete(trigger));
    return trigger;
  }

  /** Takes no more events, waits for the triggers under way, each of which has no further try, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay);
    if (this.#ownsClient) await this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #trigger(event: Event): Promise<TriggerResult> {
    const { client, clock, random, signal } = this;
    const beganMs = clock.monotonicMs();
    for (let failures = 0;; failures++) {
      try {
        return await (await client.dialect() === "original" ? this.#triggerOriginal(event) : this.#triggerOurs(event));
      } catch (thrown) {
        const error = asCdktrError(thrown);
        // Another principal may have taken the place of the one that was there.
        client.forgetDialect();
        const leftMs = beganMs + this.#patienceMs - clock.monotonicMs();
        const mayTryAgain = isWorthAnotherTry(error);
        if (!mayTryAgain || leftMs <= 0 || signal.aborted) return failed(error, mayTryAgain);
        const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs) * (0.5 + random.fraction() / 2);
        await sleep(clock, Math.min(pauseMs, leftMs), signal).catch(() => {});
        if (signal.aborted) return failed(error, true);
      }
    }
  }

  async #triggerOurs({ workflowId, params, key, reason }: Event): Promise<TriggerResult> {
    const { runId, duplicate, skipped } = await this.client.call("RUN", {
      workflowId,
      trigger: "event",
      params: { ...params },
      idempotencyKey: key,
      dueMs: null,
      reason,
    });
    return { success: true, error: null, runId: skipped === null ? runId : null, isDuplicate: duplicate, skipped };
  }

  /** An original principal has no keys: once the trigger may have reached it, it is not sent again. */
  async #triggerOriginal({ workflowId, params }: Event): Promise<TriggerResult> {
    const { client } = this;
    if (Object.keys(params).length > 0) {
      throw new CdktrError(
        "UNSUPPORTED",
        `The principal at ${client.address} is an original cdktr, which takes no parameters.`,
        { hint: "Give none, or run a principal of this version." },
      );
    }
    try {
      await runOnOriginal(client, workflowId);
      return { success: true, error: null, runId: null, isDuplicate: false, skipped: null };
    } catch (thrown) {
      const error = asCdktrError(thrown);
      if (!isWorthAnotherTry(error)) return failed(error, false);
      const sentence = `${workflowId} may or may not have been triggered: ${error.message}`;
      return failed(
        new CdktrError("TIMED_OUT", sentence, {
          hint: "An original principal knows no idempotency keys, so it is not asked again.",
          cause: error,
        }),
        false,
      );
    } finally {
      // The next event finds out first whether it is still there, which may be tried as often as needed.
      client.forgetDialect();
    }
  }
}

function failed(error: CdktrError, mayTryAgain: boolean): TriggerResult {
  return { success: false, error, mayTryAgain };
}

function asCdktrError(thrown: unknown): CdktrError {
  if (thrown instanceof CdktrError) return thrown;
  return new CdktrError("INTERNAL", messageOf(thrown), { cause: thrown });
}

function openClient(options: EventListenerOptions, clock: Clock, random: Random): PrincipalClient {
  const { host = "127.0.0.1", port = defaultPort } = options;
  // Log lines are none of a listener's business: it opens no connection to their ports.
  const address = { host, port, logsInPort: 0, logsOutPort: 0 };
  return PrincipalClient.overTcp(address, {
    clock,
    random,
    version: "external",
    role: "listener",
    timeoutMs: replyTimeoutMs,
  });
}
