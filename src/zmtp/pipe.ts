/** One peer as its socket sees it: what goes out, what came in, and the connection of the moment. */

import { Deque } from "./deque.ts";
import { Outbox } from "./outbox.ts";
import type { PeerInfo, Side } from "./peer.ts";

/** What a pipe and its socket ask of a connection. */
export interface PipeConnection {
  /** Whether messages can be exchanged. */
  readonly isOpen: boolean;
  /** Commands and subscriptions that wait to be written. */
  readonly urgentLength: number;
  /** Stops reading. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  /** Tells a publisher what to send. */
  sendSubscription(subscribes: boolean, topic: Uint8Array): void;
  /** Closes from our side, reading for at most `drainMs` what the peer still sends. */
  shutDown(drainMs: number): Promise<void>;
}

/** The two queues of one peer. A pipe of the connecting side outlives its connections; one of the binding side does not. */
export class Pipe {
  readonly side: Side;
  readonly outbox: Outbox;
  /** Messages received and not yet consumed, kept by the socket's inbox. */
  readonly inbound = new Deque<Uint8Array[]>();
  /** Messages of {@linkcode inbound} and messages whose handler has not finished. */
  pendingInbound = 0;
  /** The usable connection; `undefined` while there is none. */
  connection: PipeConnection | undefined;
  /** The peer behind {@linkcode connection}. */
  peer: PeerInfo | undefined;
  /** Put before the frames of every message from this peer: a ROUTER's identity frame. */
  prefix: Uint8Array | undefined;

  /**
   * @param limit High-water marks of the outbox.
   * @param onRoom Called when a full outbox has room again.
   */
  constructor(side: Side, limit: { messages: number; bytes: number }, onRoom: (pipe: Pipe) => void) {
    this.side = side;
    this.outbox = new Outbox(limit, () => onRoom(this));
  }

  /** Whether there is a usable connection. */
  get isConnected(): boolean {
    return this.connection?.isOpen ?? false;
  }
}
