/** The principal's API: typed, checked, and in the principal's own dialect. */
import { type Clock, orAborted, type Random } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import {
  encodeRequest,
  encodeText,
  encodeVerbRequest,
  isUnrecognisedVerb,
  type OriginalRequest,
  type ParsedReply,
  parseReply,
  parseVerbReply,
  type ReplyTo,
  type RequestOf,
  type Verb,
  workflowTopic,
} from "../wire/mod.ts";
import { followLogs, type LogNews } from "./follow_logs.ts";
import type { PrincipalLink, RequestLink } from "./link.ts";
import { OneShotLink } from "./one_shot_link.ts";
import { type PrincipalAddress, ZmtpLink } from "./zmtp_link.ts";

/** What a principal turned out to be: one of ours, or an original. */
export type Dialect = "cdktr" | "original";

/** Options of {@linkcode PrincipalClient}. */
export interface ClientOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The product's version, told to the principal. */
  readonly version: string;
  /** What this client is, for the principal's log: `cli`, `agent`, `scheduler`. */
  readonly role: string;
  /** How long one reply may take, in milliseconds; a request that is held gets the time it is held on top. */
  readonly timeoutMs: number;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A client of one principal. */
export class PrincipalClient {
  readonly #options: ClientOptions;
  readonly #link: PrincipalLink;
  /** For an original principal; absent where there can be none. */
  readonly #oneShot: RequestLink | null;
  #dialect: Dialect | null = null;
  /** The question that is under way, and how many wait for its answer. */
  #asking: { answer: Promise<Dialect>; waiting: number; readonly stop: AbortController } | null = null;

  private constructor(options: ClientOptions, link: PrincipalLink, oneShot: RequestLink | null) {
    this.#options = options;
    this.#link = link;
    this.#oneShot = oneShot;
  }

  /** A client over TCP. Connects when it is first used. */
  static overTcp(address: PrincipalAddress, options: ClientOptions): PrincipalClient {
    const { clock, random } = options;
    const linkOptions = { address, clock, random };
    return new PrincipalClient(options, new ZmtpLink(linkOptions), new OneShotLink(linkOptions));
  }

  /** A client of a principal in the same process. */
  static overLink(link: PrincipalLink, options: ClientOptions): PrincipalClient {
    return new PrincipalClient(options, link, null);
  }

  /** Where the principal is, for messages to people. */
  get address(): string {
    return this.#link.address;
  }

  /**
   * Finds out what the principal is; asks it once.
   *
   * @throws {CdktrError} UNREACHABLE or TIMED_OUT.
   */
  async dialect({ signal }: CallOptions = {}): Promise<Dialect> {
    if (this.#dialect !== null) return this.#dialect;
    // Whoever wants to know meanwhile shares the answer: a thousand first calls at once must not be a thousand connections.
    const asking = this.#asking ??= this.#startAsking();
    asking.waiting++;
    try {
      return await orAborted(asking.answer, signal);
    } finally {
      if (--asking.waiting === 0) {
        if (this.#asking === asking) this.#asking = null;
        asking.stop.abort(new CdktrError("SHUTTING_DOWN", "Nobody waits for the answer."));
      }
    }
  }

  /** Has the principal asked anew what it is, when that matters next: another one may have taken its place. */
  forgetDialect(): void {
    this.#dialect = null;
  }

  /**
   * What a principal of ours says of itself.
   *
   * @throws {CdktrError} As {@linkcode PrincipalClient.call}.
   */
  async hello(options: CallOptions = {}): Promise<ReplyTo<"HELLO">> {
    const { role, version } = this.#options;
    return await this.call("HELLO", { role, version }, options);
  }

  #startAsking() {
    const stop = new AbortController();
    const answer = this.#askDialect(stop.signal);
    answer.catch(() => {}); // Whoever waits for it is told; maybe nobody does any more.
    return { answer, waiting: 0, stop };
  }

  async #askDialect(signal: AbortSignal): Promise<Dialect> {
    const { role, version, timeoutMs } = this.#options;
    const hello = encodeVerbRequest("HELLO", { role, version });
    // An original may be deaf on a connection by now: each question needs a new one, or none would ever be answered.
    const body = await (this.#oneShot ?? this.#link).request(hello, { timeoutMs, signal });
    const isOriginal = this.#oneShot !== null && isUnrecognisedVerb(parseReply(body), "HELLO");
    if (!isOriginal) parseVerbReply("HELLO", body);
    return this.#dialect = isOriginal ? "original" : "cdktr";
  }

  /**
   * Asks the principal.
   *
   * @throws {CdktrError} What the principal answered, if that was an error; UNREACHABLE, TIMED_OUT; UNSUPPORTED when the
   * principal is an original one.
   */
  async call<V extends Verb>(verb: V, request: RequestOf<V>, options: CallOptions = {}): Promise<ReplyTo<V>> {
    const heldMs = "waitMs" in request ? request.waitMs : 0;
    return await this.callEncoded(verb, encodeVerbRequest(verb, request), heldMs, options);
  }

  /**
   * Asks with a request that is encoded already.
   *
   * @param heldMs How long the request lets the principal wait with its answer, in milliseconds.
   * @throws {CdktrError} As {@linkcode PrincipalClient.call}.
   */
  async callEncoded<V extends Verb>(
    verb: V,
    body: Uint8Array,
    heldMs: number,
    options: CallOptions = {},
  ): Promise<ReplyTo<V>> {
    if (await this.dialect(options) === "original") {
      throw new CdktrError(
        "UNSUPPORTED",
        `The principal at ${this.address} is an original cdktr, which cannot ${verb}.`,
        {
          hint: "Run a principal of this version to use this command.",
        },
      );
    }
    const timeoutMs = this.#options.timeoutMs + heldMs;
    return parseVerbReply(verb, await this.#link.request(body, { timeoutMs, signal: options.signal }));
  }

  /**
   * Asks in the original's words, which every principal understands.
   *
   * @returns The reply; one that says an error is returned, not thrown.
   * @throws {CdktrError} UNREACHABLE or TIMED_OUT.
   */
  async callOriginal(request: OriginalRequest, options: CallOptions = {}): Promise<ParsedReply> {
    const link = await this.dialect(options) === "original" ? this.#oneShot ?? this.#link : this.#link;
    const { timeoutMs } = this.#options;
    return parseReply(await link.request(encodeRequest(request), { timeoutMs, signal: options.signal }));
  }

  /** Queues one encoded log line if there is room. See {@linkcode PrincipalLink.tryPushLog}. */
  tryPushLog(frame: Uint8Array): boolean {
    return this.#link.tryPushLog(frame);
  }

  /** Queues one encoded log line as soon as there is room. See {@linkcode PrincipalLink.pushLog}. */
  pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#link.pushLog(frame, signal);
  }

  /**
   * Live log lines from now on, of one workflow or of all. The principal sends those that come after `connected` was told
   * and its side has taken notice of the subscription, which no message confirms.
   *
   * @returns Ends when `signal` aborts.
   */
  followLogs(workflowId: string | null, signal: AbortSignal): AsyncGenerator<LogNews, void> {
    const topic = workflowId === null ? encodeText("") : workflowTopic(workflowId);
    return followLogs(this.#link, topic, signal);
  }

  /** Sends what is queued and closes. */
  async close(): Promise<void> {
    await Promise.all([this.#link.close(), this.#oneShot?.close()]);
  }

  /** Closes the client. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
