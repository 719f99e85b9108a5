/**
 * What all socket types share: listening, connecting, the peers that are there, and closing. How messages are spread over
 * the peers is each type's own.
 */

import { Connection, type ConnectionEnd } from "./connection.ts";
import { Connector } from "./connector.ts";
import { ZmtpError } from "./error.ts";
import { Listener } from "./listener.ts";
import { type Settings, settingsOf, type SocketOptions } from "./options.ts";
import type { Address, PeerEvent, PeerInfo, Side, SocketType } from "./peer.ts";
import { Pipe } from "./pipe.ts";
import { UnfinishedMessages } from "./unfinished.ts";
import { Waiters } from "./waiters.ts";

/** Options of whatever waits. */
export interface WaitOptions {
  /** Ends the wait; it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of {@linkcode Socket.close}. */
export interface CloseOptions {
  /** How long to go on sending what is queued, in milliseconds; 0 drops it. @default {SocketOptions.lingerMs} */
  lingerMs?: number;
}

/** The base of every socket type. */
export abstract class Socket {
  /** The socket's type, as announced to peers. */
  abstract readonly type: SocketType;
  /** Told of everything that happens to listeners and peers. It must not throw. */
  onPeerEvent: ((event: PeerEvent) => void) | undefined;
  protected readonly settings: Settings;
  readonly #unfinished: UnfinishedMessages;
  readonly #listeners = new Set<Listener>();
  /** Connecting addresses by their pipe. */
  readonly #connectors = new Map<Pipe, Connector>();
  /** All connections, those in their handshake included. */
  readonly #connections = new Set<Connection>();
  /** Pipes of usable peers, and those of connecting addresses. */
  readonly #pipes = new Set<Pipe>();
  readonly #peerWaiters = new Waiters<void, void>();
  #peerCount = 0;
  #acceptedCount = 0;
  #lostMessages = 0;
  /** Background loops; {@linkcode close} waits for them. */
  readonly #tasks = new Set<Promise<void>>();
  #orphaned: ZmtpError | undefined;
  #closing: Promise<void> | undefined;
  readonly #accept = (pipe: Pipe, frames: Uint8Array[]) => this.accept(pipe, frames);
  readonly #acceptSubscription = (pipe: Pipe, subscribes: boolean, topic: Uint8Array) =>
    this.acceptSubscription(pipe, subscribes, topic);

  /** @throws {ZmtpError} `MISUSE`, for an option out of range. */
  constructor(options: SocketOptions) {
    this.settings = settingsOf(options);
    this.#unfinished = new UnfinishedMessages(this.settings.maxUnfinishedBytes);
  }

  /** Peers that are connected and have finished their handshake. */
  get peerCount(): number {
    return this.#peerCount;
  }

