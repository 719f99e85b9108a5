/** A way to a principal in this process that a test can cut, as a network does. */
import type { LogSubscriber, PrincipalLink, RequestOptions } from "../../src/client/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { directLink, type Principal } from "../../src/principal/mod.ts";

/** See the top of this file. */
export class CuttableLink implements PrincipalLink {
  readonly address = "the other side";
  #link: PrincipalLink;
  #cut = new AbortController();
  /** Requests so far, those that failed included. */
  tries = 0;

  constructor(principal: Principal) {
    this.#link = directLink(principal);
  }

  /** Requests fail from now on, and so do those under way. */
  cut(): void {
    this.#cut.abort(new CdktrError("UNREACHABLE", "The other side does not answer."));
  }

  /** Requests work again, with the same principal or one that has taken its place. */
  mend(principal?: Principal): void {
    this.#cut = new AbortController();
    if (principal !== undefined) this.#link = directLink(principal);
  }

  async request(body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    this.tries++;
    const cut = this.#cut.signal;
    return await this.#link.request(body, {
      timeoutMs,
      signal: signal === undefined ? cut : AbortSignal.any([cut, signal]),
    });
  }

  tryPushLog(frame: Uint8Array): boolean {
    return !this.#cut.signal.aborted && this.#link.tryPushLog(frame);
  }

  pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!this.#cut.signal.aborted) return this.#link.pushLog(frame, signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  }

  subscribeLogs(topic: Uint8Array, subscriber: LogSubscriber): () => void {
    return this.#link.subscribeLogs(topic, subscriber);
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
