/** A principal of the original, played by `original_principal.py`, and what it saw. */
import assert from "node:assert/strict";
import type { ServerPorts } from "../../src/principal/mod.ts";
import { type FoundRuntime, PeerProcess } from "./peers.ts";

/** Its faults, each by verb. */
export interface Faults {
  /** Requests that are executed and never answered. */
  readonly lost?: Readonly<Record<string, number>>;
  /** Requests after which the connection is reset. */
  readonly reset?: Readonly<Record<string, number>>;
  /** Requests after which it is closed without a reply. */
  readonly hungUp?: Readonly<Record<string, number>>;
  /** How late the next replies come, in milliseconds. */
  readonly delaysMs?: Readonly<Record<string, readonly number[]>>;
  /** What is answered instead. */
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** How often it goes deaf on the connections it has, in milliseconds. */
  readonly refreshMs?: number;
}

/** What it is started with. */
export interface OriginalPrincipalOptions extends Faults {
  /** Documents that FETCHWORKFLOW hands out, in order. */
  readonly documents?: readonly string[];
  /** What else it answers, by verb. */
  readonly replies?: Readonly<Record<string, string>>;
  /** Log lines that each subscriber is sent for its subscription. */
  readonly lines?: readonly string[];
}

/** Something the principal saw. */
export interface Seen {
  readonly what: string;
  readonly atMs: number;
  readonly connection: number;
  readonly [field: string]: unknown;
}

/** How long a test waits for what has to come about. */
const waitMaxMs = 20_000;

/** See the top of this file. */
export class OriginalPrincipal implements AsyncDisposable {
  readonly ports: ServerPorts;
  /** Everything it saw, in order. */
  readonly seen: Seen[] = [];
  readonly #process: PeerProcess;
  readonly #reading: Promise<void>;
  #wake = () => {};

  private constructor(process: PeerProcess, ports: ServerPorts) {
    this.#process = process;
    this.ports = ports;
    this.#reading = this.#read();
  }

  static async start(runtime: FoundRuntime, options: OriginalPrincipalOptions): Promise<OriginalPrincipal> {
    const process = new PeerProcess(runtime, "original_principal.py", { documents: [], ...options });
    const { port, logsInPort, logsOutPort } = await process.expect("ready");
    return new OriginalPrincipal(process, {
      port: Number(port),
      logsInPort: Number(logsInPort),
      logsOutPort: Number(logsOutPort),
    });
  }

  /** What it saw of one kind. */
  all(what: string): Seen[] {
    return this.seen.filter((seen) => seen.what === what);
  }

  /** The requests that arrived, each as its fields, without those of the given verbs. */
  requests(...without: readonly string[]): string[][] {
    const requests = this.all("request").map(({ text }) => String(text).split("\x01"));
    return requests.filter(([verb = ""]) => !without.includes(verb));
  }

  /** Resolves once it has seen enough. */
  async until(isEnough: (principal: OriginalPrincipal) => boolean): Promise<void> {
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const last = this.seen.slice(-20).map((seen) => JSON.stringify(seen));
      deadline.reject(new Error(`It did not come about. The principal saw last:\n${last.join("\n")}`));
    }, waitMaxMs);
    try {
      while (!isEnough(this)) {
        await Promise.race([deadline.promise, new Promise<void>((resolve) => this.#wake = resolve)]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves once it has no connection. */
  async untilAlone(): Promise<void> {
    const open = ({ seen }: OriginalPrincipal) =>
      new Set(seen.filter(({ what }) => what === "connected").map(({ connection }) => connection)).size -
      seen.filter(({ what }) => what === "closed").length;
    await this.until((principal) => open(principal) === 0);
  }

  /** The request connections are one-shot, one at a time, and end with a FIN; the principal survived everything. */
  assertGoodManners(): void {
    assert.deepEqual(this.all("fatal"), []);
    const closed = this.all("closed").filter(({ port }) => port === "requests");
    assert.deepEqual(closed.filter(({ how }) => how === "reset"), []);
    assert(closed.every(({ requests }) => Number(requests) <= 1), "one request for each connection");
    assert.deepEqual(this.all("request").filter(({ behind }) => behind !== 0), [], "one request at a time");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { what, atMs, connection, ...fields } = await this.#process.expect("did");
        this.seen.push({ ...fields, what: String(what), atMs: Number(atMs), connection: Number(connection) });
        this.#wake();
      }
    } catch {
      // The process has ended.
    }
  }
}
