import { findPython } from "./peers.ts";
import { registerPairs } from "./zmtp_pairs.ts";

registerPairs(await findPython(["zmq"]), "zmtp_peer.py");
