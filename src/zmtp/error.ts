/** The one error class of this room. */

/** Stable codes of a {@linkcode ZmtpError}. */
export type ZmtpErrorCode =
  /** The peer sent bytes that ZMTP does not allow. It only ever costs the peer its own connection. */
  | "PROTOCOL"
  /** The peer went over a named limit. */
  | "LIMIT_EXCEEDED"
  /** The peer's mechanism, version or socket type does not fit ours. */
  | "INCOMPATIBLE"
  /** The peer refused the handshake with an ERROR command. */
  | "DENIED"
  /** The peer did not finish connecting or its handshake in time, or fell silent for longer than allowed. */
  | "TIMED_OUT"
  /** No TCP connection could be made. */
  | "CONNECT_FAILED"
  /** The address cannot be listened on. */
  | "BIND_FAILED"
  /** Somebody listens on the address already. */
  | "ADDRESS_IN_USE"
  /** The peer that was needed for the operation is gone, and nothing will bring it back. */
  | "PEER_LOST"
  /** A ROUTER has no peer of that identity. */
  | "UNROUTABLE"
  /** A ROUTER's peer is at its high-water mark. */
  | "PEER_FULL"
  /** Two peers of a ROUTER announced the same identity; the newcomer is turned away. */
  | "DUPLICATE_IDENTITY"
  /** The call does not fit the state of the socket, such as a REQ that sends twice, or its arguments are wrong. */
  | "MISUSE"
  /** The socket is closed. */
  | "CLOSED";

/** An error with a stable code and a sentence that says what happened to whom. */
export class ZmtpError extends Error {
  override readonly name = "ZmtpError";
  readonly code: ZmtpErrorCode;

  constructor(code: ZmtpErrorCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** `error` itself when it is ours, otherwise wrapped, so that callers only ever see one class. */
export function asZmtpError(error: unknown, code: ZmtpErrorCode, what: string): ZmtpError {
  if (error instanceof ZmtpError) return error;
  return new ZmtpError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
}
