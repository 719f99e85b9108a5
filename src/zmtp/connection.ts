/**
 * One TCP connection, from its first byte to its last.
 *
 * ```
 * greeting ──► handshake ──► traffic ──► draining ──► closed
 *     │            │            │  ▲          │
 *     │            │            ▼  │          │
 *     │            │           paused         │
 *     └────────────┴────────────┴─────────────┴──► closed, with an error
 * ```
 *
 * `draining` is our own close: the FIN is sent and what the peer still sends is read and dropped, so that the connection
 * ends in FIN on both sides. Closing a socket with unread bytes would send RST, which some peers take for a failure.
 */

import { decodeCommand, decodeErrorReason, decodePing, encodeCommand } from "./command.ts";
import { asZmtpError, ZmtpError } from "./error.ts";
import { flagCommand, flagMore } from "./frame.ts";
import { encodeGreeting } from "./greeting.ts";
import { type HandshakeOutcome, shakeHands } from "./handshake.ts";
import { Liveness } from "./liveness.ts";
import type { FrameCodec } from "./mechanism.ts";
import type { Settings } from "./options.ts";
import { FrameParser } from "./parser.ts";
import type { Address, PeerInfo, Side, SocketType } from "./peer.ts";
import type { Pipe, PipeConnection } from "./pipe.ts";
import { ReadTurns } from "./read_turns.ts";
import type { UnfinishedHolder, UnfinishedMessages } from "./unfinished.ts";
import { FrameWriter } from "./writer.ts";

/** Where draining connections read to, all of them: nobody gets to see it. Not the parser's space, which may be full. */
const discarded = new Uint8Array(64 * 1024);

/** What a connection asks of its socket. */
export interface ConnectionOwner {
  readonly type: SocketType;
  readonly settings: Settings;
  readonly unfinished: UnfinishedMessages;
  /**
   * The handshake is done: gives the pipe to exchange messages with.
   *
   * @throws {ZmtpError} To turn the peer away.
   */
  admit(connection: Connection, peer: PeerInfo): Pipe;
  /** A whole message arrived. */
  accept(pipe: Pipe, frames: Uint8Array[]): void;
  /** The peer subscribes, or cancels a subscription, by command. */
  acceptSubscription(pipe: Pipe, subscribes: boolean, topic: Uint8Array): void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Whether the handshake was done. */
  readonly wasUsable: boolean;
  /** Why it ended; absent when either side simply closed it after the handshake. */
  readonly error: ZmtpError | undefined;
}

type State = "handshaking" | "open" | "draining" | "closed";

