/**
 * The way to an original principal: a new connection for each request, closed after the reply, and one request at a time.
 * Anything else loses replies there: every few seconds it goes deaf on the connections it has, and answers in flight at
 * that moment are lost.
 */
import { CdktrError } from "../core/mod.ts";
import { Req } from "../zmtp/mod.ts";
import type { LogSubscriber, PrincipalLink, RequestOptions } from "./link.ts";
import { closedError, reachableHost, unreachable, ZmtpLink, type ZmtpLinkOptions } from "./zmtp_link.ts";

/** A {@linkcode PrincipalLink} over a REQ socket for each request; log lines go as over {@linkcode ZmtpLink}. */
export class OneShotLink implements PrincipalLink {
  readonly address: string;
  readonly #options: ZmtpLinkOptions;
  readonly #logs: ZmtpLink;
  #previous: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ZmtpLinkOptions) {
    this.#options = options;
    this.#logs = new ZmtpLink(options);
    this.address = this.#logs.address;
  }

  request(body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(closedError());
    const turn = this.#previous.then(() => this.#exchange(body, options));
    this.#previous = turn.catch(() => {});
    return turn;
  }

  tryPushLog(frame: Uint8Array): boolean {
    return this.#logs.tryPushLog(frame);
  }

  pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#logs.pushLog(frame, signal);
  }

  subscribeLogs(topic: Uint8Array, subscriber: LogSubscriber): () => void {
    return this.#logs.subscribeLogs(topic, subscriber);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#previous;
    await this.#logs.close();
  }

  async #exchange(body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    const { address, clock, random } = this.#options;
    const late = new AbortController();
    const cancelTimer = clock.setTimer(timeoutMs, () =>
      late.abort(
        new CdktrError("TIMED_OUT", `The principal at ${this.address} did not answer within ${timeoutMs} ms.`, {
          hint: "It may have done what was asked all the same.",
        }),
      ));
    const wait = { signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]) };
    const req = new Req({ clock, random });
    let isSent = false;
    try {
      await req.connectOnce(reachableHost(address.host), address.port, wait);
      await req.send([body], wait);
      isSent = true;
      const [reply] = await req.receive(wait);
      return reply ?? new Uint8Array(0);
    } catch (error) {
      // Late before it was sent, the principal cannot have done what was asked.
      const isTold = signal?.aborted || (late.signal.aborted && isSent);
      throw isTold ? wait.signal.reason : unreachable(address, error);
    } finally {
      cancelTimer();
      await req.close();
    }
  }
}
