/** A principal, whole but for its sockets: it decides, keeps and answers. */
import type { Clock, Random } from "../clock/mod.ts";
import { CdktrError, type OperatorLog, RunIds } from "../core/mod.ts";
import type { History } from "../history/mod.ts";
import type { Batch, Journal } from "../journal/mod.ts";
import {
  encodeReply,
  encodeVerbError,
  encodeVerbReply,
  isVerb,
  parseRequest,
  parseVerbRequest,
  unrecognisedVerbReply,
  type Verb,
} from "../wire/mod.ts";
import { Agents } from "./agents.ts";
import { Catalog, type WorkflowSource } from "./catalog.ts";
import { HeartbeatMonitor } from "./heartbeat_monitor.ts";
import { Ledger } from "./ledger.ts";
import { LogIntake } from "./log_intake.ts";
import { OriginalVerbs } from "./original_verbs.ts";
import { statusRows } from "./projection.ts";
import { RunWatch } from "./run_watch.ts";
import type { Services } from "./services.ts";
import { answerVerb } from "./verbs.ts";
import { WorkDesk } from "./work_desk.ts";

/** What a principal is made of. */
export interface PrincipalOptions {
  readonly version: string;
  /** Closed by the principal. */
  readonly journal: Journal;
  /** Closed by the principal. */
  readonly history: History;
  readonly workflows: WorkflowSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: OperatorLog;
  /** Silence of an agent that counts as death, in milliseconds. */
  readonly agentTimeoutMs: number;
}

/** The reply to a request. */
export interface Answer {
  readonly body: Uint8Array;
  /** To be called when the client was gone before it could have the reply. */
  readonly undelivered: () => void;
}

const nothingToUndo = () => {};

/** See the top of this file. */
export class Principal {
  readonly logs: LogIntake;
  readonly clock: Clock;
  readonly report: OperatorLog;
  readonly #services: Services;
  readonly #originalVerbs: OriginalVerbs;
  readonly #monitor: HeartbeatMonitor;
  #isHolding = true;

  private constructor(services: Services, logs: LogIntake) {
    const { ledger, agents, clock, agentTimeoutMs, report, workDesk } = services;
    this.logs = logs;
    this.clock = clock;
    this.report = report;
    this.#services = services;
    this.#originalVerbs = new OriginalVerbs(services);
    const onReturned = () => workDesk.offer();
    this.#monitor = new HeartbeatMonitor({ ledger, agents, clock, agentTimeoutMs, report, onReturned });
    this.#monitor.start();
  }

  /** Recovers what the journal holds and begins to watch the agents. */
  static async open(options: PrincipalOptions): Promise<Principal> {
    const { journal, history, clock, report } = options;
    const agents = new Agents(clock);
    const runWatch = new RunWatch(clock);
    let journalProblem: string | null = null;
    const ledger = await Ledger.open({
      journal,
      clock,
      onCommitted: (batch) => take(batch),
      onProblem: (problem) => {
        journalProblem = problem;
        if (problem === null) report.info("the journal can be written again");
        else report.error(problem);
      },
    });
    const logs = new LogIntake({
      ledger,
      agents,
      report,
      store: (rows) => {
        history.appendLogs(rows);
        return history.room();
      },
    });
    const take = (batch: Batch) => {
      logs.learnInstances(batch.runs);
      const rows = statusRows(batch);
      if (rows.runs.length > 0) history.appendRunStatuses(rows.runs);
      if (rows.tasks.length > 0) history.appendTaskStatuses(rows.tasks);
      runWatch.notice(batch.runs);
    };
    const services: Services = {
      ...options,
      startedAtMs: clock.nowMs(),
      runIds: new RunIds(),
      ledger,
      agents,
      runWatch,
      catalog: new Catalog(options.workflows, clock),
      workDesk: new WorkDesk({ ledger, agents, clock, agentTimeoutMs: options.agentTimeoutMs }),
      problems: () => [
        ...(journalProblem === null ? [] : [journalProblem]),
        ...(history.health.state === "ok" ? [] : [`The history is ${history.health.state}: ${history.health.reason}`]),
        ...options.workflows.problems(),
      ],
    };
    const { queue, runs } = ledger.state;
    if (runs.size > 0) report.info(`recovered ${queue.size} waiting and ${runs.size - queue.size} running runs`);
    return new Principal(services, logs);
  }

  /**
   * Answers a request. Never throws: what fails becomes an error reply.
   *
   * @param frames The body, which is one frame if the client follows the protocol.
   * @param gone Aborts when the client is gone.
   */
  async answer(frames: readonly Uint8Array[], gone: AbortSignal): Promise<Answer> {
    const request = parseRequest(frames);
    if (request.verb === "MALFORMED") return { body: request.reply, undelivered: nothingToUndo };
    if (request.verb !== "UNKNOWN") {
      return { body: encodeReply(await this.#originalVerbs.answer(request)), undelivered: nothingToUndo };
    }
    if (!isVerb(request.name)) {
      return { body: encodeReply(unrecognisedVerbReply(request.name)), undelivered: nothingToUndo };
    }
    try {
      return await this.#answerVerb(request.name, request.argument, gone);
    } catch (error) {
      if (!(error instanceof CdktrError) && !gone.aborted) {
        this.#services.report.error(`${request.name} failed: ${String(error)}`);
      }
      return { body: encodeVerbError(error), undelivered: nothingToUndo };
    }
  }

  /**
   * Answers whoever waits for work, for the end of a run or for a change. From now on nobody waits: what would have to is
   * refused as SHUTTING_DOWN.
   */
  stopHolding(): void {
    const { workDesk, runWatch, catalog } = this.#services;
    this.#isHolding = false;
    workDesk.dismissAll();
    runWatch.wakeAll();
    catalog.wakeAll();
  }

  /** Answers whoever waits, makes everything durable and closes journal and history. */
  async close(): Promise<void> {
    const { catalog, ledger, journal, history } = this.#services;
    this.#monitor.stop();
    catalog.close();
    this.stopHolding();
    await ledger.close();
    await history.close();
    await journal.close();
  }

  async #answerVerb<V extends Verb>(verb: V, argument: string | undefined, gone: AbortSignal): Promise<Answer> {
    const request = parseVerbRequest(verb, argument);
    if (!this.#isHolding && "waitMs" in request) {
      throw new CdktrError("SHUTTING_DOWN", "The principal is shutting down.");
    }
    const reply = await answerVerb(this.#services, verb, request, gone);
    const body = encodeVerbReply(verb, reply);
    if (!("begin" in reply)) return { body, undelivered: nothingToUndo };
    return { body, undelivered: () => this.#takeBack(reply) };
  }

  #takeBack(reply: Parameters<WorkDesk["undelivered"]>[0]): void {
    this.#services.workDesk.undelivered(reply).catch((error) =>
      this.#services.report.error(`cannot take back what an agent was not told: ${String(error)}`)
    );
  }
}
