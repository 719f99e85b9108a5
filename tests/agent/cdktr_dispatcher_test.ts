import assert from "node:assert/strict";
import { CdktrDispatcher } from "../../src/agent/cdktr_dispatcher.ts";
import { Patience } from "../../src/agent/patience.ts";
import { systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { encodeVerbReply, parseVerbRequest, type ReplyTo } from "../../src/wire/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { workflowOf } from "../principal/scene.ts";

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** A dispatcher whose requests for work the test answers, in any order. */
class Counter {
  readonly dispatcher: CdktrDispatcher;
  /** What the agent was told to begin. */
  readonly begun: string[] = [];
  /** Of each request, the sessions that it says to be gone. */
  readonly outlived: string[][] = [];
  readonly #asked: ((reply: ReplyTo<"WORK">) => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  constructor() {
    const clock = new FakeClock();
    const sources = { clock, random: systemRandom };
    const hello: ReplyTo<"HELLO"> = { product: "cdktr", version: "1", protocol: 1, verbs: [], agentTimeoutMs: 30_000 };
    const link: PrincipalLink = {
      address: "the counter",
      request: (body) => {
        if (new TextDecoder().decode(body).startsWith("HELLO")) return Promise.resolve(encodeVerbReply("HELLO", hello));
        this.outlived.push(
          parseVerbRequest("WORK", new TextDecoder().decode(body.subarray("WORK\x01".length))).outlived,
        );
        return new Promise((resolve) => this.#asked.push((reply) => resolve(encodeVerbReply("WORK", reply))));
      },
      tryPushLog: () => false,
      pushLog: () => Promise.resolve(),
      subscribeLogs: () => () => {},
      close: () => Promise.resolve(),
    };
    this.dispatcher = new CdktrDispatcher({
      ...{
        agentId: "ann@host/AG",
        session: "s",
        version: "1",
        ...sources,
        log: silent,
        labels: [],
        onlyRunId: null,
        outlived: ["dead"],
      },
      client: PrincipalClient.overLink(link, { ...sources, version: "1", role: "agent", timeoutMs: 3000 }),
      newPatience: () => new Patience({ ...sources, attempts: 20, timeoutMs: 3000 }),
      onReporting: () => {},
    }, {
      ...{
        freeSlots: () => 1,
        slotsTotal: 1,
        isStopping: false,
        running: 0,
        held: () => [],
        end: () => {},
        steer: () => {},
      },
      begin: ({ runId, attempt }) => this.begun.push(`${runId}/${attempt}`),
    });
    this.#ended = this.dispatcher.run(this.#stopping.signal);
  }

  /** Has the agent ask once more, though its request waits. */
  async askAgain(): Promise<void> {
    await turn();
    this.dispatcher.slotsChanged.beat();
    await turn();
  }

  /** Answers the request of that number, from 1, with a run to begin. */
  async answer(request: number, runId: string): Promise<void> {
    const wish = { paused: false, cancelTasks: [], kept: [], params: {}, workflow: workflowOf("etl") };
    this.#asked[request - 1]?.({ begin: [{ runId, attempt: 1, ...wish }], end: [], steer: [] });
    await turn();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.dispatcher.slotsChanged.beat();
    await this.#ended;
  }
}

Deno.test("an answer that was overtaken by that to a newer request begins nothing", async () => {
  const counter = new Counter();
  await counter.askAgain();
  await counter.answer(2, "newer");
  await counter.answer(1, "older");
  assert.deepEqual(counter.begun, ["newer/1"]);
  await counter.stop();
});

Deno.test("answers that come in the order of their requests all count", async () => {
  const counter = new Counter();
  await counter.askAgain();
  await counter.answer(1, "older");
  await counter.answer(2, "newer");
  assert.deepEqual(counter.begun, ["older/1", "newer/1"]);
  await counter.stop();
});

Deno.test("who was killed on the machine is said until a request is answered", async () => {
  const counter = new Counter();
  await counter.askAgain();
  await counter.answer(2, "newer");
  assert.deepEqual(counter.outlived, [["dead"], ["dead"], []]);
  await counter.stop();
});
