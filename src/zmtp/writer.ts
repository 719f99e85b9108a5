/**
 * Frames to bytes: small frames are gathered in one buffer, large bodies are written as they are, and one write is in
 * flight at a time. What is queued meanwhile becomes the next batch, so batches grow with the load by themselves.
 *
 * An idle writer waits for the end of the turn (`process.nextTick`, which runs after the microtasks) before its first
 * write, so that everything one turn sends leaves in one system call.
 */

import process from "node:process";
import { Deque } from "./deque.ts";
import { flagCommand, flagMore, maxHeaderBytes, writeHeader } from "./frame.ts";
import type { FrameCodec } from "./mechanism.ts";
import type { Message, Outbox, OutboxReader } from "./outbox.ts";

/** Bodies above this are written without copying them. */
const maxGatheredBytes = 16 * 1024;
/** The gathering buffer's first and largest size. It has to hold a header and a gathered body, sealed. */
const firstBufferBytes = 1024;
const maxBufferBytes = 64 * 1024;

/** Writes one connection's bytes. */
export class FrameWriter implements OutboxReader {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  readonly #onError: (error: unknown) => void;
  /** Bytes of the handshake and commands; they go before messages, never into the middle of one. */
  readonly #urgent = new Deque<{ flags: number; body: Uint8Array; codec: FrameCodec | undefined }>();
  /** The PONG to be sent; a newer PING replaces it, so that pings cannot pile up answers. */
  #pong: Uint8Array | undefined;
  #greeting: Uint8Array | undefined;
  #outbox: Outbox | undefined;
  #codec: FrameCodec | undefined;
  #buffer = new Uint8Array(firstBufferBytes);
  #used = 0;
  /** The message being encoded, if it did not fit the batch. */
  #message: Message | undefined;
  #frameIndex = 0;
  #writing = false;
  #scheduled = false;
  #stopped = false;
  #onIdle: (() => void)[] = [];
  readonly #flushScheduled = () => {
    this.#scheduled = false;
    this.#start();
  };

  /**
   * @param write Writes some of the bytes and returns how many.
   * @param onError Called once, when a write fails. Nothing is written after that.
   */
  constructor(write: (bytes: Uint8Array) => Promise<number>, onError: (error: unknown) => void) {
    this.#write = write;
    this.#onError = onError;
  }

  /** Queues the greeting, which is no frame. */
  sendGreeting(greeting: Uint8Array): void {
    this.#greeting = greeting;
    this.wake(true);
  }

  /** Queues a command. */
  sendCommand(body: Uint8Array): void {
    this.#urgent.push({ flags: flagCommand, body, codec: this.#codec });
    this.wake(false);
  }

  /** Queues a one-frame message ahead of the outbox, whatever its high-water mark. For subscriptions. */
  sendUrgent(body: Uint8Array): void {
    this.#urgent.push({ flags: 0, body, codec: this.#codec });
    this.wake(false);
  }

  /** Queues a PONG in place of one that is still queued. */
  sendPong(body: Uint8Array): void {
    this.#pong = body;
    this.wake(false);
  }

  /** Commands and urgent messages not yet encoded. */
  get urgentLength(): number {
    return this.#urgent.length;
  }

  /** From the end of the handshake: frames queued from now on go through `codec`. */
  useCodec(codec: FrameCodec | undefined): void {
    this.#codec = codec;
  }

  /** Messages come from `outbox` from now on. */
  open(outbox: Outbox): void {
    this.#outbox = outbox;
    outbox.attach(this);
  }

  wake(now: boolean): void {
    if (this.#writing || this.#stopped) return;
    if (now) return this.#start();
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flushScheduled);
  }

  /** Resolves when nothing is queued or being written, or the writer has stopped. */
  whenIdle(): Promise<void> {
    if (this.#stopped || !(this.#writing || this.#scheduled)) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Writes nothing more. What the outbox had handed over and was not written is lost. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#outbox?.detach();
    this.#outbox = undefined;
    this.#idle();
  }

  #start(): void {
    if (this.#writing || this.#stopped) return;
    this.#writing = true;
    // Handles its own errors, so that a batch costs no further promise.
    this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped) {
        const large = this.#gather();
        if (this.#used === 0 && !large) break;
        if (this.#used > 0) {
          const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#used);
          const count = await this.#write(bytes);
          if (count < bytes.length) await this.#writeRest(bytes, count);
        }
        if (large) await this.#writeRest(large, 0);
        if (!this.#stopped) this.#outbox?.written(this.#message);
      }
    } catch (error) {
      const wasStopped = this.#stopped;
      this.stop();
      if (!wasStopped) this.#onError(error);
    }
    // Cleared here and not in a `then`: a message queued in between would find a writer that is about to end, and stay.
    this.#writing = false;
    this.#idle();
  }

  async #writeRest(bytes: Uint8Array, from: number): Promise<void> {
    for (let at = from; at < bytes.length && !this.#stopped;) at += await this.#write(bytes.subarray(at));
  }

  /**
   * Fills the buffer from what is queued until it is full or a large body is due.
   *
   * @returns The large body, to be written after the buffer.
   */
  #gather(): Uint8Array | undefined {
    this.#used = 0;
    if (this.#greeting) {
      this.#buffer.set(this.#greeting);
      this.#used = this.#greeting.length;
      this.#greeting = undefined;
    }
    for (;;) {
      const message = this.#message ?? this.#nextMessage();
      if (message) {
        while (this.#frameIndex < message.length) {
          const frame = message[this.#frameIndex];
          if (!frame) break;
          const flags = this.#frameIndex + 1 < message.length ? flagMore : 0;
          if (frame.length > maxGatheredBytes) {
            if (!this.#makeRoom(maxHeaderBytes)) return undefined;
            this.#frameIndex++;
            if (this.#frameIndex === message.length) this.#endMessage();
            return this.#encodeLarge(flags, frame);
          }
          if (!this.#encode(flags, frame, this.#codec)) return undefined;
          this.#frameIndex++;
        }
        this.#endMessage();
      } else if (!this.#gatherUrgent()) {
        return undefined;
      }
    }
  }

  /** Begins the next message, unless something urgent goes first. */
  #nextMessage(): Message | undefined {
    if (this.#urgent.length > 0 || this.#pong) return undefined;
    this.#message = this.#outbox?.take();
    return this.#message;
  }

  #endMessage(): void {
    this.#message = undefined;
    this.#frameIndex = 0;
  }

  /** @returns Whether something was encoded. */
  #gatherUrgent(): boolean {
    const pong = this.#pong;
    if (pong && this.#encode(flagCommand, pong, this.#codec)) {
      this.#pong = undefined;
      return true;
    }
    const next = this.#urgent.peek();
    if (!next || !this.#encode(next.flags, next.body, next.codec)) return false;
    this.#urgent.shift();
    return true;
  }

  /** @returns Whether the frame had room in the buffer. */
  #encode(flags: number, body: Uint8Array, codec: FrameCodec | undefined): boolean {
    if (!this.#makeRoom(maxHeaderBytes + body.length + (codec ? codec.overheadBytes : 0))) return false;
    const wireBody = codec ? codec.seal(flags, body) : body;
    const bodyAt = writeHeader(this.#buffer, this.#used, codec ? 0 : flags, wireBody.length);
    this.#buffer.set(wireBody, bodyAt);
    this.#used = bodyAt + wireBody.length;
    return true;
  }

  /** Puts the header into the buffer, which has room for it, and leaves the body to be written from where it is. */
  #encodeLarge(flags: number, body: Uint8Array): Uint8Array {
    const wireBody = this.#codec ? this.#codec.seal(flags, body) : body;
    this.#used = writeHeader(this.#buffer, this.#used, this.#codec ? 0 : flags, wireBody.length);
    return wireBody;
  }

  /** Grows the buffer if that gives `bytes` of room. An empty buffer always has room for what is gathered. */
  #makeRoom(bytes: number): boolean {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return true;
    if (this.#buffer.length >= maxBufferBytes || needed > maxBufferBytes) return false;
    const larger = new Uint8Array(Math.min(maxBufferBytes, Math.max(needed, 4 * this.#buffer.length)));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
    return true;
  }

  #idle(): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
