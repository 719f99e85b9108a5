/**
 * The network between a principal and its clients. Requests and replies are bytes; on their way they are late, lost, doubled
 * and overtaken, connections break, and partitions let nothing through in one direction or in both.
 *
 * A connection behaves as one of `src/zmtp`: when it is lost each side learns it in its own time, requests under way fail as
 * UNREACHABLE, and the principal sees the client gone. More than that is simulated: TCP loses and doubles nothing.
 */
import type { LogSubscriber, PrincipalLink, RequestOptions } from "../../src/client/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import type { Principal } from "../../src/principal/mod.ts";
import type { SimProcess } from "./machine.ts";
import type { World } from "./world.ts";

/** How bad the network is at present. */
export interface NetworkWeather {
  readonly lossChance: number;
  readonly doubleChance: number;
  /** Of each message, evenly spread up to this. */
  readonly delayMaxMs: number;
  /** How often a message takes up to `spikeMaxMs` instead. */
  readonly spikeChance: number;
  readonly spikeMaxMs: number;
}

/** Nothing is lost, and everything arrives within a millisecond. */
export const calmNetwork: NetworkWeather = {
  lossChance: 0,
  doubleChance: 0,
  delayMaxMs: 1,
  spikeChance: 0,
  spikeMaxMs: 0,
};

/** CDKTR_DEFAULT_ZMQ_TIMEOUT_MS of these worlds. */
export const requestTimeoutMs = 3000;
/** A side that sees nothing of the other for so long gives the connection up, as `src/zmtp` does. */
const silentConnectionMs = 30_000;
/** How long a refused connection takes to be one. */
const refusalMs = 2;

/** Which way a message goes. */
export type Direction = "up" | "down";

/** A principal as the network reaches it. */
export interface Endpoint {
  readonly process: SimProcess;
  readonly principal: Pick<Principal, "answer" | "logs">;
}

/** One client's connection to one principal. */
class Connection {
  /** The principal's side: aborts when it has noticed that the client is gone. */
  readonly gone = new AbortController();
  isOpen = true;

  constructor(readonly endpoint: Endpoint) {}
}

/** See the top of this file. */
export class Network {
  weather: NetworkWeather = calmNetwork;
  readonly #world: World;
  readonly #links = new Set<SimLink>();
  /** Directions that let nothing through, by the machine that is cut off. */
  readonly #partitions = new Map<string, ReadonlySet<Direction>>();
  /** The principal that listens; null when none does. */
  endpoint: Endpoint | null = null;
  /** Told of every request that reaches the principal. */
  onDelivered: (body: Uint8Array) => void = () => {};

  constructor(world: World) {
    this.#world = world;
  }

