/** Command bodies (RFC 37, "Commands"): a length byte, a name, then what the command carries. */

import { ZmtpError } from "./error.ts";
import { readUint32, writeUint32 } from "./frame.ts";

/** A command as received. */
export interface Command {
  readonly name: string;
  /** What follows the name. A view into the received frame. */
  readonly payload: Uint8Array;
}

/** Properties of a READY command by lower-case name: RFC 23 makes names case-insensitive. */
export type Properties = ReadonlyMap<string, Uint8Array>;

/** Longest PING context that is echoed, in bytes (RFC 37: "ping-context = 0*16OCTET"). */
const maxPingContextBytes = 16;

const text = new TextEncoder();

/** Builds a command body from its name and payload. */
export function encodeCommand(name: string, payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(1 + name.length + payload.length);
  body[0] = name.length;
  text.encodeInto(name, body.subarray(1));
  body.set(payload, 1 + name.length);
  return body;
}

/**
 * Splits a command body.
 *
 * @throws {ZmtpError} `PROTOCOL`, if its name is empty or longer than the frame.
 */
export function decodeCommand(body: Uint8Array): Command {
  const nameBytes = body[0] ?? 0;
  if (nameBytes === 0 || 1 + nameBytes > body.length) {
    throw new ZmtpError("PROTOCOL", `A command of ${body.length} bytes announces a name of ${nameBytes} bytes.`);
  }
  return { name: asciiOf(body.subarray(1, 1 + nameBytes)), payload: body.subarray(1 + nameBytes) };
}

/**
 * Encodes properties, in order. Names are sent as given: the Rust crate `zeromq` compares them case-sensitively, so
 * `Socket-Type` has to be written exactly so.
 */
export function encodeProperties(properties: Iterable<readonly [name: string, value: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, value] of properties) {
    const part = new Uint8Array(1 + name.length + 4 + value.length);
    part[0] = name.length;
    text.encodeInto(name, part.subarray(1));
    writeUint32(part, 1 + name.length, value.length);
    part.set(value, 1 + name.length + 4);
    parts.push(part);
  }
  return concat(parts);
}

/**
 * Reads properties. Values are copied: they outlive the frame. Of a name given twice the first counts.
 *
 * @throws {ZmtpError} `PROTOCOL`, if a name is empty or something is cut short.
 */
export function decodeProperties(payload: Uint8Array): Properties {
  const properties = new Map<string, Uint8Array>();
  let at = 0;
  while (at < payload.length) {
    const nameBytes = payload[at] ?? 0;
    const valueAt = at + 1 + nameBytes + 4;
    if (nameBytes === 0 || valueAt > payload.length) {
      throw new ZmtpError("PROTOCOL", `The handshake metadata is cut short or has an empty name at byte ${at}.`);
    }
    const name = asciiOf(payload.subarray(at + 1, at + 1 + nameBytes)).toLowerCase();
    const valueBytes = readUint32(payload, valueAt - 4);
    if (valueAt + valueBytes > payload.length) {
      throw new ZmtpError(
        "PROTOCOL",
        `The handshake property ${name} announces ${valueBytes} bytes, more than there are.`,
      );
    }
    if (!properties.has(name)) properties.set(name, payload.slice(valueAt, valueAt + valueBytes));
    at = valueAt + valueBytes;
  }
  return properties;
}

/** A PING without context that asks the peer to give us up after `ttlMs` of silence. The wire counts tenths of a second. */
export function encodePing(ttlMs: number): Uint8Array {
  const ttl = Math.min(Math.ceil(ttlMs / 100), 0xffff);
  return encodeCommand("PING", new Uint8Array([ttl >>> 8, ttl]));
}

/**
 * Reads a PING.
 *
 * @throws {ZmtpError} `PROTOCOL`, if it has no time to live.
 */
export function decodePing(payload: Uint8Array): { ttlMs: number; context: Uint8Array } {
  if (payload.length < 2) throw new ZmtpError("PROTOCOL", "A PING has no time to live.");
  const ttl = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  return { ttlMs: ttl * 100, context: payload.slice(2, 2 + maxPingContextBytes) };
}

/** The text of an ERROR command's reason, made printable: it comes from a stranger and goes into logs. */
export function decodeErrorReason(payload: Uint8Array): string {
  const reason = asciiOf(payload.subarray(1, 1 + (payload[0] ?? 0)));
  return reason.replaceAll(/[^\x20-\x7e]/g, "?");
}

/** Bytes as text, one character a byte. Used for names, which ZMTP keeps in ASCII. */
function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** All parts, one after the other. */
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
