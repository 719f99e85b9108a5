import { findNode } from "./peers.ts";
import { registerPairs } from "./zmtp_pairs.ts";

registerPairs(await findNode(), "zmtp_peer.mjs");