  /** A way to whoever is the principal, for a client that runs in `process`. */
  link(process: SimProcess): SimLink {
    const link = new SimLink(this.#world, this, process);
    this.#links.add(link);
    return link;
  }

  /** Takes a link out of the world. */
  forget(link: SimLink): void {
    this.#links.delete(link);
  }

  /** The principal's process is gone: its connections break, as far as its clients can see it. */
  unplug(): void {
    this.endpoint = null;
    for (const link of this.#links) link.cut("the principal's process is gone");
  }

  /** Breaks the connections of a machine. */
  cut(machine: string): void {
    for (const link of this.#links) if (link.process.machine.name === machine) link.cut("the connection broke");
  }

  /** Lets nothing of a machine through in these directions. */
  partition(machine: string, directions: readonly Direction[]): void {
    this.#partitions.set(machine, new Set(directions));
  }

  /** Lets everything of a machine through again. */
  heal(machine: string): void {
    this.#partitions.delete(machine);
  }

  /** Whether a direction is closed for a machine. */
  isClosed(machine: string, direction: Direction): boolean {
    return this.#partitions.get(machine)?.has(direction) ?? false;
  }

  /** Machines that are cut off in some direction. */
  get partitioned(): string[] {
    return [...this.#partitions.keys()];
  }

  /** Sends a message on its way, which may bring it there once, twice or never. */
  carry(machine: string, direction: Direction, what: string, arrive: () => void): void {
    const { random, trace, coverage, timeline } = this.#world;
    const { lossChance, doubleChance } = this.weather;
    const copies = random.chance(lossChance) ? 0 : random.chance(doubleChance) ? 2 : 1;
    if (copies !== 1) trace.add(machine, `${direction} ${what} is ${copies === 0 ? "lost" : "doubled"}`);
    coverage.count(`messages ${copies === 0 ? "lost" : copies === 2 ? "doubled" : "carried"}`);
    for (let copy = 0; copy < copies; copy++) {
      timeline.after(this.delayMs(), () => {
        // Whatever is on its way when the partition begins is lost, too.
        if (this.isClosed(machine, direction)) coverage.count("messages lost in partitions");
        else arrive();
      });
    }
  }

  /** How long the next message takes. */
  delayMs(): number {
    const { random } = this.#world;
    const { spikeChance, spikeMaxMs, delayMaxMs } = this.weather;
    return random.chance(spikeChance) ? random.between(0, spikeMaxMs) : random.between(0.05, delayMaxMs);
  }
}

interface Pending {
  readonly reject: (error: unknown) => void;
  readonly resolve: (body: Uint8Array) => void;
}

/** A {@linkcode PrincipalLink} through the simulated network. */
export class SimLink implements PrincipalLink {
  readonly address = "the simulated principal";
  readonly #world: World;
  readonly #network: Network;
  readonly process: SimProcess;
  #connection: Connection | null = null;
  #lastNumber = 0;
  readonly #pending = new Map<number, Pending>();
  /** Log lines arrive in the order they were sent. */
  #lastLineAtMs = 0;

  constructor(world: World, network: Network, process: SimProcess) {
    this.#world = world;
    this.#network = network;
    this.process = process;
  }

  async request(body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const number = ++this.#lastNumber;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#pending.set(number, { resolve, reject });
    const cancelTimer = this.process.setTimer(timeoutMs, () => {
      reject(this.#connection === null ? unreachable() : timedOut(timeoutMs));
    });
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#send(number, body);
    try {
      return await promise;
    } finally {
      cancelTimer();
      signal?.removeEventListener("abort", onAbort);
      this.#pending.delete(number);
    }
  }

  tryPushLog(frame: Uint8Array): boolean {
    const connection = this.#connect();
    if (connection === null) return false;
    const { timeline } = this.#world;
    this.#lastLineAtMs = Math.max(this.#lastLineAtMs, timeline.nowMs + this.#network.delayMs());
    timeline.after(this.#lastLineAtMs - timeline.nowMs, () => {
      if (!connection.isOpen || this.#network.isClosed(this.process.machine.name, "up")) return;
      const { process, principal } = connection.endpoint;
      process.input(() => void principal.logs.take([frame]));
    });
    return true;
  }

  pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.tryPushLog(frame)) return Promise.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  }

  subscribeLogs(_topic: Uint8Array, _subscriber: LogSubscriber): () => void {
    throw new Error("no simulated client follows log lines");
  }

  close(): Promise<void> {
    this.#failAll(new CdktrError("SHUTTING_DOWN", "The link to the principal is closed."));
    this.cut("the client closed it");
    this.#network.forget(this);
    return Promise.resolve();
  }

  /** The client's process is gone. */
  vanish(): void {
    this.cut("its process is gone");
    this.#network.forget(this);
  }

  /** The connection is lost; each side learns it after a while of its own. */
  cut(why: string): void {
    const connection = this.#connection;
    if (connection === null) return;
    const { timeline, trace, coverage } = this.#world;
    trace.add(this.process.name, `loses its connection: ${why}`);
    coverage.count("connections lost");
    connection.isOpen = false;
    timeline.after(this.#network.delayMs(), () => connection.endpoint.process.input(() => connection.gone.abort()));
    timeline.after(this.#network.delayMs(), () =>
      this.process.input(() => {
        if (this.#connection !== connection) return;
        this.#connection = null;
        this.#failAll(unreachable());
      }));
  }

  #connect(): Connection | null {
    if (this.#connection !== null) return this.#connection;
    const { endpoint } = this.#network;
    if (endpoint === null || this.#isCutOff()) return null;
    return this.#connection = new Connection(endpoint);
  }

  #isCutOff(): boolean {
    const { name } = this.process.machine;
    return this.#network.isClosed(name, "up") || this.#network.isClosed(name, "down");
  }

  #send(number: number, body: Uint8Array): void {
    const connection = this.#connect();
    if (connection === null) {
      // Refused at once; what goes into a partition is heard of no more.
      if (this.#isCutOff()) return;
      this.#world.timeline.after(
        refusalMs,
        () => this.process.input(() => this.#pending.get(number)?.reject(unreachable())),
      );
      return;
    }
    this.#watchSilence(connection);
    const { machine, name } = this.process;
    const what = `${verbOf(body)}#${number}`;
    this.#network.carry(machine.name, "up", what, () => {
      if (!connection.isOpen) return;
      const { process } = connection.endpoint;
      process.input(() => {
        this.#world.trace.add(process.name, `gets ${what} from ${name}`);
        this.#network.onDelivered(body);
        this.#answer(connection, number, what, body);
      });
    });
  }

  #answer(connection: Connection, number: number, what: string, body: Uint8Array): void {
    const { process, principal } = connection.endpoint;
    principal.answer([body], connection.gone.signal).then((answer) => {
      if (!process.isAlive) return;
      // As a socket does: what is sent before the loss of the connection is noticed goes nowhere, and nobody knows.
      if (connection.gone.signal.aborted) return answer.undelivered();
      this.#network.carry(this.process.machine.name, "down", `reply to ${what}`, () => {
        if (!connection.isOpen) return;
        this.process.input(() => {
          if (this.#connection !== connection) return;
          this.#world.trace.add(this.process.name, `gets the reply to ${what}`);
          this.#pending.get(number)?.resolve(answer.body);
        });
      });
    });
  }

  /** A connection that is partitioned for long enough is given up by both sides. */
  #watchSilence(connection: Connection): void {
    const { timeline } = this.#world;
    const startMs = timeline.nowMs;
    timeline.after(silentConnectionMs, () => {
      if (this.#connection !== connection || !this.#isCutOff()) return;
      if (timeline.nowMs - startMs >= silentConnectionMs) this.cut("nothing came through for too long");
    });
  }

  #failAll(error: CdktrError): void {
    for (const { reject } of [...this.#pending.values()]) reject(error);
  }
}

function unreachable(): CdktrError {
  return new CdktrError("UNREACHABLE", "The principal does not answer.");
}

function timedOut(timeoutMs: number): CdktrError {
  return new CdktrError("TIMED_OUT", `The principal did not answer within ${timeoutMs} ms.`);
}

function verbOf(body: Uint8Array): string {
  const end = body.indexOf(1);
  return new TextDecoder().decode(end < 0 ? body : body.subarray(0, end));
}
