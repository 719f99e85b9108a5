/** The way to a principal of ours over TCP: many requests on one connection, told apart by a number. */
import type { Clock, Random } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { Dealer, Push, Sub } from "../zmtp/mod.ts";
import type { LogSubscriber, PrincipalLink, RequestOptions } from "./link.ts";

/** Requests in flight at most; further ones are refused rather than queued behind a principal that does not answer. */
const maxRequestsInFlight = 10_000;
/** Log lines queued for a principal that does not take them at once. */
const queuedLogLinesMax = 10_000;
const heartbeatIntervalMs = 10_000;
const heartbeatTimeoutMs = 30_000;

/** Where a principal is. */
export interface PrincipalAddress {
  readonly host: string;
  /** Requests. */
  readonly port: number;
  /** Log lines towards the principal. */
  readonly logsInPort: number;
  /** Log lines from the principal. */
  readonly logsOutPort: number;
}

/** What a link over TCP needs. */
export interface ZmtpLinkOptions {
  readonly address: PrincipalAddress;
  readonly clock: Clock;
  readonly random: Random;
}

/** The host to connect to: listening on every address, a principal is reached on this machine by the loopback one. */
export function reachableHost(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

/** Host and port as people write them. */
export function shown({ host, port }: PrincipalAddress): string {
  const reachable = reachableHost(host);
  return reachable.includes(":") ? `[${reachable}]:${port}` : `${reachable}:${port}`;
}

/** The error of a principal that does not answer, or whose host cannot be found. */
export function unreachable(address: PrincipalAddress, cause?: unknown): CdktrError {
  const where = shown(address);
  const lookup = failedLookup(cause);
  if (lookup !== null) {
    return new CdktrError("UNREACHABLE", `The host name ${address.host} cannot be resolved: ${lookup}.`, {
      hint: "Check the name in CDKTR_PRINCIPAL_HOST or --principal-host, and this machine's name resolution.",
      cause,
    });
  }
  return new CdktrError("UNREACHABLE", `The principal at ${where} does not answer.`, {
    hint:
      "Start one with `cdktr start principal`, or say where it is in CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT.",
    cause,
  });
}

/** What the system said about a host name it has no address for; null for any other error. */
function failedLookup(error: unknown): string | null {
  for (let one = error; one instanceof Error; one = one.cause) {
    // The words of Rust's standard library, before those of `gai_strerror(3)`; the error has no code.
    const found = /failed to lookup address information: (.*)/.exec(one.message)?.[1];
    if (found !== undefined) return found.replace(/[.:]+$/, "");
  }
  return null;
}

interface InFlight {
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

const delimiter = new Uint8Array(0);

/** A {@linkcode PrincipalLink} over DEALER, PUSH and SUB sockets, which are opened when first used. */
export class ZmtpLink implements PrincipalLink {
  readonly address: string;
  readonly #options: ZmtpLinkOptions;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #subscriptions = new Set<Sub>();
  #dealer: Dealer | null = null;
  #push: Push | null = null;
  #lastNumber = 0;
  #isClosed = false;

  constructor(options: ZmtpLinkOptions) {
    this.#options = options;
    this.address = shown(options.address);
  }

  async request(body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    this.#assertOpen();
    if (signal?.aborted) throw signal.reason;
    if (this.#inFlight.size >= maxRequestsInFlight) {
      throw new CdktrError(
        "LIMIT_EXCEEDED",
        `More than ${maxRequestsInFlight} requests wait for the principal's reply.`,
      );
    }
    const dealer = this.#dealer ??= this.#openDealer();
    const number = ++this.#lastNumber;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#inFlight.set(number, { resolve, reject });
    const sending = new AbortController();
    const giveUp = (reason: unknown) => {
      sending.abort(reason);
      reject(reason);
    };
    const cancelTimer = this.#options.clock.setTimer(timeoutMs, () => giveUp(this.#lateError(dealer, timeoutMs)));
    const onAbort = () => giveUp(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      dealer.send([numberFrame(number), delimiter, body], { signal: sending.signal }).catch(reject);
      return await promise;
    } finally {
      cancelTimer();
      signal?.removeEventListener("abort", onAbort);
      this.#inFlight.delete(number);
      sending.abort();
    }
  }

  tryPushLog(frame: Uint8Array): boolean {
    this.#assertOpen();
    return (this.#push ??= this.#openPush()).trySend([frame]);
  }

  async pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    await (this.#push ??= this.#openPush()).send([frame], { signal });
  }

  subscribeLogs(topic: Uint8Array, subscriber: LogSubscriber): () => void {
    this.#assertOpen();
    const { address, ...sources } = this.#options;
    const sub = new Sub({ ...sources, heartbeatIntervalMs, heartbeatTimeoutMs });
    sub.onMessage = ([frame]) => {
      if (frame !== undefined) subscriber.onLine(frame);
    };
    sub.onPeerEvent = ({ type }) => {
      if (type === "handshake-succeeded") subscriber.onConnected();
      if (type === "disconnected" || type === "retrying") subscriber.onDisconnected();
    };
    sub.subscribe(topic);
    sub.connect(reachableHost(address.host), address.logsOutPort);
    this.#subscriptions.add(sub);
    return () => void sub.close({ lingerMs: 0 }).finally(() => this.#subscriptions.delete(sub));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failAll(closedError());
    const subscriptions = [...this.#subscriptions].map((sub) => sub.close({ lingerMs: 0 }));
    await Promise.all([this.#dealer?.close(), this.#push?.close(), ...subscriptions]);
  }

  #openDealer(): Dealer {
    const { address, ...sources } = this.#options;
    // Nothing is queued for a connection that is not there: a request whose client was told that it failed must not be
    // carried out later.
    const dealer = new Dealer({ ...sources, heartbeatIntervalMs, heartbeatTimeoutMs, queueUnconnected: false });
    dealer.onPeerEvent = (event) => {
      // A reply finds its way only through the connection that its request came by.
      if (event.type === "disconnected" || event.type === "retrying") this.#failAll(unreachable(address, event.error));
    };
    dealer.onMessage = ([number, , ...body]) => {
      if (number === undefined || body[0] === undefined) return;
      this.#inFlight.get(readNumber(number))?.resolve(body[0]);
    };
    dealer.connect(reachableHost(address.host), address.port);
    return dealer;
  }

  #openPush(): Push {
    const { address, ...sources } = this.#options;
    const push = new Push({ ...sources, sendHighWaterMark: queuedLogLinesMax });
    push.connect(reachableHost(address.host), address.logsInPort);
    return push;
  }

  #lateError(dealer: Dealer, timeoutMs: number): CdktrError {
    if (dealer.peerCount === 0) return unreachable(this.#options.address);
    return new CdktrError("TIMED_OUT", `The principal at ${this.address} did not answer within ${timeoutMs} ms.`, {
      hint: "It may have done what was asked all the same. CDKTR_DEFAULT_ZMQ_TIMEOUT_MS sets the time.",
    });
  }

  #failAll(error: CdktrError): void {
    for (const { reject } of [...this.#inFlight.values()]) reject(error);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

/** The error of a link that was closed. */
export function closedError(): CdktrError {
  return new CdktrError("SHUTTING_DOWN", "The link to the principal is closed.");
}

function numberFrame(number: number): Uint8Array {
  const frame = new Uint8Array(8);
  new DataView(frame.buffer).setFloat64(0, number);
  return frame;
}

function readNumber(frame: Uint8Array): number {
  return frame.length === 8 ? new DataView(frame.buffer, frame.byteOffset, 8).getFloat64(0) : NaN;
}
