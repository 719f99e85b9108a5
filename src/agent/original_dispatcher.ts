/** Dealings with an original principal: polling, one request after the other, statuses one by one. */
import { sleep } from "../clock/mod.ts";
import { isWorthAnotherTry } from "../client/mod.ts";
import { CdktrError, makeRunId, messageOf, type Report, runIdRandomBytes } from "../core/mod.ts";
import { type OriginalRequest, type ParsedReply, parseWorkflowDocument, toOriginalStatus } from "../wire/mod.ts";
import { type DispatcherOptions, heartbeatMs } from "./cdktr_dispatcher.ts";
import type { AgentSide, Dispatcher } from "./dispatcher.ts";
import type { Patience } from "./patience.ts";
import { Pulse } from "./pulse.ts";
import { ReportOutbox } from "./report_outbox.ts";

/** The pause after an empty answer, as the original agent has it. */
const pollEveryMs = 500;

/**
 * See the top of this file. The original gives no run ids: the agent makes them up, and every run is its first attempt.
 * A status that timed out is not sent again, since the principal may have counted it and only its answer was lost.
 */
export class OriginalDispatcher implements Dispatcher {
  readonly outbox: ReportOutbox;
  readonly slotsChanged = new Pulse();
  readonly #options: DispatcherOptions;
  readonly #agent: AgentSide;
  readonly #patience: Patience;
  readonly #workflowOfRun = new Map<string, string>();

  constructor(options: DispatcherOptions, agent: AgentSide) {
    const { clock, newPatience, log } = options;
    this.#options = options;
    this.#agent = agent;
    this.#patience = newPatience();
    this.outbox = new ReportOutbox({
      clock,
      log,
      patience: newPatience(),
      batchMax: 1,
      send: async ([report]) => {
        if (report !== undefined) await this.#sendReport(report);
      },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { agentId, clock } = this.#options;
    let lastSeenMs = -Infinity;
    while (!this.#isOver(signal)) {
      if (clock.monotonicMs() - lastSeenMs >= heartbeatMs) {
        await this.#ask({ verb: "REGISTERAGENT", agentId }, signal);
        lastSeenMs = clock.monotonicMs();
      }
      if (this.#agent.freeSlots() > 0 && await this.#fetch(signal)) continue;
      const waiting = new AbortController();
      const pause = this.#pause(pollEveryMs, signal, waiting.signal);
      await Promise.race([pause, this.slotsChanged.next]);
      waiting.abort();
    }
  }

  /** The original has no word for it. */
  windUp(): Promise<void> {
    return Promise.resolve();
  }

  /** Nor for this. */
  leave(): Promise<void> {
    return Promise.resolve();
  }

  async #fetch(signal: AbortSignal): Promise<boolean> {
    const { agentId, clock, random, log } = this.#options;
    const reply = await this.#ask({ verb: "FETCHWORKFLOW", agentId }, signal);
    if (reply?.token !== "SUCCESS") return false;
    try {
      const workflow = parseWorkflowDocument(reply.payload);
      const runId = makeRunId(clock.nowMs(), random.bytes(runIdRandomBytes));
      this.#workflowOfRun.set(runId, workflow.id);
      this.#agent.begin({ runId, attempt: 1, params: {}, workflow, paused: false, cancelTasks: [], kept: [] });
    } catch (error) {
      log.error(`the principal sent a workflow that cannot be run: ${messageOf(error)}`);
    }
    return true;
  }

  /** What was fetched at the last moment is run, and the principal told meanwhile that the agent is alive. */
  #isOver(signal: AbortSignal): boolean {
    return signal.aborted && this.#agent.running === 0;
  }

  /**
   * Asks until there is an answer; undefined when it is over before. A question that was asked is waited for in any case:
   * a workflow that was fetched exists nowhere but in the reply.
   */
  async #ask(request: OriginalRequest, signal: AbortSignal): Promise<ParsedReply | undefined> {
    const { client } = this.#options;
    while (!this.#isOver(signal)) {
      try {
        const reply = await client.callOriginal(request);
        this.#patience.succeeded();
        return reply;
      } catch (error) {
        if (this.#isOver(signal)) break;
        const pauseMs = isWorthAnotherTry(error) ? this.#patience.failed() : null;
        if (pauseMs === null) {
          throw new CdktrError("UNREACHABLE", `The principal at ${client.address} did not answer for too long.`, {
            cause: error,
          });
        }
        await this.#pause(pauseMs, signal);
      }
    }
    return undefined;
  }

  /** Waits; not any longer when one of the signals aborts, unless it had before. */
  async #pause(durationMs: number, ...signals: AbortSignal[]): Promise<void> {
    const cutShort = AbortSignal.any(signals.filter(({ aborted }) => !aborted));
    await sleep(this.#options.clock, durationMs, cutShort).catch(() => {});
  }

  async #sendReport(report: Report): Promise<void> {
    const request = this.#toRequest(report);
    if (request === null) return;
    try {
      const reply = await this.#options.client.callOriginal(request);
      if (reply.token !== "OK") {
        const said = "text" in reply ? reply.text : reply.token;
        this.#options.log.error(`the principal did not take ${request.verb} for run ${report.runId}: ${said}`);
      }
    } catch (error) {
      if (!(error instanceof CdktrError) || error.code !== "TIMED_OUT") throw error;
      this.#options.log.warn(`no answer to ${request.verb} for run ${report.runId}; it may have arrived`);
    }
    if (report.kind === "run" && report.state !== "RUNNING") this.#workflowOfRun.delete(report.runId);
  }

  #toRequest(report: Report): OriginalRequest | null {
    const { agentId } = this.#options;
    const status = toOriginalStatus(report.state);
    if (status === null) return null;
    const workflowInstanceId = report.runId;
    if (report.kind === "run") {
      const workflowId = this.#workflowOfRun.get(report.runId) ?? "";
      return { verb: "AGENTWORKFLOWSTATUS", agentId, workflowId, workflowInstanceId, status };
    }
    const { taskId, taskRunId: taskInstanceId } = report;
    return { verb: "AGENTTASKSTATUS", agentId, taskId, taskInstanceId, workflowInstanceId, status };
  }
}
