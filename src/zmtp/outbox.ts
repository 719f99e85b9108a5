/** Messages on their way to one peer, and the count that its high-water mark looks at. */

import { Deque } from "./deque.ts";

/** A message: one or more frames. */
export type Message = readonly Uint8Array[];

/** Beyond this many bytes queued a flush does not wait for the end of the turn. */
const flushAtBytes = 64 * 1024;

/** Who writes an outbox to a connection. */
export interface OutboxReader {
  /** There is something to write. `now` asks not to wait for more. */
  wake(now: boolean): void;
}

/** The send queue of one peer. Of a connecting address it outlives the single connection. */
export class Outbox {
  readonly #limit: { readonly messages: number; readonly bytes: number };
  readonly #queue = new Deque<Message>();
  readonly #onRoom: () => void;
  #reader: OutboxReader | undefined;
  /** Messages taken by the reader and not yet handed to TCP. */
  #inFlight = 0;
  #inFlightBytes = 0;
  #queuedBytes = 0;
  #lost = 0;
  #onEmpty: (() => void)[] = [];

  /**
   * @param limit High-water marks: the outbox is full when either is reached.
   * @param onRoom Called when a full outbox has room again.
   */
  constructor(limit: { messages: number; bytes: number }, onRoom: () => void) {
    this.#limit = limit;
    this.#onRoom = onRoom;
  }

  /** Messages accepted and not yet handed to TCP. */
  get length(): number {
    return this.#queue.length + this.#inFlight;
  }

  /** Messages that were accepted and can no longer be delivered. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether the high-water mark is reached. */
  get full(): boolean {
    return this.length >= this.#limit.messages || this.#queuedBytes + this.#inFlightBytes >= this.#limit.bytes;
  }

  /** Queues a message. Its frames may not be changed from here on. Ask {@linkcode full} first. */
  push(message: Message): void {
    this.#queue.push(message);
    this.#queuedBytes += bytesOf(message);
    this.#reader?.wake(this.#queuedBytes >= flushAtBytes);
  }

  /** Takes the next message to be written. It counts until {@linkcode written}. */
  take(): Message | undefined {
    const message = this.#queue.shift();
    if (message) {
      const bytes = bytesOf(message);
      this.#queuedBytes -= bytes;
      this.#inFlightBytes += bytes;
      this.#inFlight++;
    }
    return message;
  }

  /** All messages taken so far but `unfinished` are with TCP now. */
  written(unfinished: Message | undefined): void {
    const wasFull = this.full;
    this.#inFlight = unfinished ? 1 : 0;
    this.#inFlightBytes = unfinished ? bytesOf(unfinished) : 0;
    if (wasFull && !this.full) this.#onRoom();
    if (this.length === 0) this.#empty();
  }

  /** From now on `reader` writes what is queued. */
  attach(reader: OutboxReader): void {
    this.#reader = reader;
    if (this.#queue.length > 0) reader.wake(false);
  }

  /** The connection is gone, and with it whatever it had taken. */
  detach(): void {
    this.#reader = undefined;
    this.#lost += this.#inFlight;
    this.written(undefined);
  }

  /** Drops what is queued. */
  clear(): void {
    const wasFull = this.full;
    this.#lost += this.#queue.length;
    this.#queue.clear();
    this.#queuedBytes = 0;
    if (wasFull && !this.full) this.#onRoom();
    if (this.length === 0) this.#empty();
  }

  /** Resolves when nothing is left to hand to TCP. */
  whenEmpty(): Promise<void> {
    if (this.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #empty(): void {
    if (this.#onEmpty.length === 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiting) resolve();
  }
}

/** Bytes of all frames. */
export function bytesOf(message: Message): number {
  let sum = 0;
  for (let index = 0; index < message.length; index++) sum += message[index]?.length ?? 0;
  return sum;
}
