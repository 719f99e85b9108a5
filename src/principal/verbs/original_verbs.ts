/** The original's verbs, answered as its clients and agents expect. */
import { messageOf, type Run, type RunReport, type TaskReport } from "../../core/mod.ts";
import type { LogFilter } from "../../history/mod.ts";
import {
  encodeFormattedLines,
  encodeRecentStatuses,
  encodeRegisteredAgents,
  encodeWorkflowDocument,
  encodeWorkflowDocuments,
  formatLogLine,
  maxRecentStatuses,
  noSuchWorkflowReply,
  type OriginalReply,
  type OriginalRequest,
  type OriginalStatus,
  type QueryLogsRequest,
  type TaskStatusRequest,
  toLogLine,
  type WorkflowStatusRequest,
} from "../../wire/mod.ts";
import { workflowOf } from "../definitions.ts";
import { writeFresh } from "../fresh_history.ts";
import type { Services } from "../services.ts";
import { triggerRun } from "./trigger_run.ts";

/** Rows that one QUERYLOGS reply holds at most; the original has no paging, and its clients wait 3 s for the whole. */
const maxQueryLogsRows = 200_000;
/** Characters of log lines that it holds at most: its JSON, escapes included, has to fit a message. */
export const maxQueryLogsChars = 8 * 1024 * 1024;
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
      dueMs: null,
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
    const { ledger, agents, history, clock, workDesk } = this.#services;
    agents.hear(agentId, null);
    const unbegun = () =>
      ledger.state.runsOf(agentId, null).find((held) => held.state === "ASSIGNED" && held.workflowId === workflowId);
    const run = ledger.state.runOfInstance(agentId, instanceId) ??
      // Only RUNNING is sure to be about a run that begins; anything else may be late word of one that has ended.
      (status === "RUNNING" ? unbegun() : undefined) ??
      await this.#endedRun(agentId, instanceId) ??
      unbegun();
    if (run === undefined) {
      history.appendRunStatuses([{ workflowId, runId: instanceId, status, timestampMs: clock.nowMs() }]);
      return ok;
    }
    const state = runReportState(status);
    if (state === null) return ok;
    const { runId, attempt } = run;
    const report: RunReport = { kind: "run", runId, attempt, state, reason: null, instanceId };
    const { committed } = ledger.executeNow("take_report", { agentId, session: null, report });
    workDesk.offer(); // Its end may let another run of the workflow go.
    await committed;
    return ok;
  }

  async #takeTaskStatus(request: TaskStatusRequest): Promise<OriginalReply> {
    const { agentId, taskId, taskInstanceId: taskRunId, workflowInstanceId: instanceId, status } = request;
    const { ledger, agents, history, clock } = this.#services;
    agents.hear(agentId, null);
    const run = ledger.state.runOfInstance(agentId, instanceId) ??
      await this.#endedRun(agentId, instanceId) ??
      await this.#adoptUnannounced(agentId, instanceId);
    if (run === undefined) {
      history.appendTaskStatuses([{ taskId, taskRunId, runId: instanceId, status, timestampMs: clock.nowMs() }]);
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
      happenedAtMs: clock.nowMs(),
      exitCode: null,
      reason: null,
      outputs: null,
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
   * The ended run that this agent called by this id: what comes late about it is recorded and moves nothing. An instance
   * that was never ours, which its agent got from another principal, has none; its statuses are kept as they are.
   */
  async #endedRun(agentId: string, instanceId: string): Promise<Run | undefined> {
    const run = await this.#services.journal.runOfInstance(instanceId);
    return run?.agentId === agentId ? run : undefined;
  }

  async #queryLogs(request: QueryLogsRequest): Promise<OriginalReply> {
    const untilMs = request.endMs ?? this.#services.clock.nowMs();
    const sinceMs = request.startMs ?? Math.max(untilMs - dayMs, 0);
    const filter: LogFilter = { sinceMs, untilMs, limit: maxQueryLogsRows };
    if (request.workflowId !== null) filter.workflowId = request.workflowId;
    if (request.workflowInstanceId !== null) filter.runIds = await this.#namesOf(request.workflowInstanceId);
    await writeFresh(this.#services);
    return success(encodeFormattedLines(await this.#formattedLines(filter, request.verbose)));
  }

  /** The first lines of those asked for, as many as a reply takes. */
  async #formattedLines(filter: LogFilter, verbose: boolean): Promise<string[]> {
    const lines: string[] = [];
    let chars = 0;
    for await (const rows of this.#services.history.streamLogs(filter)) {
      for (const row of rows) {
        const line = formatLogLine(toLogLine(row), verbose);
        chars += line.length;
        if (chars > maxQueryLogsChars && lines.length > 0) return lines;
        lines.push(line);
      }
    }
    return lines;
  }

  /** A run is stored under its own id, whatever an original agent called it. */
  async #namesOf(instanceId: string): Promise<string[]> {
    const run = await this.#services.journal.runOfInstance(instanceId);
    return run === undefined ? [instanceId] : [instanceId, run.runId];
  }

  async #recentStatuses(): Promise<OriginalReply> {
    await writeFresh(this.#services);
    const rows = await this.#services.history.recentStatuses(maxRecentStatuses);
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
