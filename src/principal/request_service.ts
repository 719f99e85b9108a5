/** The request socket of a principal: from frames to an answer and back, and to whom it goes. */
import { type Clock, sleep } from "../clock/mod.ts";
import { encodeReply, encodeText, type OriginalRequest, parseErrorReply, type Verb } from "../wire/mod.ts";
import { type Router, ZmtpError } from "../zmtp/mod.ts";
import type { Answer, Principal } from "./principal.ts";
import { RequestTurns, requestWeight } from "./request_turns.ts";

/** How long answers under way may take to leave when the socket is about to close, in milliseconds. */
const answersDrainMs = 1000;

/** Requests that decide, or wait, and read next to nothing. */
const decisions: ReadonlySet<string> = new Set<Verb | OriginalRequest["verb"]>([
  ...["PING", "RUNTASK", "REGISTERAGENT", "FETCHWORKFLOW", "AGENTWORKFLOWSTATUS", "AGENTTASKSTATUS"] as const,
  ...["HELLO", "RUN", "WAITRUN", "CANCEL", "WORK", "REPORT", "LEAVE", "LOG"] as const,
]);
/** No verb is longer. */
const verbBytesMax = 32;
const firstLetter = "A".charCodeAt(0);
const lastLetter = "Z".charCodeAt(0);
/** So many bytes of a request weigh as much as one that only decides: they have to be read. */
const bytesOfWeight = 1024;

/** A client's connection, as far as its requests are concerned. */
interface RequestConnection {
  readonly gone: AbortController;
  /** The answer to the last request that came without a frame of the client's own. */
  lastInTurn: Promise<void>;
}

/** Has a principal answer what comes in on a router, from the time it is made. */
export class RequestService {
  readonly #router: Router;
  readonly #principal: Principal;
  readonly #clock: Clock;
  readonly #turns: RequestTurns;
  /** The router gives every message of a peer the very same identity array, so it can be the key. */
  readonly #connections = new Map<Uint8Array, RequestConnection>();
  #underWay = 0;
  #onIdle = () => {};

  constructor(router: Router, principal: Principal, clock: Clock) {
    this.#router = router;
    this.#principal = principal;
    this.#clock = clock;
    this.#turns = new RequestTurns(clock);
    // A request counts against its client's mark on the socket until it is answered: who asks without end is not read on.
    router.onMessage = ([identity, ...frames]) => identity === undefined ? undefined : this.#take(identity, frames);
  }

  /** The client of that identity is gone: nothing is held for it any longer. */
  forget(identity: Uint8Array | undefined): void {
    if (identity === undefined) return;
    this.#connections.get(identity)?.gone.abort();
    this.#connections.delete(identity);
  }

  /** Lets the answers under way leave, for a second at most. An original agent that gets none ends itself. */
  async drain(): Promise<void> {
    if (this.#underWay === 0) return;
    const idle = new Promise<void>((resolve) => this.#onIdle = resolve);
    const over = new AbortController();
    await Promise.race([idle, sleep(this.#clock, answersDrainMs, over.signal).catch(() => {})]);
    over.abort();
  }

  #take(identity: Uint8Array, frames: readonly Uint8Array[]): Promise<void> {
    const connection = this.#connections.get(identity) ??
      { gone: new AbortController(), lastInTurn: Promise.resolve() };
    this.#connections.set(identity, connection);
    const request = splitEnvelope(frames);
    this.#underWay++;
    return new Promise((resolve) => {
      this.#turns.take(connection, weightOf(request), () => resolve(this.#begin(identity, connection, request)));
    });
  }

  #begin(identity: Uint8Array, connection: RequestConnection, request: Request): Promise<void> {
    const { gone } = connection;
    // Replies are told apart by what the client put before the delimiter. Without that only their order tells, which is
    // how the original answers: one after the other.
    if (request.envelope.length > 1) return this.#answer(identity, request, gone.signal);
    return connection.lastInTurn = connection.lastInTurn.then(() => this.#answer(identity, request, gone.signal));
  }

  /** Never rejects. */
  async #answer(identity: Uint8Array, { envelope, body }: Request, gone: AbortSignal): Promise<void> {
    const { body: reply, undelivered } = body.length === 0
      ? noDelimiterAnswer
      : await this.#principal.answer(body, gone);
    if (!this.#trySend([identity, ...envelope, reply])) undelivered();
    if (--this.#underWay === 0) this.#onIdle();
  }

  /** @returns Whether it is on its way; not when the client has gone or the socket was closed meanwhile. */
  #trySend(frames: readonly Uint8Array[]): boolean {
    try {
      return this.#router.trySend(frames);
    } catch (error) {
      if (error instanceof ZmtpError && error.code === "CLOSED") return false;
      throw error;
    }
  }
}

const noDelimiterAnswer: Answer = {
  body: encodeReply(parseErrorReply("a request is an empty frame and one frame with its text")),
  undelivered: () => {},
};

/** A request as it came, parted. */
interface Request {
  readonly envelope: readonly Uint8Array[];
  readonly body: readonly Uint8Array[];
}

/**
 * Parts a request into what has to stand before its reply and the request itself: all frames up to the first empty one, or
 * the first frame where none is empty, as the original's REP does.
 */
function splitEnvelope(frames: readonly Uint8Array[]): Request {
  const delimiter = frames.findIndex((frame) => frame.length === 0);
  const length = delimiter === -1 ? Math.min(frames.length - 1, 1) : delimiter + 1;
  return length === 0 && delimiter === -1
    ? { envelope: [encodeText("")], body: [] }
    : { envelope: frames.slice(0, length), body: frames.slice(length) };
}

/** How much of a turn a request takes. */
function weightOf({ body }: Request): number {
  const [text = new Uint8Array()] = body;
  const weight = decisions.has(verbOf(text)) ? requestWeight.decision : requestWeight.query;
  return weight + Math.floor(text.length / bytesOfWeight);
}

/** The verb that a request begins with: capital letters. */
function verbOf(text: Uint8Array): string {
  const start = text.subarray(0, verbBytesMax);
  const end = start.findIndex((byte) => byte < firstLetter || byte > lastLetter);
  return String.fromCharCode(...(end === -1 ? start : start.subarray(0, end)));
}
