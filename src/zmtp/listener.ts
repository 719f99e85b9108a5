/** Accepts TCP connections on one address until it is closed. */

import { asZmtpError, ZmtpError } from "./error.ts";
import type { SocketClock } from "./options.ts";
import type { Address } from "./peer.ts";

/** Pause after a failed accept, in milliseconds: without descriptors, accepting again at once would spin. */
const acceptRetryMs = 100;

/** What a listener asks of its socket. */
export interface ListenerHooks {
  /** Takes over a connection. */
  onConnection(tcp: Deno.TcpConn): void;
  onAcceptFailed(address: Address, error: ZmtpError): void;
}

/** One listening address. */
export class Listener {
  readonly address: Address;
  readonly #tcp: Deno.TcpListener;
  readonly #clock: SocketClock;
  readonly #hooks: ListenerHooks;
  #closed = false;
  #endPause: (() => void) | undefined;

  /**
   * Opens the address.
   *
   * @throws {ZmtpError} `ADDRESS_IN_USE` or `BIND_FAILED`.
   */
  constructor(address: Address, clock: SocketClock, hooks: ListenerHooks) {
    const { hostname, port } = address;
    try {
      this.#tcp = Deno.listen({ hostname, port });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) {
        throw new ZmtpError("ADDRESS_IN_USE", `Somebody listens on ${hostname}:${port} already.`, error);
      }
      throw asZmtpError(error, "BIND_FAILED", `Cannot listen on ${hostname}:${port}`);
    }
    this.address = { hostname, port: this.#tcp.addr.port };
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Accepts until {@linkcode close}. Never rejects. */
  async run(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#hooks.onConnection(await this.#tcp.accept());
      } catch (error) {
        if (this.#closed) return;
        this.#hooks.onAcceptFailed(this.address, asZmtpError(error, "BIND_FAILED", "Cannot accept a connection"));
        await this.#pause();
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tcp.close();
    this.#endPause?.();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(acceptRetryMs, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
