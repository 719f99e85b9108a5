/** The three sockets of a principal: requests (ROUTER), log lines in (PULL), log lines out (PUB). */
import type { Clock, Random } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { encodeReply, encodeText, parseErrorReply } from "../wire/mod.ts";
import { Pub, Pull, Router, type SocketOptions, ZmtpError } from "../zmtp/mod.ts";
import type { Principal } from "./principal.ts";
import type { Report } from "./report.ts";

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
  readonly report: Report;
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
  readonly #router: Router;
  readonly #pull: Pull;
  readonly #pub: Pub;
  readonly #unsubscribe: () => void;

  private constructor(sockets: Sockets, ports: ServerPorts, unsubscribe: () => void) {
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
    const { host, clock, random, report } = options;
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
      serveRequests(sockets.router, principal, report);
      sockets.pull.onMessage = (frames) => principal.logs.take(frames);
      const unsubscribe = principal.logs.subscribe((frame) => void sockets.pub.trySend([frame]));
      return new Server(sockets, ports, unsubscribe);
    } catch (error) {
      await closeAll(sockets);
      throw error;
    }
  }

  /** Stops listening, sends what is queued within the sockets' linger time, and closes. */
  async close(): Promise<void> {
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

function serveRequests(router: Router, principal: Principal, report: Report): void {
  // The router gives every message of a peer the very same identity array, so it can be the key.
  const connections = new Map<Uint8Array, AbortController>();
  router.onPeerEvent = (event) => {
    if (event.type !== "disconnected" || event.peer.identity === undefined) return;
    connections.get(event.peer.identity)?.abort();
    connections.delete(event.peer.identity);
  };
  router.onMessage = async ([identity, ...frames]) => {
    if (identity === undefined) return;
    let connection = connections.get(identity);
    if (connection === undefined) connections.set(identity, connection = new AbortController());
    const { envelope, body } = splitEnvelope(frames);
    if (body.length === 0) {
      router.trySend([identity, ...envelope, noDelimiterReply]);
      return;
    }
    try {
      const answer = await principal.answer(body, connection.signal);
      if (!router.trySend([identity, ...envelope, answer.body])) answer.undelivered();
    } catch (error) {
      report.error(`cannot answer a request: ${messageOf(error)}`);
    }
  };
}

const noDelimiterReply = encodeReply(parseErrorReply("a request is an empty frame and one frame with its text"));

/**
 * Parts a request into what has to stand before its reply and the request itself: all frames up to the first empty one, or
 * the first frame where none is empty, as the original's REP does.
 */
function splitEnvelope(
  frames: readonly Uint8Array[],
): { envelope: readonly Uint8Array[]; body: readonly Uint8Array[] } {
  const delimiter = frames.findIndex((frame) => frame.length === 0);
  const length = delimiter === -1 ? Math.min(frames.length - 1, 1) : delimiter + 1;
  return length === 0 && delimiter === -1
    ? { envelope: [encodeText("")], body: [] }
    : { envelope: frames.slice(0, length), body: frames.slice(length) };
}
