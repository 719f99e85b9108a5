/** Every option and limit of a socket: name, unit, default. */

import { nullMechanism } from "./null_mechanism.ts";
import { ZmtpError } from "./error.ts";
import type { Mechanism } from "./mechanism.ts";

/** The part of a clock that sockets need. */
export interface SocketClock {
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Calls `fire` once after `delayMs`; the returned function cancels. */
  setTimer(delayMs: number, fire: () => void): () => void;
}

/** The part of a source of randomness that sockets need. */
export interface SocketRandom {
  /** A number in [0, 1). */
  fraction(): number;
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** Options of every socket. Whatever is left out has the default of {@linkcode defaultSettings}. */
export interface SocketOptions {
  /** Source of time for timeouts, heartbeats and reconnects. */
  clock: SocketClock;
  /** Source of randomness for backoff jitter and automatic identities. */
  random: SocketRandom;
  /** How connections are secured. @default {nullMechanism} */
  mechanism?: Mechanism;
  /**
   * Identity announced to ROUTER peers, 1 to 255 bytes, not beginning with 0. Only REQ, DEALER and ROUTER announce one.
   * @default {undefined} the peer makes one up
   */
  identity?: Uint8Array;

  /** Messages queued for one peer before sends to it wait, fail or drop. @default {1_000} */
  sendHighWaterMark?: number;
  /** Bytes queued for one peer before it counts as full, whatever the number of messages. @default {67_108_864} */
  sendHighWaterBytes?: number;
  /** Messages received from one peer and not yet consumed before reading from it pauses. @default {1_000} */
  receiveHighWaterMark?: number;
  /** Bytes received by the whole socket and not yet consumed before reading pauses for all. @default {268_435_456} */
  receiveHighWaterBytes?: number;
  /**
   * Whether messages may queue for a connecting address while it is not connected. If not, sends wait for a peer, and
   * what was queued for a lost connection is dropped. @default {true}
   */
  queueUnconnected?: boolean;

  /** Largest frame accepted, in bytes. @default {67_108_864} */
  maxFrameBytes?: number;
  /** Largest message accepted, the sum of its frames in bytes. @default {67_108_864} */
  maxMessageBytes?: number;
  /** Most frames accepted in one message. @default {1_024} */
  maxFramesPerMessage?: number;
  /**
   * Bytes of messages that are still arriving, over all connections; above it the connection with the largest is ended.
   * At least `maxMessageBytes` and what its frames' buffers take beyond that. @default {268_435_456}
   */
  maxUnfinishedBytes?: number;
  /** Largest command accepted after the handshake, in bytes. @default {8_192} */
  maxCommandBytes?: number;
  /** Largest frame accepted before the handshake is done, in bytes. @default {8_192} */
  maxHandshakeFrameBytes?: number;
  /** Most connections of a socket's listeners, handshakes in progress included. @default {4_096} */
  maxPeers?: number;
  /** Most distinct subscriptions of one peer of a PUB. @default {10_000} */
  maxSubscriptionsPerPeer?: number;
  /** Most bytes of distinct subscriptions of one peer of a PUB. @default {1_048_576} */
  maxSubscriptionBytesPerPeer?: number;

  /** Time for a TCP connection to be made, in milliseconds. @default {10_000} */
  connectTimeoutMs?: number;
  /** Time from the TCP connection to the end of the handshake, in milliseconds. @default {10_000} */
  handshakeTimeoutMs?: number;
  /** First pause before connecting again, in milliseconds; doubles from try to try. @default {100} */
  reconnectMinMs?: number;
  /** Longest pause before connecting again, in milliseconds. @default {5_000} */
  reconnectMaxMs?: number;
  /**
   * Pause between PINGs to a silent 3.1 peer, in milliseconds; 0 sends none. Peers that announce 3.0 are never pinged.
   * A libzmq peer whose own receive queue is full answers no PING. @default {0}
   */
  heartbeatIntervalMs?: number;
  /** Silence after which a pinged peer is given up, in milliseconds; rounded up to whole intervals. @default {30_000} */
  heartbeatTimeoutMs?: number;
  /** How long {@linkcode Socket.close} goes on sending what is queued, in milliseconds. @default {1_000} */
  lingerMs?: number;
  /**
   * How long a closing connection, its FIN sent, goes on reading what the peer still sends, in milliseconds, so that it
   * ends in FIN and not in RST. @default {200}
   */
  drainMs?: number;
}

/** {@linkcode SocketOptions} with every default filled in. */
export interface Settings extends Required<Omit<SocketOptions, "identity">> {
  identity: Uint8Array | undefined;
}

const mebibyte = 1024 * 1024;

/** The default of every option that has one. */
export const defaultSettings = {
  mechanism: nullMechanism,
  identity: undefined,
  sendHighWaterMark: 1_000,
  sendHighWaterBytes: 64 * mebibyte,
  receiveHighWaterMark: 1_000,
  receiveHighWaterBytes: 256 * mebibyte,
  queueUnconnected: true,
  maxFrameBytes: 64 * mebibyte,
  maxMessageBytes: 64 * mebibyte,
  maxFramesPerMessage: 1_024,
  maxUnfinishedBytes: 256 * mebibyte,
  maxCommandBytes: 8 * 1024,
  maxHandshakeFrameBytes: 8 * 1024,
  maxPeers: 4_096,
  maxSubscriptionsPerPeer: 10_000,
  maxSubscriptionBytesPerPeer: mebibyte,
  connectTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
  heartbeatIntervalMs: 0,
  heartbeatTimeoutMs: 30_000,
  lingerMs: 1_000,
  drainMs: 200,
} as const;

/** Longest identity ZMTP allows, in bytes (RFC 23, "identity = 0*255OCTET"). */
export const maxIdentityBytes = 255;

/** Options that make sense at 0; every other number has to be at least 1. */
const mayBeZero: ReadonlySet<string> = new Set(["heartbeatIntervalMs", "lingerMs", "drainMs"]);

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws {ZmtpError} `MISUSE`, naming the option and its value.
 */
export function settingsOf(options: SocketOptions): Settings {
  const settings: Settings = { ...defaultSettings, ...withoutUndefined(options) };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== "number") continue;
    const least = mayBeZero.has(name) ? 0 : 1;
    if (!Number.isFinite(value) || value < least) {
      throw new ZmtpError("MISUSE", `Socket option ${name} is ${value}; it has to be a number of at least ${least}.`);
    }
  }
  const identity = settings.identity;
  if (identity && (identity.length === 0 || identity.length > maxIdentityBytes || identity[0] === 0)) {
    throw new ZmtpError(
      "MISUSE",
      `A socket identity has 1 to ${maxIdentityBytes} bytes and does not begin with 0; this one has ${identity.length} ` +
        `and begins with ${identity[0]}.`,
    );
  }
  return settings;
}

/** Lets callers pass `undefined` through for "default", which a spread would take for a value. */
function withoutUndefined(options: SocketOptions): SocketOptions {
  const given = { ...options };
  for (const name of Object.keys(given)) {
    if (Reflect.get(given, name) === undefined) Reflect.deleteProperty(given, name);
  }
  return given;
}
