/**
 * How a connection is secured: the seam beside which CURVE can stand next to NULL.
 *
 * After the greetings each side starts a {@linkcode MechanismHandshake}. It is handed every command of the peer and
 * returns the commands to send, until it says that it is done. A mechanism that seals traffic leaves a
 * {@linkcode FrameCodec}; NULL leaves none, and its frames pass without a call.
 */

import type { Properties } from "./command.ts";

/** A security mechanism with its keys, shared by all connections of a socket. */
export interface Mechanism {
  /** Name in the greeting, at most 20 ASCII characters. */
  readonly name: string;
  /** The `as-server` byte of the greeting. */
  readonly asServer: boolean;
  /**
   * Begins a handshake.
   *
   * @param properties Encoded properties this side has to announce.
   */
  start(properties: Uint8Array): MechanismHandshake;
}

/** One side of one handshake. */
export interface MechanismHandshake {
  /** Command bodies to send right after the greetings. */
  begin(): readonly Uint8Array[];
  /**
   * Takes the peer's next command.
   *
   * @param body The command's body; a view, to be copied if kept.
   * @throws {ZmtpError} `PROTOCOL` or `DENIED`: the connection is closed.
   */
  receive(body: Uint8Array): HandshakeStep;
}

/** What follows from a command of the peer. */
export interface HandshakeStep {
  /** Command bodies to send now. */
  readonly send: readonly Uint8Array[];
  /** Present when the handshake is done. */
  readonly done?: HandshakeResult;
}

/** A finished handshake. */
export interface HandshakeResult {
  /** What the peer announced. */
  readonly properties: Properties;
  /** Seals and opens every later frame; absent when frames travel as they are. */
  readonly codec?: FrameCodec;
}

/** Seals frames on the way out and opens them on the way in. Sealed frames travel with no flags of their own. */
export interface FrameCodec {
  /** How many bytes longer a sealed frame's body is at most. */
  readonly overheadBytes: number;
  /**
   * Seals a frame. Called in wire order, and only when the frame is certain to be written next: nonces may not be skipped.
   *
   * @param flags The frame's own `more` and `command` bits.
   */
  seal(flags: number, body: Uint8Array): Uint8Array;
  /**
   * Opens a frame.
   *
   * @throws {ZmtpError} `PROTOCOL`, if it does not open.
   */
  open(body: Uint8Array): { flags: number; body: Uint8Array };
}
