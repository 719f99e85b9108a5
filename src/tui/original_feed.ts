/**
 * Asks a principal of the original, which tells nothing by itself: what its own UI asks, one request after the other. An
 * original loses replies that are on their way when it refreshes its socket, but never that of the only request there is;
 * another client may be in the way all the same, so a reply that does not come is asked for once more.
 */
import { sleep } from "../clock/mod.ts";
import { askOriginal, OriginalWorkflows } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import {
  type OriginalRequest,
  parseRecentStatuses,
  parseRegisteredAgents,
  type RegisteredAgent,
  type ReplyTo,
} from "../wire/mod.ts";
import type { Feed, FeedOptions } from "./feed.ts";

/** In the place of the id of a run: an original principal tells how many an agent has, and not which. */
function unknownRun(_: unknown, index: number): string {
  return `not told #${index + 1}`;
}

/** See the top of this file. */
export const followOriginal: Feed = async (options) => {
  for (const poll = new Poll(options);;) {
    await poll.once();
    await sleep(options.clock, options.pollMs, options.signal);
  }
};

/** What is asked again and again, with what is kept in between. */
class Poll {
  readonly #options: FeedOptions;
  readonly #firstHeardMs: number;
  #payload: string | null = null;
  #workflows: OriginalWorkflows | null = null;
  #agents: readonly RegisteredAgent[] = [];

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#firstHeardMs = options.clock.nowMs();
  }

  /** A round of all questions. One that is answered with an error leaves what it is about as it was. */
  async once(): Promise<void> {
    const { board, clock } = this.#options;
    const problems: string[] = [];
    await this.#ask({ verb: "LSWORKFLOWS" }, problems, (payload) => this.#takeWorkflows(payload));
    await this.#ask({ verb: "GETRECENTSTATUSES" }, problems, (payload) => board.recent = parseRecentStatuses(payload));
    await this.#ask({ verb: "GETREGISTEREDAGENTS" }, problems, (payload) => {
      this.#agents = parseRegisteredAgents(payload).sort((a, b) => a.agentId < b.agentId ? -1 : 1);
    });
    board.workflows = this.#workflows?.summaries(clock.nowMs()) ?? [];
    board.status = this.#status(problems);
    board.tell();
  }

  async #ask(request: OriginalRequest, problems: string[], take: (payload: string) => void): Promise<void> {
    const { board, clock } = this.#options;
    try {
      take(await this.#askTwice(request));
    } catch (error) {
      if (!(error instanceof CdktrError) || !isAnswer(error)) throw error;
      problems.push(error.message);
    }
    board.hear(clock.nowMs());
  }

  async #askTwice(request: OriginalRequest): Promise<string> {
    const { client, signal } = this.#options;
    try {
      return await askOriginal(client, request, { signal });
    } catch (error) {
      if (!(error instanceof CdktrError) || error.code !== "TIMED_OUT") throw error;
      return await askOriginal(client, request, { signal });
    }
  }

  #takeWorkflows(payload: string): void {
    if (payload === this.#payload) return;
    const { board } = this.#options;
    this.#workflows = new OriginalWorkflows(payload);
    this.#payload = payload;
    board.documents = this.#workflows.documents;
    board.workflowProblems = this.#workflows.problems;
  }

  /**
   * What is known of the principal in the form in which ours tells it. It may have started earlier than told here; its queue
   * and its history are not known, nor which runs its agents have.
   */
  #status(problems: string[]): ReplyTo<"STATUS"> {
    const running = this.#agents.reduce((sum, { runningWorkflows }) => sum + runningWorkflows, 0);
    return {
      version: "original",
      startedAtMs: this.#firstHeardMs,
      queueLength: 0,
      queueHeadAgeMs: null,
      runs: { RUNNING: running },
      agents: this.#agents.map(({ agentId, lastPingMicros, runningWorkflows }) => ({
        ...{ agentId, session: null, version: null, slots: null, stopping: false, labels: [] },
        lastSeenMs: Math.floor(lastPingMicros / 1000),
        running: Array.from({ length: runningWorkflows }, unknownRun),
      })),
      workflowCount: this.#workflows?.documents.size ?? 0,
      history: { state: "ok", reason: null, eventsBehind: 0 },
      problems,
    };
  }
}

/** Whether an error is what the principal said, and not that it said nothing. */
function isAnswer({ code }: CdktrError): boolean {
  return code === "STORAGE" || code === "INVALID_ARGUMENT" || code === "UNSUPPORTED";
}
