/** Dealings with a principal of ours: one request that waits for work, and batches of reports. */
import { type Clock, type Random, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { CdktrError, messageOf, type OperatorLog, type Report } from "../core/mod.ts";
import {
  beyondOriginal,
  labelOffer,
  maxOutlived,
  maxReports,
  maxSentenceChars,
  type ReplyTo,
  type RequestOf,
} from "../wire/mod.ts";
import { workflowFromJson } from "../workflow/definition.ts";
import type { AgentSide, Dispatcher } from "./dispatcher.ts";
import type { Patience } from "./patience.ts";
import { Pulse } from "./pulse.ts";
import { ReportOutbox } from "./report_outbox.ts";

/** How long the principal may hold a request for work; as the request is the heartbeat, this is its pace. */
export const heartbeatMs = 5000;

/** What a dispatcher needs. */
export interface DispatcherOptions {
  readonly agentId: string;
  /** Unique to this process. */
  readonly session: string;
  /** Sessions before it on this machine that were killed, of which nothing runs any more. */
  readonly outlived: readonly string[];
  readonly version: string;
  /** What the agent is for; workflows ask for labels. */
  readonly labels: readonly string[];
  readonly client: PrincipalClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: OperatorLog;
  /** Each thing that is tried again has a patience of its own. */
  readonly newPatience: () => Patience;
  /** Called before each batch of reports leaves. */
  readonly onReporting: () => void;
  /** The only run to take; null takes any. */
  readonly onlyRunId: string | null;
}

type TaskOrRunReport = RequestOf<"REPORT">["reports"][number];

/** See the top of this file. */
export class CdktrDispatcher implements Dispatcher {
  readonly outbox: ReportOutbox;
  readonly slotsChanged = new Pulse();
  readonly #options: DispatcherOptions;
  readonly #agent: AgentSide;
  readonly #patience: Patience;
  #sequence = 0;
  /** The newest request for work that was answered. */
  #answered = 0;
  #isAway = false;
  /** Sessions that the principal is still to be told of. */
  #outlived: readonly string[];

  constructor(options: DispatcherOptions, agent: AgentSide) {
    const { clock, newPatience, client, agentId, session, log, onReporting } = options;
    this.#options = options;
    this.#agent = agent;
    // Sessions sort by time: of the older ones the principal has long heard nothing.
    this.#outlived = options.outlived.toSorted().slice(-maxOutlived);
    this.#patience = newPatience();
    this.outbox = new ReportOutbox({
      clock,
      log,
      patience: newPatience(),
      batchMax: maxReports,
      send: async (reports) => {
        onReporting();
        await client.call("REPORT", { agentId, session, reports: reports.map(toWire) });
      },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const changed = this.slotsChanged.next;
      try {
        // When the agent's slots change, a newer request takes the place of the one that waits; the principal then
        // answers both.
        await Promise.race([this.#ask(signal), changed]);
      } catch (error) {
        if (signal.aborted) return;
        if (!isWorthAnotherTry(error)) throw error;
        await this.#pauseAfter(error, signal);
      }
    }
  }

  async windUp(): Promise<void> {
    try {
      await this.#request(++this.#sequence, 0);
    } catch {
      // The principal is away: nobody looks.
    }
  }

  async leave(reason: string): Promise<void> {
    const { client, agentId, session } = this.#options;
    try {
      await client.call("LEAVE", { agentId, session, reason });
    } catch {
      // The principal is away. It will notice the silence.
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const sequence = ++this.#sequence;
    // That a principal answers again is to be known at once, not when it has held the request.
    const reply = await this.#request(sequence, this.#isAway ? 0 : heartbeatMs, signal);
    // The answer to a newer request came first: it says all that this one does, and what this one assigns may have been
    // begun and ended since.
    if (sequence < this.#answered) return;
    this.#answered = sequence;
    this.#take(reply);
  }

  #request(sequence: number, waitMs: number, signal?: AbortSignal): Promise<ReplyTo<"WORK">> {
    const { client, agentId, session, version, labels, onlyRunId } = this.#options;
    return client.call("WORK", {
      agentId,
      session,
      version,
      sequence,
      slots: this.#agent.freeSlots(),
      slotsTotal: this.#agent.slotsTotal,
      stopping: this.#agent.isStopping,
      offers: [beyondOriginal, ...labels.map(labelOffer)],
      holding: this.#agent.held().map((held) => ({ ...held, cancelTasks: [...held.cancelTasks] })),
      onlyRun: onlyRunId,
      outlived: [...this.#outlived],
      waitMs,
    }, signal === undefined ? {} : { signal });
  }

  #take({ begin, end, steer }: ReplyTo<"WORK">): void {
    this.#patience.succeeded();
    this.#outlived = [];
    if (this.#isAway) this.#options.log.info("the principal answers again");
    this.#isAway = false;
    for (const { runId, attempt, reason } of end) this.#agent.end(runId, attempt, reason);
    for (const { runId, attempt, ...wish } of steer) this.#agent.steer(runId, attempt, wish);
    for (const beginning of begin) this.#begin(beginning);
  }

  #begin(beginning: ReplyTo<"WORK">["begin"][number]): void {
    const { runId, attempt } = beginning;
    try {
      this.#agent.begin({ ...beginning, workflow: workflowFromJson(beginning.workflow) });
    } catch (error) {
      const reason = `the agent cannot read the workflow: ${messageOf(error)}`;
      this.outbox.add({ kind: "run", runId, attempt, state: "FAILED", reason, instanceId: null });
    }
  }

  async #pauseAfter(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, clock, client } = this.#options;
    const pauseMs = this.#patience.failed();
    if (pauseMs === null) {
      throw new CdktrError("UNREACHABLE", `The principal at ${client.address} did not answer for too long.`, {
        hint: "CDKTR_RETRY_ATTEMPTS and CDKTR_DEFAULT_ZMQ_TIMEOUT_MS say how long an agent tries.",
        cause: error,
      });
    }
    if (!this.#isAway) log.warn(`${messageOf(error)} Trying again.`);
    this.#isAway = true;
    await sleep(clock, pauseMs, signal).catch(() => {});
  }
}

function toWire(report: Report): TaskOrRunReport {
  const reason = report.reason === null ? null : shortened(report.reason);
  return report.kind === "run" ? { ...report, reason, instanceId: null } : { ...report, reason };
}

/** A reason that is too long must not keep the principal from learning how a run ended. */
function shortened(sentence: string): string {
  return sentence.length <= maxSentenceChars ? sentence : `${sentence.slice(0, maxSentenceChars - 1)}…`;
}
