/** Log lines on their way through: checked, published to live subscribers as they are, and handed to the history. */
import type { Ledger } from "./ledger.ts";
import type { LogRow } from "../history/mod.ts";
import type { Run } from "../core/mod.ts";
import { type LogLine, parseLogLine } from "../wire/mod.ts";
import type { Agents } from "./agents.ts";
import type { Report } from "./report.ts";

/** Instance ids of original agents that are remembered after their run ended, for lines that come late. */
const rememberedInstances = 10_000;
/** Rejected lines are reported once in so many. */
const reportEveryRejections = 1000;

/** What the intake feeds. */
export interface LogIntakeOptions {
  readonly ledger: Ledger;
  readonly agents: Agents;
  /** Takes rows for the history. */
  readonly store: (rows: LogRow[]) => void;
  readonly report: Report;
}

/** Receives the bytes of a line, topic first, exactly as a subscriber gets them. */
export type LogSubscriber = (frame: Uint8Array) => void;

/** The way of a log line through the principal. */
export class LogIntake {
  readonly #options: LogIntakeOptions;
  readonly #subscribers = new Set<LogSubscriber>();
  readonly #runOfInstance = new Map<string, string>();
  #rejections = 0;

  constructor(options: LogIntakeOptions) {
    this.#options = options;
  }

  /** Takes one message of the log port. What is not a log line is dropped and counted. */
  take(frames: readonly Uint8Array[]): void {
    const parsed = parseLogLine(frames);
    if (!parsed.ok) {
      if (this.#rejections++ % reportEveryRejections === 0) {
        const total = this.#rejections;
        this.#options.report.warn(`dropped a message on the log port: ${parsed.reason} (${total} dropped so far)`);
      }
      return;
    }
    for (const subscriber of this.#subscribers) subscriber(parsed.published);
    this.#hearAgent(parsed.line);
    this.#options.store([this.#toRow(parsed.line)]);
  }

  /** Calls `subscriber` with every line from now on, until the returned function is called. */
  subscribe(subscriber: LogSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Learns by which id an original agent calls a run. */
  learnInstances(runs: readonly Run[]): void {
    for (const { runId, instanceId } of runs) {
      if (instanceId === null) continue;
      this.#runOfInstance.delete(instanceId);
      this.#runOfInstance.set(instanceId, runId);
      const [oldest] = this.#runOfInstance.keys();
      if (this.#runOfInstance.size > rememberedInstances && oldest !== undefined) this.#runOfInstance.delete(oldest);
    }
  }

  #hearAgent(line: LogLine): void {
    const run = this.#options.ledger.state.runs.get(line.workflowInstanceId);
    const agentId = run?.agentId ?? null;
    if (run !== undefined && agentId !== null) this.#options.agents.hearAgain(agentId, run.session);
  }

  #toRow(line: LogLine): LogRow {
    return {
      workflowId: line.workflowId,
      workflowName: line.workflowName,
      runId: this.#runOfInstance.get(line.workflowInstanceId) ?? line.workflowInstanceId,
      taskName: line.taskName,
      taskRunId: line.taskInstanceId,
      timestampMs: line.timeMs,
      level: line.level,
      payload: line.payload,
    };
  }
}
