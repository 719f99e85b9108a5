/** PULL (RFC 30): takes messages of PUSH peers, fair over the peers. */

import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { ReceivingSocket } from "./receiving_socket.ts";

/** Receives what PUSH peers send. */
export class Pull extends ReceivingSocket {
  override readonly type = "PULL";

  protected override addPeer(_pipe: Pipe, _peer: PeerInfo): void {}
}
