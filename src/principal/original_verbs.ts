/** The original's verbs, answered as its clients and agents expect. */
import { messageOf, type Run, type RunReport, type TaskReport } from "../core/mod.ts";
import type { LogFilter, StoredLogRow } from "../history/mod.ts";
import {
  encodeFormattedLines,
  encodeRecentStatuses,
  encodeRegisteredAgents,
  encodeWorkflowDocument,
  encodeWorkflowDocuments,
  formatLogLine,
  type LogLine,
  maxRecentStatuses,
  noSuchWorkflowReply,
  type OriginalReply,
  type OriginalRequest,
  type OriginalStatus,
  type QueryLogsRequest,
  type TaskStatusRequest,
  type WorkflowStatusRequest,
} from "../wire/mod.ts";
import { workflowOf } from "./definitions.ts";
import type { Services } from "./services.ts";
import { triggerRun } from "./trigger_run.ts";

/** Rows that one QUERYLOGS reply holds at most; the original has no paging, and its clients wait 3 s for the whole. */
export const maxQueryLogsRows = 200_000;
const dayMs = 86_400_000;
const microsecondsPerMs = 1000;

const ok: OriginalReply = { token: "OK" };
const success = (payload: string): OriginalReply => ({ token: "SUCCESS", payload });

/** Answers the ten verbs. */
export class OriginalVerbs {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Answers a request. What fails becomes the error reply that the original's clients understand. */
  async answer(request: OriginalRequest): Promise<OriginalReply> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (request.verb === "FETCHWORKFLOW") return ok; // An original agent exits on an error; it asks again on OK.
      return { token: "SERVERERROR", text: messageOf(error) };
    }
  }

  #answer(request: OriginalRequest): OriginalReply | Promise<OriginalReply> {
    switch (request.verb) {
      case "PING":
        return { token: "PONG" };
      case "LSWORKFLOWS":
        return success(encodeWorkflowDocuments(this.#services.catalog.source.list()));
      case "RUNTASK":
        return this.#run(request.workflowId);
      case "REGISTERAGENT":
        this.#services.agents.hear(request.agentId, null);
        return ok;
      case "AGENTWORKFLOWSTATUS":
        return this.#takeWorkflowStatus(request);
      case "AGENTTASKSTATUS":
        return this.#takeTaskStatus(request);
      case "FETCHWORKFLOW":
        return this.#fetch(request.agentId);
      case "QUERYLOGS":
        return this.#queryLogs(request);
      case "GETRECENTSTATUSES":
        return this.#recentStatuses();
      case "GETREGISTEREDAGENTS":
        return success(encodeRegisteredAgents(this.#registeredAgents()));
    }
  }

  async #run(workflowId: string): Promise<OriginalReply> {
    const workflow = this.#services.catalog.source.get(workflowId);
    if (workflow === undefined) return noSuchWorkflowReply(workflowId);
    await triggerRun(this.#services, {
      workflow,
      trigger: "manual",
      params: {},
      idempotencyKey: null,
      reason: "a client sent RUNTASK",
    });
    return ok;
  }

  async #fetch(agentId: string): Promise<OriginalReply> {
    const { ledger, agents } = this.#services;
    agents.hear(agentId, null);
    const { begin } = await ledger.execute("request_work", {
      agentId,
      session: null,
      slots: 1,
      offers: [],
      holding: [],
      onlyRunId: null,
    });
    const run = begin[0] === undefined ? undefined : ledger.state.runs.get(begin[0].runId);
    const definition = run === undefined ? undefined : ledger.state.definition(run.definitionHash);
    if (definition === undefined) return ok;
    return success(encodeWorkflowDocument(workflowOf(definition), { linearise: true }));
  }

  async #takeWorkflowStatus(request: WorkflowStatusRequest): Promise<OriginalReply> {
    const { agentId, workflowId, workflowInstanceId: instanceId, status } = request;
    const { ledger, agents } = this.#services;
    agents.hear(agentId, null);
    const run = ledger.state.runOfInstance(agentId, instanceId) ??
      ledger.state.runsOf(agentId, null).find((held) => held.state === "ASSIGNED" && held.workflowId === workflowId);
    if (run === undefined) {
      await this.#takeForeign(
        instanceId,
        status,
        (timestampMs) =>
          this.#services.history.appendRunStatuses([{ workflowId, runId: instanceId, status, timestampMs }]),
      );
      return ok;
    }
    const state = runReportState(status);
    if (state === null) return ok;
    const { runId, attempt } = run;
    const report: RunReport = { kind: "run", runId, attempt, state, reason: null, instanceId };
    await ledger.execute("take_report", { agentId, session: null, report });
    return ok;
  }

  async #takeTaskStatus(request: TaskStatusRequest): Promise<OriginalReply> {
    const { agentId, taskId, taskInstanceId: taskRunId, workflowInstanceId: instanceId, status } = request;
    const { ledger, agents } = this.#services;
    agents.hear(agentId, null);
    const run = ledger.state.runOfInstance(agentId, instanceId) ?? await this.#adoptUnannounced(agentId, instanceId);
    if (run === undefined) {
      await this.#takeForeign(
        instanceId,
        status,
        (timestampMs) =>
          this.#services.history.appendTaskStatuses([{ taskId, taskRunId, runId: instanceId, status, timestampMs }]),
      );
      return ok;
    }
    if (status === "WAITING") return ok;
    const report: TaskReport = {
      kind: "task",
      runId: run.runId,
      attempt: run.attempt,
      taskId,
      taskRunId,
      tryNumber: 1,
      state: status,
      happenedAtMs: this.#services.clock.nowMs(),
      exitCode: null,
      reason: null,
    };
    await ledger.execute("take_report", { agentId, session: null, report });
    return ok;
  }

  /** The word RUNNING can get lost on its way. A task of an unknown instance then belongs to the one run that has not begun. */
  async #adoptUnannounced(agentId: string, instanceId: string): Promise<Run | undefined> {
    const { ledger } = this.#services;
    const [run, ...others] = ledger.state.runsOf(agentId, null).filter(({ state }) => state === "ASSIGNED");
    if (run === undefined || others.length > 0) return undefined;
    const { runId, attempt } = run;
    const report: RunReport = { kind: "run", runId, attempt, state: "RUNNING", reason: null, instanceId };
    await ledger.execute("take_report", { agentId, session: null, report });
    return run;
  }

  /**
   * A status about an instance that is not in progress: kept as it is when the instance was never ours (its agent got it
   * from another principal), recorded as late when its run has ended.
   */
  async #takeForeign(instanceId: string, status: string, keep: (timestampMs: number) => void): Promise<void> {
    const ended = await this.#services.journal.runOfInstance(instanceId);
    if (ended === undefined) return keep(this.#services.clock.nowMs());
    this.#services.report.info(`ignored ${status} for run ${ended.runId}, which has ended ${ended.state}`);
  }

  async #queryLogs(request: QueryLogsRequest): Promise<OriginalReply> {
    const untilMs = request.endMs ?? this.#services.clock.nowMs();
    const sinceMs = request.startMs ?? Math.max(untilMs - dayMs, 0);
    const { history } = this.#services;
    const filter: LogFilter = { sinceMs, untilMs };
    if (request.workflowId !== null) filter.workflowId = request.workflowId;
    if (request.workflowInstanceId !== null) filter.runIds = await this.#namesOf(request.workflowInstanceId);
    await history.flush();
    const rows = await history.queryLogs({ ...filter, limit: maxQueryLogsRows });
    return success(encodeFormattedLines(rows.map((row) => formatLogLine(toLogLine(row), request.verbose))));
  }

  /** A run is stored under its own id, whatever an original agent called it. */
  async #namesOf(instanceId: string): Promise<string[]> {
    const run = await this.#services.journal.runOfInstance(instanceId);
    return run === undefined ? [instanceId] : [instanceId, run.runId];
  }

  async #recentStatuses(): Promise<OriginalReply> {
    const { history } = this.#services;
    await history.flush();
    const rows = await history.recentStatuses(maxRecentStatuses);
    return success(encodeRecentStatuses(rows.map(({ workflowId, runId, status, timestampMs }) => ({
      workflowId,
      workflowInstanceId: runId,
      status,
      timestampMs,
    }))));
  }

  #registeredAgents() {
    return this.#services.agents.list().map(({ agentId, session, lastSeenMs }) => ({
      agentId,
      lastPingMicros: lastSeenMs * microsecondsPerMs,
      runningWorkflows: this.#services.ledger.state.runsOf(agentId, session).length,
    }));
  }
}

function runReportState(status: OriginalStatus): RunReport["state"] | null {
  return status === "PENDING" || status === "WAITING" ? null : status;
}

function toLogLine(row: StoredLogRow): LogLine {
  return {
    workflowId: row.workflowId,
    workflowName: row.workflowName,
    workflowInstanceId: row.runId,
    taskName: row.taskName,
    taskInstanceId: row.taskRunId,
    timeMs: row.timestampMs,
    level: row.level,
    payload: row.payload,
    extra: [],
  };
}
