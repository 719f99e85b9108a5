/**
 * ZeroMQ's protocol ZMTP 3.1 over TCP: REQ, REP, DEALER, ROUTER, PUSH, PULL, PUB and SUB, each of which can listen and
 * connect. Speaks to libzmq and to everything that follows RFC 23 or RFC 37. Knows nothing of what the messages mean.
 */
export { Dealer } from "./dealer.ts";
export { ZmtpError, type ZmtpErrorCode } from "./error.ts";
export type { MessageHandler } from "./inbox.ts";
export type { FrameCodec, HandshakeResult, HandshakeStep, Mechanism, MechanismHandshake } from "./mechanism.ts";
export { nullMechanism } from "./null_mechanism.ts";
export { defaultSettings, type SocketClock, type SocketOptions, type SocketRandom } from "./options.ts";
export type { Message } from "./outbox.ts";
export type { Address, PeerEvent, PeerInfo, Side, SocketType } from "./peer.ts";
export { Pub } from "./pub.ts";
export { Pull } from "./pull.ts";
export { Push } from "./push.ts";
export { ReceivingSocket } from "./receiving_socket.ts";
export { Rep } from "./rep.ts";
export { Req } from "./req.ts";
export { Router } from "./router.ts";
export { type CloseOptions, Socket, type WaitOptions } from "./socket.ts";
export { Sub } from "./sub.ts";
