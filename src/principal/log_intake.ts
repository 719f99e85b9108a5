/**
 * Log lines on their way to live subscribers, and those of original agents on their way to the history: checked, published
 * as they are, and stored. Those of our agents are stored by log_streams.ts.
 */
import type { Ledger } from "./ledger.ts";
import type { LogRow } from "../history/mod.ts";
import type { OperatorLog, Run } from "../core/mod.ts";
import { encodeLogLine, fromLogLine, type LogLine, parseLogLine, toLogLine } from "../wire/mod.ts";
import type { Agents } from "./agents.ts";

/** Instance ids of original agents that are remembered after their run ended, for lines that come late. */
const rememberedInstances = 10_000;
/** Rejected lines are reported once in so many. */
const reportEveryRejections = 1000;

/** What the intake feeds. */
export interface LogIntakeOptions {
  readonly ledger: Ledger;
  readonly agents: Agents;
  /** Takes rows for the history. */
  readonly store: (rows: LogRow[]) => Promise<void> | undefined;
  readonly report: OperatorLog;
}

/** Receives the bytes of a line, topic first, exactly as a subscriber gets them. */
export type LogSubscriber = (frame: Uint8Array) => void;

/** The way of a log line through the principal. */
export class LogIntake {
  readonly #options: LogIntakeOptions;
  readonly #subscribers = new Map<LogSubscriber, () => boolean>();
  /** Run ids by workflow and instance id. */
  readonly #runOfInstance = new Map<string, string>();
  #rejections = 0;

  constructor(options: LogIntakeOptions) {
    this.#options = options;
    this.learnInstances([...options.ledger.state.runs.values()]);
  }

  /**
   * Takes one message of the log port. What is not a log line is dropped and counted.
   *
   * @returns A promise when lines come faster than they can be stored: whoever can should wait for it.
   */
  take(frames: readonly Uint8Array[]): Promise<void> | undefined {
    const parsed = parseLogLine(frames);
    if (!parsed.ok) {
      if (this.#rejections++ % reportEveryRejections === 0) {
        const total = this.#rejections;
        this.#options.report.warn(`dropped a message on the log port: ${parsed.reason} (${total} dropped so far)`);
      }
      return undefined;
    }
    for (const subscriber of this.#subscribers.keys()) subscriber(parsed.published);
    const runId = this.#runIdOf(parsed.line);
    this.#hearAgentOf(runId);
    return this.#options.store([fromLogLine(parsed.line, runId)]);
  }

  /** Gives lines that were not parsed from a message to live subscribers. */
  publish(rows: readonly LogRow[]): void {
    const listening = [...this.#subscribers].filter(([, isListening]) => isListening()).map(([subscriber]) =>
      subscriber
    );
    if (listening.length === 0) return;
    for (const row of rows) {
      const frame = encodeLogLine(toLogLine(row));
      for (const subscriber of listening) subscriber(frame);
    }
  }

  /**
   * Calls `subscriber` with every line from now on, until the returned function is called.
   *
   * @param isListening Whether lines are wanted at present; they need not be encoded for nobody.
   */
  subscribe(subscriber: LogSubscriber, isListening: () => boolean = () => true): () => void {
    this.#subscribers.set(subscriber, isListening);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Learns by which id an original agent calls a run. */
  learnInstances(runs: readonly Run[]): void {
    for (const { runId, workflowId, instanceId } of runs) {
      if (instanceId === null) continue;
      const key = instanceKey(workflowId, instanceId);
      this.#runOfInstance.delete(key);
      this.#runOfInstance.set(key, runId);
      const [oldest] = this.#runOfInstance.keys();
      if (this.#runOfInstance.size > rememberedInstances && oldest !== undefined) this.#runOfInstance.delete(oldest);
    }
  }

  /** The run that a line belongs to; agents of ours call it by its id, and what is unknown keeps its name. */
  #runIdOf({ workflowId, workflowInstanceId }: LogLine): string {
    if (this.#runOfInstance.size === 0) return workflowInstanceId;
    return this.#runOfInstance.get(instanceKey(workflowId, workflowInstanceId)) ?? workflowInstanceId;
  }

  #hearAgentOf(runId: string): void {
    const run = this.#options.ledger.state.runs.get(runId);
    const agentId = run?.agentId ?? null;
    if (run !== undefined && agentId !== null) this.#options.agents.hearAgain(agentId, run.session);
  }
}

/** A line does not say whose it is, and agents make up the same instance ids now and then: the workflow tells most apart. */
function instanceKey(workflowId: string, instanceId: string): string {
  return `${workflowId}\x01${instanceId}`;
}
