/**
 * The 64 bytes both sides send first (RFC 37, "Version negotiation"):
 *
 * ```
 * 0      ff                 signature
 * 1..8   any                padding, a length to peers of ZMTP 1
 * 9      7f                 signature
 * 10,11  major, minor       version
 * 12..31 mechanism, zero-filled
 * 32     as-server          not checked: libzmq announces 0 even for a CURVE server
 * 33..63 zero
 * ```
 */

import { ZmtpError } from "./error.ts";

/** Length of a greeting. */
export const greetingBytes = 64;

/** What a peer announced of itself. */
export interface Greeting {
  /** Major protocol version, 3 or more. */
  readonly major: number;
  /** Minor protocol version. A peer of minor version 0 knows no command but those of the handshake. */
  readonly minor: number;
  /** Name of the security mechanism, such as `NULL`. */
  readonly mechanism: string;
}

const mechanismOffset = 12;
const mechanismBytes = 20;
const asServerOffset = 32;

/** The greeting of a 3.1 peer with this mechanism, whose name has at most 20 ASCII characters. */
export function encodeGreeting(mechanism: string, asServer: boolean): Uint8Array {
  const greeting = new Uint8Array(greetingBytes);
  greeting[0] = 0xff;
  // libzmq sends a 1 here, the length of an empty identity frame in ZMTP 1; every later version ignores it.
  greeting[8] = 1;
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  for (let index = 0; index < mechanism.length; index++) {
    greeting[mechanismOffset + index] = mechanism.charCodeAt(index);
  }
  greeting[asServerOffset] = asServer ? 1 : 0;
  return greeting;
}

/**
 * Checks what has arrived of a greeting so far, so that a peer that speaks something else is turned away at its first
 * wrong byte instead of being waited for.
 *
 * @throws {ZmtpError} `PROTOCOL` or `INCOMPATIBLE`.
 */
export function checkGreetingStart(bytes: Uint8Array): void {
  if (bytes.length > 0 && bytes[0] !== 0xff) {
    throw new ZmtpError("PROTOCOL", `The peer does not speak ZMTP: its first byte is ${hex(bytes[0])}, not ff.`);
  }
  if (bytes.length > 9 && bytes[9] !== 0x7f) {
    throw new ZmtpError("PROTOCOL", `The peer does not speak ZMTP: its tenth byte is ${hex(bytes[9])}, not 7f.`);
  }
  const major = bytes[10];
  if (major !== undefined && major < 3) {
    throw new ZmtpError("INCOMPATIBLE", `The peer speaks ZMTP revision ${major}; 3.0 or later is needed.`);
  }
}

/**
 * Reads a whole greeting.
 *
 * @throws {ZmtpError} `PROTOCOL` or `INCOMPATIBLE`.
 */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  checkGreetingStart(bytes);
  const name = bytes.subarray(mechanismOffset, mechanismOffset + mechanismBytes);
  const end = name.indexOf(0);
  const used = end < 0 ? name : name.subarray(0, end);
  return { major: bytes[10] ?? 0, minor: bytes[11] ?? 0, mechanism: String.fromCharCode(...used) };
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0");
}
