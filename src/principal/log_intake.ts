/** Log lines on their way through: checked, published to live subscribers as they are, and handed to the history. */
import type { Ledger } from "./ledger.ts";
import type { LogRow } from "../history/mod.ts";
import type { OperatorLog, Run } from "../core/mod.ts";
import { fromLogLine, type LogLine, parseLogLine } from "../wire/mod.ts";
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
  readonly #subscribers = new Set<LogSubscriber>();
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
    for (const subscriber of this.#subscribers) subscriber(parsed.published);
    const runId = this.#runIdOf(parsed.line);
    this.#hearAgentOf(runId);
    return this.#options.store([fromLogLine(parsed.line, runId)]);
  }

  /** Calls `subscriber` with every line from now on, until the returned function is called. */
  subscribe(subscriber: LogSubscriber): () => void {
    this.#subscribers.add(subscriber);
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
