/** The three sockets of a principal: requests (ROUTER), log lines in (PULL), log lines out (PUB). */
import type { Clock, Random } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { type PeerEvent, Pub, Pull, Router, type SocketOptions, ZmtpError } from "../zmtp/mod.ts";
import type { Principal } from "./principal.ts";
import { RequestService } from "./request_service.ts";

/** How often a silent client of ZMTP 3.1 is asked for a sign of life, and when it is given up. */
const heartbeatIntervalMs = 10_000;
const heartbeatTimeoutMs = 30_000;
/**
 * Lines, and bytes, kept for a subscriber that reads slower than they come; further ones are dropped for that subscriber.
 * Each of many that read nothing costs so much.
 */
const subscriberLinesMax = 50_000;
const subscriberBytesMax = 8 * 1024 * 1024;
/** The largest message of the log port: a line of the greatest length with its fields, several times over. */
const logMessageBytesMax = 4 * 1024 * 1024;
/** That connections are turned away is told no more often than this. */
const tellRefusalsEveryMs = 60_000;

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
  readonly #sockets: Sockets;
  readonly #requests: RequestService;
  readonly #unsubscribe: () => void;

  private constructor(principal: Principal, clock: Clock, sockets: Sockets, ports: ServerPorts) {
    const { router, pull, pub } = sockets;
    this.ports = ports;
    this.#principal = principal;
    this.#sockets = sockets;
    const requests = this.#requests = new RequestService(router, principal, clock);
    const tellRefusal = refusalsOf(principal, clock);
    router.onPeerEvent = (event) => {
      if (event.type === "disconnected") requests.forget(event.peer.identity);
      tellRefusal(event);
    };
    pull.onPeerEvent = pub.onPeerEvent = tellRefusal;
    pull.onMessage = (frames) => principal.logs.take(frames);
    this.#unsubscribe = principal.logs.subscribe((frame) => void pub.trySend([frame]), () => pub.peerCount > 0);
  }

  /**
   * Listens for a principal.
   *
   * @throws {CdktrError} ADDRESS_IN_USE when a port is taken, INVALID_SETTING when the host is no address of this machine.
   */
  static async listen(principal: Principal, options: ServerOptions): Promise<Server> {
    const { sockets, ports } = await bindAll(options);
    return new Server(principal, options.clock, sockets, ports);
  }

  /**
   * Sees whether a principal could listen there, and leaves the ports free.
   *
   * @throws {CdktrError} what {@linkcode Server.listen} would.
   */
  static async probe(options: ServerOptions): Promise<void> {
    await closeAll((await bindAll(options)).sockets);
  }

  /** Answers whoever waits, stops listening, sends what is queued within the sockets' linger time, and closes. */
  async close(): Promise<void> {
    this.#principal.stopHolding();
    await this.#requests.drain();
    this.#unsubscribe();
    await closeAll(this.#sockets);
  }
}

interface Sockets {
  readonly router: Router;
  readonly pull: Pull;
  readonly pub: Pub;
}

async function bindAll(options: ServerOptions): Promise<{ sockets: Sockets; ports: ServerPorts }> {
  const { host, clock, random } = options;
  const common: SocketOptions = { clock, random };
  const alive = { ...common, heartbeatIntervalMs, heartbeatTimeoutMs };
  const sockets: Sockets = {
    router: new Router(alive),
    pull: new Pull({ ...alive, maxFrameBytes: logMessageBytesMax, maxMessageBytes: logMessageBytesMax }),
    pub: new Pub({
      ...common,
      sendHighWaterMark: subscriberLinesMax,
      sendHighWaterBytes: subscriberBytesMax,
    }),
  };
  try {
    const ports = {
      port: await bind(sockets.router, host, options.port, "CDKTR_PRINCIPAL_PORT"),
      logsInPort: await bind(sockets.pull, host, options.logsInPort, "CDKTR_LOGS_LISTENING_PORT"),
      logsOutPort: await bind(sockets.pub, host, options.logsOutPort, "CDKTR_LOGS_PUBLISHING_PORT"),
    };
    return { sockets, ports };
  } catch (error) {
    await closeAll(sockets);
    throw error;
  }
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

/** Tells the operator of connections that could not be accepted, such as one above the sockets' limit. */
function refusalsOf({ report }: Principal, clock: Clock): (event: PeerEvent) => void {
  let toldMs = -Infinity;
  return (event) => {
    if (event.type !== "accept-failed" || clock.monotonicMs() - toldMs < tellRefusalsEveryMs) return;
    toldMs = clock.monotonicMs();
    const { address, error } = event;
    report.warn(`a connection at ${address.hostname}:${address.port} was not accepted: ${messageOf(error)}`);
  };
}
