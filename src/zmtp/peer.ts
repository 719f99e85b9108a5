/** What is known of a peer, and what a socket tells about its peers. */

import type { Properties } from "./command.ts";
import { ZmtpError } from "./error.ts";

/** The socket types this room implements. */
export type SocketType = "REQ" | "REP" | "DEALER" | "ROUTER" | "PUSH" | "PULL" | "PUB" | "SUB";

/** Where a socket listens or connects to. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Which end made the TCP connection: `bind` accepted it, `connect` made it. */
export type Side = "bind" | "connect";

/** A peer that finished its handshake. */
export interface PeerInfo {
  readonly side: Side;
  /** The remote end of the TCP connection. */
  readonly address: Address;
  /** What the peer announced, such as `REQ` or `XSUB`. */
  readonly socketType: string;
  /** ZMTP version the peer announced, such as `3.1`. */
  readonly version: string;
  /** Minor version; 0 means that the peer may be sent no command. */
  readonly minorVersion: number;
  /** The identity it announced; a ROUTER shows the one it gave to a peer that announced none. */
  readonly identity: Uint8Array | undefined;
  /** Everything it announced, by lower-case name. */
  readonly properties: Properties;
}

/** What {@linkcode Socket.onPeerEvent} is told. */
export type PeerEvent =
  /** A listener is open. */
  | { readonly type: "listening"; readonly address: Address }
  /** A connection could not be accepted (such as: no descriptors left), or was one too many. The listener goes on. */
  | { readonly type: "accept-failed"; readonly address: Address; readonly error: ZmtpError }
  /** A TCP connection stands; the handshake begins. */
  | { readonly type: "connected"; readonly side: Side; readonly address: Address }
  /** The peer is usable. */
  | { readonly type: "handshake-succeeded"; readonly peer: PeerInfo }
  /** The connection ended before its handshake was done. */
  | { readonly type: "handshake-failed"; readonly side: Side; readonly address: Address; readonly error: ZmtpError }
  /** A usable peer is gone; `error` is absent when either side simply closed. */
  | { readonly type: "disconnected"; readonly peer: PeerInfo; readonly error: ZmtpError | undefined }
  /** A connecting address is tried again after `delayMs`; `attempt` counts from 1 since it was last usable. */
  | {
    readonly type: "retrying";
    readonly address: Address;
    readonly delayMs: number;
    readonly attempt: number;
    readonly error: ZmtpError | undefined;
  };

/** Peers each type may talk to (RFC 28 to 31). XPUB and XSUB are types of others. */
const compatibleTypes: Readonly<Record<SocketType, readonly string[]>> = {
  REQ: ["REP", "ROUTER"],
  REP: ["REQ", "DEALER"],
  DEALER: ["REP", "DEALER", "ROUTER"],
  ROUTER: ["REQ", "DEALER", "ROUTER"],
  PUSH: ["PULL"],
  PULL: ["PUSH"],
  PUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
};

/**
 * Checks that `peerType` may talk to `type`.
 *
 * @throws {ZmtpError} `INCOMPATIBLE`.
 */
export function checkCompatible(type: SocketType, peerType: string): void {
  if (compatibleTypes[type].includes(peerType)) return;
  const shown = peerType.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 20);
  throw new ZmtpError(
    "INCOMPATIBLE",
    `The peer is a ${shown}; a ${type} talks to ${compatibleTypes[type].join(", ")}.`,
  );
}

/** Whether sockets of this type announce an identity. */
export function announcesIdentity(type: SocketType): boolean {
  return type === "REQ" || type === "DEALER" || type === "ROUTER";
}