  /**
   * Messages accepted for sending that were queued or being written when their connection or the socket ended. What TCP
   * had taken before that may be lost as well: whoever has to know needs answers.
   */
  get lostMessages(): number {
    let sum = this.#lostMessages;
    for (const pipe of this.#pipes) sum += pipe.outbox.lost;
    return sum;
  }

  /**
   * Listens on an address.
   *
   * @param hostname A local address or a name of one.
   * @param port A TCP port; 0 takes a free one.
   * @returns The address, with the port that was taken.
   * @throws {ZmtpError} `ADDRESS_IN_USE`, `BIND_FAILED` or `CLOSED`; or the reason of `signal`.
   */
  // deno-lint-ignore require-await -- listening is immediate today; callers should not come to rely on it
  async bind(hostname: string, port: number, options: WaitOptions = {}): Promise<Address> {
    this.assertOpen();
    options.signal?.throwIfAborted();
    const listener = new Listener({ hostname, port }, this.settings.clock, {
      onConnection: (tcp) => this.#takeConnection(tcp),
      onAcceptFailed: (address, error) => this.#tell({ type: "accept-failed", address, error }),
    });
    this.#listeners.add(listener);
    this.#orphaned = undefined;
    this.#track(listener.run());
    this.#tell({ type: "listening", address: listener.address });
    return listener.address;
  }

  /**
   * Connects in the background, and again whenever the connection is lost or cannot be made, until the socket is closed.
   *
   * @throws {ZmtpError} `CLOSED`.
   */
  connect(hostname: string, port: number): void {
    this.assertOpen();
    this.#track(this.#startConnector({ hostname, port }, this.#newPipe("connect")).run());
  }

  /**
   * Connects once, for a one-shot use. When this connection ends, and the socket has no other and no address that could
   * bring one, whatever waits on the socket is rejected with `PEER_LOST`.
   *
   * @returns When the handshake is done.
   * @throws {ZmtpError} `CONNECT_FAILED`, `TIMED_OUT`, `INCOMPATIBLE`, `DENIED`, `PEER_LOST`, `PROTOCOL` or `CLOSED`; or
   *   the reason of `signal`.
   */
  async connectOnce(hostname: string, port: number, options: WaitOptions = {}): Promise<void> {
    const { signal } = options;
    this.assertOpen();
    signal?.throwIfAborted();
    const address = { hostname, port };
    const usable = Promise.withResolvers<void>();
    const pipe = this.#newPipe("connect");
    const connector = this.#startConnector(address, pipe, usable.resolve);
    this.#track(
      connector.runOnce().then((end) => {
        this.#connectors.delete(pipe);
        this.#dropPipe(pipe);
        const error = end.error ?? new ZmtpError("PEER_LOST", `The peer at ${hostname}:${port} closed the connection.`);
        usable.reject(error);
        this.#checkOrphaned(error);
      }),
    );
    const onAbort = () => {
      usable.reject(signal?.reason);
      connector.stop();
      for (const connection of this.#connections) {
        if (connection.address === address) this.#track(connection.shutDown(0));
      }
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await usable.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Waits until at least one peer is there.
   *
   * @throws {ZmtpError} `CLOSED` or `PEER_LOST`; or the reason of `signal`.
   */
  async whenPeer(options: WaitOptions = {}): Promise<void> {
    this.assertOpen();
    if (this.#peerCount > 0) return;
    if (this.#orphaned) throw this.#orphaned;
    await this.#peerWaiters.wait(undefined, options.signal);
  }

  /**
   * Closes: no new peer, no new message; what is queued is still sent within the linger time; then every connection ends
   * with a FIN. Resolves when no descriptor and no timer is left. Further calls return the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#shutDown(options.lingerMs ?? this.settings.lingerMs);
    return this.#closing;
  }

  /** Closes with the linger time of the options. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A peer became usable. Throws a {@linkcode ZmtpError} to turn it away. */
  protected abstract addPeer(pipe: Pipe, peer: PeerInfo): void;
  /** A peer is gone. A pipe of a connecting address comes back with the next connection. */
  protected abstract removePeer(pipe: Pipe, error: ZmtpError | undefined): void;
  /** A message of a peer. */
  protected abstract accept(pipe: Pipe, frames: Uint8Array[]): void;
  /** A full pipe has room again. */
  protected onRoom(_pipe: Pipe): void {}
  /** A connecting address was added, or given up for good. */
  protected addAddress(_pipe: Pipe): void {}
  protected removeAddress(_pipe: Pipe): void {}
  /** Nothing that waits can be served any more. */
  protected abstract refuseWaiters(error: ZmtpError): void;
  /** The socket is closing: nothing more is received, nothing that waits is served. */
  protected abstract stop(error: ZmtpError): void;
  /** Whether closing may skip the wait for the peer's FIN, because this peer has nothing to say. */
  protected isSilentPeer(_pipe: Pipe): boolean {
    return false;
  }
  /** A subscription by command; only a PUB takes any. */
  protected acceptSubscription(_pipe: Pipe, _subscribes: boolean, _topic: Uint8Array): void {}

  /** Why no peer can come any more, if so. */
  protected get unreachable(): ZmtpError | undefined {
    return this.#orphaned;
  }

  /** @throws {ZmtpError} `CLOSED`. */
  protected assertOpen(): void {
    if (this.#closing) throw new ZmtpError("CLOSED", `The ${this.type} socket is closed.`);
  }

  /** Closes the connection of one peer. A connecting address connects again. */
  protected dropPeer(pipe: Pipe, drainMs: number): void {
    pipe.outbox.clear();
    if (pipe.connection) this.#track(pipe.connection.shutDown(drainMs));
  }

  #newPipe(side: Side): Pipe {
    const { sendHighWaterMark, sendHighWaterBytes } = this.settings;
    return new Pipe(side, { messages: sendHighWaterMark, bytes: sendHighWaterBytes }, (pipe) => this.onRoom(pipe));
  }

  #startConnector(address: Address, pipe: Pipe, onUsable?: () => void): Connector {
    const connector = new Connector(address, this.settings, {
      runConnection: (tcp) => this.#runConnection(tcp, address, pipe, onUsable),
      onRetry: (delayMs, attempt, error) => this.#tell({ type: "retrying", address, delayMs, attempt, error }),
    });
    this.#connectors.set(pipe, connector);
    this.#pipes.add(pipe);
    this.addAddress(pipe);
    this.#orphaned = undefined;
    return connector;
  }

  #takeConnection(tcp: Deno.TcpConn): void {
    const { hostname, port } = tcp.remoteAddr;
    const address = { hostname, port };
    const { maxPeers } = this.settings;
    if (this.#closing || this.#acceptedCount >= maxPeers) {
      tcp.close();
      const error = new ZmtpError("LIMIT_EXCEEDED", `The socket has ${maxPeers} connections, its most.`);
      if (!this.#closing) this.#tell({ type: "accept-failed", address, error });
      return;
    }
    this.#acceptedCount++;
    this.#track(this.#runConnection(tcp, address, undefined).then(() => void this.#acceptedCount--));
  }

  /** Lives the life of a connection. Never rejects. */
  async #runConnection(
    tcp: Deno.TcpConn,
    address: Address,
    addressPipe: Pipe | undefined,
    onUsable?: () => void,
  ): Promise<ConnectionEnd> {
    const side = addressPipe ? "connect" : "bind";
    let pipe: Pipe | undefined;
    const connection = new Connection(tcp, address, side, {
      type: this.type,
      settings: this.settings,
      unfinished: this.#unfinished,
      admit: (admitted, peer) => {
        pipe = this.#admit(admitted, peer, addressPipe ?? this.#newPipe("bind"));
        onUsable?.();
        return pipe;
      },
      accept: this.#accept,
      acceptSubscription: this.#acceptSubscription,
    });
    this.#connections.add(connection);
    this.#tell({ type: "connected", side, address });
    const end = await connection.run();
    this.#connections.delete(connection);
    if (pipe) this.#lose(pipe, end.error);
    else if (end.error) this.#tell({ type: "handshake-failed", side, address, error: end.error });
    return end;
  }

  #admit(connection: Connection, peer: PeerInfo, pipe: Pipe): Pipe {
    if (this.#closing && pipe.side === "bind") throw new ZmtpError("CLOSED", `The ${this.type} socket is closing.`);
    pipe.connection = connection;
    pipe.peer = peer;
    try {
      this.addPeer(pipe, peer);
    } catch (error) {
      pipe.connection = undefined;
      throw error;
    }
    this.#pipes.add(pipe);
    this.#peerCount++;
    this.#tell({ type: "handshake-succeeded", peer: pipe.peer });
    while (this.#peerWaiters.length > 0) this.#peerWaiters.serve();
    return pipe;
  }

  #lose(pipe: Pipe, error: ZmtpError | undefined): void {
    const peer = pipe.peer;
    pipe.connection = undefined;
    this.#peerCount--;
    if (pipe.side === "bind" || !this.settings.queueUnconnected) pipe.outbox.clear();
    this.removePeer(pipe, error);
    if (pipe.side === "bind") this.#dropPipe(pipe);
    if (peer) this.#tell({ type: "disconnected", peer, error });
  }

  #dropPipe(pipe: Pipe): void {
    if (!this.#pipes.delete(pipe)) return;
    pipe.outbox.clear();
    this.#lostMessages += pipe.outbox.lost;
    if (pipe.side === "connect") this.removeAddress(pipe);
  }

  #checkOrphaned(error: ZmtpError): void {
    if (this.#closing || this.#listeners.size > 0 || this.#connectors.size > 0) return;
    this.#orphaned = error;
    this.#peerWaiters.refuseAll(error);
    this.refuseWaiters(error);
  }

  async #shutDown(lingerMs: number): Promise<void> {
    const { clock, drainMs } = this.settings;
    const error = new ZmtpError("CLOSED", `The ${this.type} socket was closed.`);
    for (const listener of this.#listeners) listener.close();
    this.#peerWaiters.refuseAll(error);
    this.stop(error);
    const lingerOver = Promise.withResolvers<void>();
    const cancelLinger = clock.setTimer(lingerMs, lingerOver.resolve);
    await Promise.all([...this.#pipes].map(async (pipe) => {
      await Promise.race([pipe.outbox.whenEmpty(), lingerOver.promise]);
      this.#connectors.get(pipe)?.stop();
      await pipe.connection?.shutDown(this.isSilentPeer(pipe) ? 0 : drainMs);
    }));
    cancelLinger();
    await Promise.all([...this.#connections].map((connection) => connection.shutDown(drainMs)));
    for (const pipe of this.#pipes) this.#dropPipe(pipe);
    await Promise.all(this.#tasks);
  }

  #tell(event: PeerEvent): void {
    try {
      this.onPeerEvent?.(event);
    } catch (error) {
      reportError(error);
    }
  }

  /** Keeps a background promise, which never rejects, until it settles. */
  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }
}
