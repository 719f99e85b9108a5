/**
 * Messages that have begun to arrive and are not whole yet, over all connections of a socket. Each is bounded by itself;
 * this bounds their sum, which otherwise would be the largest message times the number of connections, for as long as
 * peers like to take.
 */

import { ZmtpError } from "./error.ts";

/** A connection, as far as it holds a part of a message. */
export interface UnfinishedHolder {
  /** Ends the connection. It gives up what it holds by telling 0. */
  end(error: ZmtpError): void;
}

/** Counts them. When there is too much the largest goes, so that who sends small messages is never made to pay. */
export class UnfinishedMessages {
  readonly #limitBytes: number;
  readonly #held = new Map<UnfinishedHolder, number>();
  #totalBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Takes notice of how many bytes of an unfinished message a connection holds now; 0 for none. */
  tell(holder: UnfinishedHolder, bytes: number): void {
    this.#totalBytes += bytes - (this.#held.get(holder) ?? 0);
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
    while (this.#totalBytes > this.#limitBytes) this.#endLargest();
  }

  #endLargest(): void {
    let largest: [UnfinishedHolder, number] | undefined;
    for (const entry of this.#held) if (largest === undefined || entry[1] > largest[1]) largest = entry;
    if (largest === undefined) return;
    const [holder, bytes] = largest;
    this.tell(holder, 0);
    holder.end(
      new ZmtpError(
        "LIMIT_EXCEEDED",
        `Messages that arrive at the same time have more than ${this.#limitBytes} bytes; the peer's is the largest, ${bytes}.`,
      ),
    );
  }
}
