/** A principal, whole but for its sockets: it decides, keeps and answers. */
import type { Clock } from "../clock/mod.ts";
import { CdktrError, type OperatorLog } from "../core/mod.ts";
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
import { assemble, writeDown } from "./assemble.ts";
import { HeartbeatMonitor } from "./heartbeat_monitor.ts";
import type { LogIntake } from "./log_intake.ts";
import { OriginalVerbs } from "./verbs/original_verbs.ts";
import type { PrincipalOptions } from "./principal_options.ts";
import type { Services } from "./services.ts";
import { answerVerb } from "./verbs/verbs.ts";
import type { UpkeepLimits } from "./upkeep/upkeep.ts";
import type { WorkDesk } from "./work_desk.ts";

/** The reply to a request. */
export interface Answer {
  readonly body: Uint8Array;
  /** To be called when the client was gone before it could have the reply. */
  readonly undelivered: () => void;
}

const nothingToUndo = () => {};

/** See the top of this file. */
export class Principal {
  readonly #services: Services;
  readonly #originalVerbs: OriginalVerbs;
  readonly #monitor: HeartbeatMonitor;
  #isHolding = true;

  private constructor(services: Services) {
    const { ledger, agents, clock, agentTimeoutMs, report, workDesk } = services;
    this.#services = services;
    this.#originalVerbs = new OriginalVerbs(services);
    const onQueued = () => workDesk.offer();
    this.#monitor = new HeartbeatMonitor({ ledger, agents, clock, agentTimeoutMs, report, onQueued });
  }

  /** Recovers what the journal holds, begins to watch the agents and to look after its files. */
  static async open(options: PrincipalOptions): Promise<Principal> {
    const services = await assemble(options);
    const { ledger: { state: { queue, runs } }, report } = services;
    if (runs.size > 0) report.info(`recovered ${queue.size} waiting and ${runs.size - queue.size} other runs`);
    const principal = new Principal(services);
    principal.#monitor.start();
    await services.upkeep?.start();
    return principal;
  }

  /** Log lines of agents that push them. */
  get logs(): LogIntake {
    return this.#services.logs;
  }

  /** What it measures time by. */
  get clock(): Clock {
    return this.#services.clock;
  }

  /** Where it tells its operator what matters. */
  get report(): OperatorLog {
    return this.#services.report;
  }

  /**
   * Resolves once it is seen to work: what was decided is on disk, or it waits for a disk that takes nothing, where a new
   * start would change nothing.
   */
  isAlive(): Promise<void> {
    return this.#services.ledger.moves();
  }

  /** From now on keeps its files within these limits. */
  keepWithin(limits: UpkeepLimits): void {
    this.#services.upkeep?.keepWithin(limits);
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
    const { workDesk, runWatch, changeWatch, catalog } = this.#services;
    this.#isHolding = false;
    workDesk.dismissAll();
    runWatch.wakeAll();
    changeWatch.wakeAll();
    catalog.wakeAll();
  }

  /** Answers whoever waits, makes everything durable and closes journal and history. */
  async close(): Promise<void> {
    const { catalog, ledger, projector, upkeep, journal, history, report, isServing } = this.#services;
    this.#monitor.stop();
    catalog.close();
    this.stopHolding();
    await upkeep?.stop();
    if (isServing) writeDown(ledger, report, { type: "principal_stopped" });
    await ledger.close();
    await projector.stop();
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
