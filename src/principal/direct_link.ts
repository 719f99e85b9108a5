/** The way to a principal in the same process: no socket, no port. */
import type { PrincipalLink, RequestOptions } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { Principal } from "./principal.ts";

/** Makes a link. Requests need no timeout here: the principal answers or the process has ended. */
export function directLink(principal: Principal): PrincipalLink {
  const closed = new AbortController();
  const ended = () => new CdktrError("SHUTTING_DOWN", "The link to the principal is closed.");
  return {
    address: "this process",
    request: async (body: Uint8Array, { signal }: RequestOptions) => {
      if (closed.signal.aborted) throw ended();
      const gone = signal === undefined ? closed.signal : AbortSignal.any([closed.signal, signal]);
      const { body: reply, undelivered } = await principal.answer([body], gone);
      if (!gone.aborted) return reply;
      undelivered();
      throw signal?.aborted ? signal.reason : ended();
    },
    tryPushLog: (frame) => {
      if (closed.signal.aborted) throw ended();
      principal.logs.take([frame]);
      return true;
    },
    pushLog: (frame) => {
      if (closed.signal.aborted) return Promise.reject(ended());
      principal.logs.take([frame]);
      return Promise.resolve();
    },
    subscribeLogs: (topic, subscriber) => {
      subscriber.onConnected();
      return principal.logs.subscribe((frame) => {
        if (startsWith(frame, topic)) subscriber.onLine(frame);
      });
    },
    close: () => {
      closed.abort();
      return Promise.resolve();
    },
  };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}
