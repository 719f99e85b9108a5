/** The way to a principal: over ZeroMQ, or straight into one in the same process. */

/** Options of a request. */
export interface RequestOptions {
  /** How long to wait for the reply, in milliseconds. */
  readonly timeoutMs: number;
  /** Gives the wait up. */
  readonly signal?: AbortSignal | undefined;
}

/** Who is told of live log lines. */
export interface LogSubscriber {
  /** The bytes of a line, topic first. */
  onLine(frame: Uint8Array): void;
  /** Lines come from now on: at first, and again after each loss of the connection. */
  onConnected(): void;
  /** The principal cannot be reached, or not any more; it is tried on. */
  onDisconnected(): void;
}

/** The part of a {@linkcode PrincipalLink} that requests need. */
export type RequestLink = Pick<PrincipalLink, "request" | "close">;

/** A way to one principal. */
export interface PrincipalLink {
  /** Where the principal is, for messages to people. */
  readonly address: string;
  /**
   * Sends the body of a request and waits for that of its reply.
   *
   * @throws {CdktrError} UNREACHABLE when there is no principal, TIMED_OUT when it did not answer in time: it may have
   * done what was asked all the same. The signal's reason when it aborts.
   */
  request(body: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /**
   * Queues one log line if there is room. Lines keep their order.
   *
   * @throws {CdktrError} SHUTTING_DOWN once the link is closed.
   */
  tryPushLog(frame: Uint8Array): boolean;
  /**
   * Queues one log line as soon as there is room.
   *
   * @throws {CdktrError} SHUTTING_DOWN once the link is closed. The signal's reason when it aborts.
   */
  pushLog(frame: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * Receives log lines whose first bytes are `topic`, from now on.
   *
   * @returns Ends the subscription. May be called more than once.
   */
  subscribeLogs(topic: Uint8Array, subscriber: LogSubscriber): () => void;
  /** Sends what is still queued, within a second, and closes. */
  close(): Promise<void>;
}
