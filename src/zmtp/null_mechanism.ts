/** The NULL mechanism (RFC 37, "The NULL security mechanism"): one READY from each side, no secrets. */

import { decodeCommand, decodeErrorReason, decodeProperties, encodeCommand } from "./command.ts";
import { ZmtpError } from "./error.ts";
import type { Mechanism } from "./mechanism.ts";

/** No authentication, no encryption. */
export const nullMechanism: Mechanism = {
  name: "NULL",
  asServer: false,
  start: (properties) => ({
    begin: () => [encodeCommand("READY", properties)],
    receive: (body) => {
      const { name, payload } = decodeCommand(body);
      if (name === "ERROR") {
        throw new ZmtpError("DENIED", `The peer refused the handshake: ${decodeErrorReason(payload)}`);
      }
      if (name !== "READY") throw new ZmtpError("PROTOCOL", `The peer sent the command ${name} before READY.`);
      return { send: [], done: { properties: decodeProperties(payload) } };
    },
  }),
};
