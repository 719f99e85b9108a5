/** From the peer's first byte to a peer that messages can be exchanged with: greeting, mechanism, metadata. */

import { encodeProperties, type Properties } from "./command.ts";
import { ZmtpError } from "./error.ts";
import { flagCommand } from "./frame.ts";
import { checkGreetingStart, decodeGreeting, type Greeting, greetingBytes } from "./greeting.ts";
import type { FrameCodec } from "./mechanism.ts";
import { maxIdentityBytes, type Settings } from "./options.ts";
import type { FrameParser } from "./parser.ts";
import { announcesIdentity, checkCompatible, type PeerInfo, type SocketType } from "./peer.ts";

const text = new TextEncoder();

/** The bytes of both directions, as the handshake needs them. */
export interface HandshakeChannel {
  readonly parser: FrameParser;
  sendCommand(body: Uint8Array): void;
  /** Reads more into the parser. Returns `false` when this side is closing and the handshake is off. */
  readMore(): Promise<boolean>;
}

/** A finished handshake. */
export interface HandshakeOutcome {
  readonly peer: Omit<PeerInfo, "side" | "address">;
  readonly codec: FrameCodec | undefined;
}

/**
 * Shakes hands. The own greeting has been sent already: it depends on nothing of the peer.
 *
 * @returns What came of it; `undefined` when this side is closing.
 * @throws {ZmtpError} `PROTOCOL`, `LIMIT_EXCEEDED`, `INCOMPATIBLE` or `DENIED`.
 */
export async function shakeHands(
  type: SocketType,
  settings: Settings,
  channel: HandshakeChannel,
): Promise<HandshakeOutcome | undefined> {
  const { mechanism, identity } = settings;
  const greeting = await readGreeting(channel);
  if (!greeting) return undefined;
  if (greeting.mechanism !== mechanism.name) {
    const theirs = greeting.mechanism.replaceAll(/[^\x20-\x7e]/g, "?");
    throw new ZmtpError(
      "INCOMPATIBLE",
      `The peer wants the security mechanism ${theirs}; here it is ${mechanism.name}.`,
    );
  }
  const announced: [string, Uint8Array][] = [["Socket-Type", text.encode(type)]];
  if (identity && announcesIdentity(type)) announced.push(["Identity", identity]);
  const handshake = mechanism.start(encodeProperties(announced));
  for (const body of handshake.begin()) channel.sendCommand(body);
  for (;;) {
    const body = await readCommand(channel);
    if (!body) return undefined;
    const step = handshake.receive(body);
    for (const reply of step.send) channel.sendCommand(reply);
    if (step.done) return { peer: describePeer(type, greeting, step.done.properties), codec: step.done.codec };
  }
}

async function readGreeting({ parser, readMore }: HandshakeChannel): Promise<Greeting | undefined> {
  for (;;) {
    const bytes = parser.unread();
    checkGreetingStart(bytes);
    if (bytes.length >= greetingBytes) {
      const greeting = decodeGreeting(bytes);
      parser.skip(greetingBytes);
      return greeting;
    }
    if (!await readMore()) return undefined;
  }
}

async function readCommand({ parser, readMore }: HandshakeChannel): Promise<Uint8Array | undefined> {
  for (;;) {
    const body = parser.next();
    if (body) {
      if (parser.flags === flagCommand) return body;
      throw new ZmtpError("PROTOCOL", "The peer sent a message before the handshake was done.");
    }
    if (!await readMore()) return undefined;
  }
}

function describePeer(type: SocketType, greeting: Greeting, properties: Properties): HandshakeOutcome["peer"] {
  const typeBytes = properties.get("socket-type");
  if (!typeBytes) throw new ZmtpError("PROTOCOL", "The peer announced no Socket-Type.");
  const socketType = new TextDecoder().decode(typeBytes);
  checkCompatible(type, socketType);
  const identity = properties.get("identity");
  if (identity && identity.length > maxIdentityBytes) {
    throw new ZmtpError(
      "LIMIT_EXCEEDED",
      `The peer announced an identity of ${identity.length} bytes; at most ${maxIdentityBytes} are allowed.`,
    );
  }
  return {
    socketType,
    version: `${greeting.major}.${greeting.minor}`,
    minorVersion: greeting.minor,
    identity: identity && identity.length > 0 ? identity : undefined,
    properties,
  };
}
