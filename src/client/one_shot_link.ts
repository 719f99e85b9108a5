/**
 * The way to an original principal: a new connection for each request, closed after the reply, and one request at a time.
 * Anything else loses replies there: every few seconds it goes deaf on the connections it has, and answers in flight at
 * that moment are lost.
 */
import { CdktrError } from "../core/mod.ts";
import { Req } from "../zmtp/mod.ts";
import type { RequestLink, RequestOptions } from "./link.ts";
import { closedError, reachableHost, shown, unreachable, type ZmtpLinkOptions } from "./zmtp_link.ts";

/** Requests over a REQ socket each. */
export class OneShotLink implements RequestLink {
  readonly #options: ZmtpLinkOptions;
  #previous: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ZmtpLinkOptions) {
    this.#options = options;
  }

  request(body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(closedError());
    const turn = this.#previous.then(() => this.#exchange(body, options));
    this.#previous = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#previous;
  }

  async #exchange(body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    const { address, clock, random } = this.#options;
    const late = new AbortController();
    const cancelTimer = clock.setTimer(timeoutMs, () =>
      late.abort(
        new CdktrError("TIMED_OUT", `The principal at ${shown(address)} did not answer within ${timeoutMs} ms.`, {
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