/** Speaks ZMTP on one TCP connection. */
export class Connection implements PipeConnection, UnfinishedHolder {
  readonly side: Side;
  readonly address: Address;
  readonly #tcp: Deno.TcpConn;
  readonly #owner: ConnectionOwner;
  readonly #settings: Settings;
  readonly #parser: FrameParser;
  readonly #writer: FrameWriter;
  readonly #liveness: Liveness;
  readonly #turns: ReadTurns;
  #state: State = "handshaking";
  #wasUsable = false;
  #error: ZmtpError | undefined;
  #codec: FrameCodec | undefined;
  #pipe: Pipe | undefined;
  #minorVersion = 0;
  /** Frames of the message that is arriving, after its first. */
  #frames: Uint8Array[] | undefined;
  #messageBytes = 0;
  /** What was told of them last. */
  #unfinishedBytes = 0;
  #paused = false;
  #onResume: (() => void) | undefined;
  #cancelDrain: (() => void) | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor(tcp: Deno.TcpConn, address: Address, side: Side, owner: ConnectionOwner) {
    this.#tcp = tcp;
    this.address = address;
    this.side = side;
    this.#owner = owner;
    this.#settings = owner.settings;
    this.#parser = new FrameParser(owner.settings.maxHandshakeFrameBytes);
    this.#writer = new FrameWriter((bytes) => tcp.write(bytes), (error) => this.#fail(error));
    this.#turns = ReadTurns.of(owner.settings.clock);
    this.#liveness = new Liveness(owner.settings.clock, {
      isPaused: () => this.#paused,
      sendPing: (body) => this.#writer.sendCommand(body),
      onDead: (error) => this.#fail(error),
    });
  }

  /** Whether messages can be exchanged. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Resolves when the descriptor is closed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Lives the whole life of the connection. Never rejects; the descriptor is closed when it resolves. */
  async run(): Promise<ConnectionEnd> {
    const { clock, handshakeTimeoutMs } = this.#settings;
    const cancelTimeout = clock.setTimer(handshakeTimeoutMs, () => {
      this.#fail(new ZmtpError("TIMED_OUT", `The peer did not finish the handshake within ${handshakeTimeoutMs} ms.`));
    });
    let turningAway: Promise<void> | undefined;
    try {
      this.#tcp.setNoDelay(true);
      this.#tcp.setKeepAlive(true);
      this.#writer.sendGreeting(encodeGreeting(this.#settings.mechanism.name, this.#settings.mechanism.asServer));
      const outcome = await shakeHands(this.#owner.type, this.#settings, {
        parser: this.#parser,
        sendCommand: (body) => this.#writer.sendCommand(body),
        readMore: () => this.#readHandshake(),
      });
      cancelTimeout();
      if (outcome && !this.#open(outcome)) turningAway = this.shutDown(this.#settings.drainMs);
      await this.#readTraffic();
    } catch (error) {
      this.#fail(error);
    } finally {
      cancelTimeout();
      this.#close();
    }
    await turningAway;
    return { wasUsable: this.#wasUsable, error: this.#error };
  }

  /** Stops reading: the receiver has as much as it may hold. */
  pause(): void {
    this.#paused = true;
  }

  /** Reads on after {@linkcode pause}. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#onResume?.();
    this.#onResume = undefined;
  }

  /** Tells a publisher what to send: by command, or by message to a 3.0 peer, which knows no commands. */
  sendSubscription(subscribes: boolean, topic: Uint8Array): void {
    if (this.#minorVersion > 0) {
      this.#writer.sendCommand(encodeCommand(subscribes ? "SUBSCRIBE" : "CANCEL", topic));
      return;
    }
    const message = new Uint8Array(1 + topic.length);
    message[0] = subscribes ? 1 : 0;
    message.set(topic, 1);
    this.#writer.sendUrgent(message);
  }

  /** Commands and subscriptions that wait to be written. */
  get urgentLength(): number {
    return this.#writer.urgentLength;
  }

  /**
   * Closes from our side: hands over what is being written, sends the FIN, and reads what the peer still sends for at
   * most `drainMs` milliseconds. Resolves when the descriptor is closed.
   */
  async shutDown(drainMs: number): Promise<void> {
    if (this.#state === "draining" || this.#state === "closed") return await this.ended;
    const wasOpen = this.#state === "open";
    this.#state = "draining";
    this.#liveness.stop();
    this.resume();
    this.#cancelDrain = this.#settings.clock.setTimer(drainMs, () => this.#close());
    if (wasOpen) await this.#writer.whenIdle();
    this.#writer.stop();
    try {
      await this.#tcp.closeWrite();
    } catch {
      // The peer was faster, or the connection is broken: there is nobody to send a FIN to.
      this.#close();
    }
    if (drainMs === 0) this.#close();
    await this.ended;
  }

  /** Ends the connection at once: its unfinished message is one too many. */
  end(error: ZmtpError): void {
    this.#fail(error);
  }

  /** Ends the connection at once because of `error`. */
  #fail(error: unknown): void {
    if (this.#state === "closed") return;
    // What goes wrong after our own close is of no interest: we no longer wanted anything of the peer.
    if (this.#state !== "draining") this.#error ??= asZmtpError(error, "PEER_LOST", "The connection broke");
    this.#close();
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelDrain?.();
    this.#liveness.stop();
    this.#writer.stop();
    this.#tcp.close();
    this.#tellUnfinished(0);
    this.resume();
    this.#ended.resolve();
  }

  /** @returns Whether the socket took the peer. If not, the peer still gets our side of the handshake, then a FIN. */
  #open(outcome: HandshakeOutcome): boolean {
    if (this.#state !== "handshaking") return true;
    const { maxFrameBytes } = this.#settings;
    this.#state = "open";
    this.#minorVersion = outcome.peer.minorVersion;
    this.#codec = outcome.codec;
    this.#parser.maxFrameBytes = maxFrameBytes + (this.#codec?.overheadBytes ?? 0);
    this.#writer.useCodec(this.#codec);
    try {
      this.#pipe = this.#owner.admit(this, { ...outcome.peer, side: this.side, address: this.address });
    } catch (error) {
      this.#error = asZmtpError(error, "INCOMPATIBLE", "The peer was turned away");
      return false;
    }
    this.#wasUsable = true;
    this.#writer.open(this.#pipe.outbox);
    const { heartbeatIntervalMs, heartbeatTimeoutMs } = this.#settings;
    if (heartbeatIntervalMs > 0 && this.#minorVersion > 0) {
      this.#liveness.startPinging(heartbeatIntervalMs, heartbeatTimeoutMs);
    }
    return true;
  }

  /** Reads until the peer closes, or, once draining, until it has nothing more to say. */
  async #readTraffic(): Promise<void> {
    while (this.#state === "open") {
      this.#takeFrames();
      if (this.#state === "open") this.#tellUnfinished(this.#messageBytes + this.#parser.largeFrameBytes);
      if (this.#paused) {
        await new Promise<void>((resolve) => this.#onResume = resolve);
        continue;
      }
      const count = await this.#tcp.read(this.#parser.space());
      if (count === null) return this.#endOfTraffic();
      this.#liveness.heard();
      // Bytes that arrive while we close are not wanted any more.
      if (this.#state === "open") this.#parser.filled(count);
      const rest = this.#turns.count(count);
      if (rest) await rest;
    }
    while (this.#state === "draining") {
      if (await this.#tcp.read(discarded) === null) return;
    }
  }

  #tellUnfinished(bytes: number): void {
    if (bytes === this.#unfinishedBytes) return;
    this.#unfinishedBytes = bytes;
    this.#owner.unfinished.tell(this, bytes);
  }

  #endOfTraffic(): void {
    if (!this.#frames && !this.#parser.isMidFrame) return;
    throw new ZmtpError("PEER_LOST", "The peer closed the connection in the middle of a message.");
  }

  /** @returns Whether there is more; not when we are closing ourselves. */
  async #readHandshake(): Promise<boolean> {
    const count = await this.#tcp.read(this.#parser.space());
    if (this.#state !== "handshaking") return false;
    if (count === null) {
      throw new ZmtpError("PEER_LOST", "The peer closed the connection before the handshake was done.");
    }
    this.#parser.filled(count);
    return true;
  }

  /** Passes on every whole frame that has arrived, until the receiver has enough. */
  #takeFrames(): void {
    const parser = this.#parser;
    while (this.#state === "open" && !this.#paused) {
      const body = parser.next();
      if (!body) return;
      if (this.#codec) {
        const opened = this.#codec.open(body);
        this.#takeFrame(opened.flags, opened.body);
      } else {
        this.#takeFrame(parser.flags, body);
      }
    }
  }

  #takeFrame(flags: number, body: Uint8Array): void {
    const pipe = this.#pipe;
    if (!pipe) return;
    if ((flags & flagCommand) !== 0) return this.#takeCommand(pipe, body);
    const { maxMessageBytes, maxFramesPerMessage } = this.#settings;
    let frames = this.#frames;
    if (frames) frames.push(body);
    else frames = pipe.prefix ? [pipe.prefix, body] : [body];
    this.#messageBytes += body.length;
    if (this.#messageBytes > maxMessageBytes) {
      throw new ZmtpError("LIMIT_EXCEEDED", `The peer sent a message of more than ${maxMessageBytes} bytes.`);
    }
    if ((flags & flagMore) !== 0) {
      if (frames.length >= maxFramesPerMessage + (pipe.prefix ? 1 : 0)) {
        throw new ZmtpError("LIMIT_EXCEEDED", `The peer sent a message of more than ${maxFramesPerMessage} frames.`);
      }
      this.#frames = frames;
      return;
    }
    this.#frames = undefined;
    this.#messageBytes = 0;
    this.#owner.accept(pipe, frames);
  }

  #takeCommand(pipe: Pipe, body: Uint8Array): void {
    if (body.length > this.#settings.maxCommandBytes) {
      throw new ZmtpError(
        "LIMIT_EXCEEDED",
        `The peer sent a command of ${body.length} bytes; at most ${this.#settings.maxCommandBytes} are accepted.`,
      );
    }
    const { name, payload } = decodeCommand(body);
    switch (name) {
      case "PING": {
        const { ttlMs, context } = decodePing(payload);
        // A 3.0 peer would close the connection on a PONG, whatever it sends itself.
        if (this.#minorVersion === 0) return;
        this.#writer.sendPong(encodeCommand("PONG", context));
        if (ttlMs > 0) this.#liveness.limitSilence(ttlMs);
        return;
      }
      case "SUBSCRIBE":
        return this.#owner.acceptSubscription(pipe, true, payload);
      case "CANCEL":
        return this.#owner.acceptSubscription(pipe, false, payload);
      case "ERROR":
        throw new ZmtpError("DENIED", `The peer ended the connection: ${decodeErrorReason(payload)}`);
      default:
        // PONG needs no answer, its bytes were heard; commands of later versions are passed over.
        return;
    }
  }
}
