/**
 * Keeps one address connected: connect, live as long as the connection does, pause, connect again.
 *
 * The pause doubles from try to try and is drawn from its upper half at random, so that the many clients of a server that
 * comes back do not all arrive at once.
 */

import type { ConnectionEnd } from "./connection.ts";
import { asZmtpError, ZmtpError } from "./error.ts";
import type { Settings } from "./options.ts";
import type { Address } from "./peer.ts";

/** What a connector asks of its socket. */
export interface ConnectorHooks {
  /** Lives the life of a connection. Never rejects. */
  runConnection(tcp: Deno.TcpConn): Promise<ConnectionEnd>;
  onRetry(delayMs: number, attempt: number, error: ZmtpError | undefined): void;
}

/** One connecting address. */
export class Connector {
  readonly address: Address;
  readonly #settings: Settings;
  readonly #hooks: ConnectorHooks;
  #stopped = false;
  /** Ends the try or the pause of the moment. */
  #interrupt: ((reason: ZmtpError) => void) | undefined;

  constructor(address: Address, settings: Settings, hooks: ConnectorHooks) {
    this.address = address;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Connects again and again until {@linkcode stop}. Never rejects. */
  async run(): Promise<void> {
    let attempt = 0;
    while (!this.#stopped) {
      const end = await this.runOnce();
      if (this.#stopped) return;
      attempt = end.wasUsable ? 1 : attempt + 1;
      const delayMs = this.#delayMs(attempt, end.error);
      this.#hooks.onRetry(delayMs, attempt, end.error);
      await this.#pause(delayMs);
    }
  }

  /** Connects, and lives as long as the connection does. Never rejects. */
  async runOnce(): Promise<ConnectionEnd> {
    try {
      return await this.#hooks.runConnection(await this.#connect());
    } catch (error) {
      const { hostname, port } = this.address;
      return {
        wasUsable: false,
        error: asZmtpError(error, "CONNECT_FAILED", `Cannot connect to ${hostname}:${port}`),
      };
    }
  }

  /** Ends tries and pauses. A connection that stands is not touched. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt?.(new ZmtpError("CLOSED", "The socket was closed."));
  }

  async #connect(): Promise<Deno.TcpConn> {
    const { clock, connectTimeoutMs } = this.#settings;
    const { hostname, port } = this.address;
    const abort = new AbortController();
    this.#interrupt = (reason) => abort.abort(reason);
    const cancelTimeout = clock.setTimer(connectTimeoutMs, () => {
      abort.abort(new ZmtpError("TIMED_OUT", `No connection to ${hostname}:${port} within ${connectTimeoutMs} ms.`));
    });
    try {
      const tcp = await Deno.connect({ hostname, port, signal: abort.signal });
      if (!abort.signal.aborted) return tcp;
      tcp.close();
      throw abort.signal.reason;
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      cancelTimeout();
      this.#interrupt = undefined;
    }
  }

  #delayMs(attempt: number, error: ZmtpError | undefined): number {
    const { random, reconnectMinMs, reconnectMaxMs } = this.#settings;
    // A peer that refuses us on purpose is not asked more often than necessary.
    const doublings = error?.code === "DENIED" ? Infinity : attempt - 1;
    const fullMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** doublings);
    return Math.round(fullMs * (1 + random.fraction()) / 2);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#interrupt = undefined;
        resolve();
      };
      const cancel = this.#settings.clock.setTimer(delayMs, end);
      this.#interrupt = () => {
        cancel();
        end();
      };
    });
  }
}
