/** The three sockets of a principal: requests (ROUTER), log lines in (PULL), log lines out (PUB). */
import type { Clock, Random } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { encodeReply, encodeText, parseErrorReply } from "../wire/mod.ts";
import { Pub, Pull, Router, type SocketOptions, ZmtpError } from "../zmtp/mod.ts";
import type { Principal } from "./principal.ts";

/** How often a silent client of ZMTP 3.1 is asked for a sign of life, and when it is given up. */
const heartbeatIntervalMs = 10_000;
const heartbeatTimeoutMs = 30_000;
/** Lines kept for a subscriber that reads slower than they come; further ones are dropped for that subscriber. */
const subscriberLinesMax = 100_000;

/** Where a principal listens. */
export interface ServerOptions {
  readonly host: string;
  /** Requests. 0 takes a free port, as for the others. */
  readonly port: number;
  /** Log lines in. */
  readonly logsInPort: number;
  /** Log lines out. */
  readonly logsOutPort: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** The ports that were taken. */
export interface ServerPorts {
  readonly port: number;
  readonly logsInPort: number;
  readonly logsOutPort: number;
}

/** The listening side of a principal. */
export class Server {
  readonly ports: ServerPorts;
  readonly #principal: Principal;
  readonly #router: Router;
  readonly #pull: Pull;
  readonly #pub: Pub;
  readonly #unsubscribe: () => void;

  private constructor(principal: Principal, sockets: Sockets, ports: ServerPorts, unsubscribe: () => void) {
    this.#principal = principal;
    this.#router = sockets.router;
    this.#pull = sockets.pull;
    this.#pub = sockets.pub;
    this.ports = ports;
    this.#unsubscribe = unsubscribe;
  }

  /**
   * Listens for a principal.
   *
   * @throws {CdktrError} ADDRESS_IN_USE when a port is taken, INVALID_SETTING when the host is no address of this machine.
   */
  static async listen(principal: Principal, options: ServerOptions): Promise<Server> {
    const { host, clock, random } = options;
    const common: SocketOptions = { clock, random };
    const alive = { ...common, heartbeatIntervalMs, heartbeatTimeoutMs };
    const sockets: Sockets = {
      router: new Router(alive),
      pull: new Pull(alive),
      pub: new Pub({ ...common, sendHighWaterMark: subscriberLinesMax }),
    };
    try {
      const ports = {
        port: await bind(sockets.router, host, options.port, "CDKTR_PRINCIPAL_PORT"),
        logsInPort: await bind(sockets.pull, host, options.logsInPort, "CDKTR_LOGS_LISTENING_PORT"),
        logsOutPort: await bind(sockets.pub, host, options.logsOutPort, "CDKTR_LOGS_PUBLISHING_PORT"),
      };
      serveRequests(sockets.router, principal);
      sockets.pull.onMessage = (frames) => principal.logs.take(frames);
      const unsubscribe = principal.logs.subscribe((frame) => void sockets.pub.trySend([frame]));
      return new Server(principal, sockets, ports, unsubscribe);
    } catch (error) {
      await closeAll(sockets);
      throw error;
    }
  }

  /** Answers whoever waits, stops listening, sends what is queued within the sockets' linger time, and closes. */
  async close(): Promise<void> {
    this.#principal.dismissWaiting();
    await this.#principal.settled();
    this.#unsubscribe();
    await closeAll({ router: this.#router, pull: this.#pull, pub: this.#pub });
  }
}

interface Sockets {
  readonly router: Router;
  readonly pull: Pull;
  readonly pub: Pub;
}

async function closeAll({ router, pull, pub }: Sockets): Promise<void> {
  await Promise.all([router.close(), pull.close(), pub.close()]);
}

async function bind(socket: Router | Pull | Pub, host: string, port: number, setting: string): Promise<number> {
  try {
    return (await socket.bind(host, port)).port;
  } catch (cause) {
    if (cause instanceof ZmtpError && cause.code === "ADDRESS_IN_USE") {
      throw new CdktrError("ADDRESS_IN_USE", `Cannot listen on ${host}:${port}: another program has that port.`, {
        hint: `Stop that program, or give another port in ${setting}.`,
        cause,
      });
    }
    throw new CdktrError("INVALID_SETTING", `Cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      hint: `Check CDKTR_PRINCIPAL_HOST and ${setting}.`,
      cause,
    });
  }
}

/** A client's connection, as far as its requests are concerned. */
interface RequestConnection {
  readonly gone: AbortController;
  /** The answer to the last request that came without a frame of the client's own. */
  lastInTurn: Promise<void>;
}

function serveRequests(router: Router, principal: Principal): void {
  // The router gives every message of a peer the very same identity array, so it can be the key.
  const connections = new Map<Uint8Array, RequestConnection>();
  router.onPeerEvent = (event) => {
    if (event.type !== "disconnected" || event.peer.identity === undefined) return;
    connections.get(event.peer.identity)?.gone.abort();
    connections.delete(event.peer.identity);
  };
  const answer = async (identity: Uint8Array, { envelope, body }: Request, gone: AbortSignal): Promise<void> => {
    const { body: reply, undelivered } = body.length === 0 ? noDelimiterAnswer : await principal.answer(body, gone);
    if (!tryReply(router, [identity, ...envelope, reply])) undelivered();
  };
  router.onMessage = ([identity, ...frames]) => {
    if (identity === undefined) return;
    let connection = connections.get(identity);
    if (connection === undefined) {
      connections.set(identity, connection = { gone: new AbortController(), lastInTurn: Promise.resolve() });
    }
    const { gone } = connection;
    const request = splitEnvelope(frames);
    // Replies are told apart by what the client put before the delimiter. Without that only their order tells, which is
    // how the original answers: one after the other.
    if (request.envelope.length > 1) void answer(identity, request, gone.signal);
    else connection.lastInTurn = connection.lastInTurn.then(() => answer(identity, request, gone.signal));
  };
}

/** @returns Whether it is on its way; not when the client has gone or the server was closed meanwhile. */
function tryReply(router: Router, frames: readonly Uint8Array[]): boolean {
  try {
    return router.trySend(frames);
  } catch (error) {
    if (error instanceof ZmtpError && error.code === "CLOSED") return false;
    throw error;
  }
}

const noDelimiterAnswer = {
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
