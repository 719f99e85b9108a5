/** The way to a principal in the same process: no socket, no port. */
import type { PrincipalLink, RequestOptions } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { Principal } from "./principal.ts";

/**
 * Makes a link. A reply can be late here, too: one that rests on a journal that cannot be written comes when it can be.
 */
export function directLink(principal: Principal): PrincipalLink {
  const closed = new AbortController();
  const ended = () => new CdktrError("SHUTTING_DOWN", "The link to the principal is closed.");
  return {
    address: "this process",
    request: async (body: Uint8Array, { timeoutMs, signal }: RequestOptions) => {
      if (closed.signal.aborted) throw ended();
      const late = new AbortController();
      const gone = AbortSignal.any([closed.signal, late.signal, ...(signal === undefined ? [] : [signal])]);
      gone.throwIfAborted();
      const givenUp = Promise.withResolvers<never>();
      const giveUp = () => givenUp.reject(gone.reason);
      gone.addEventListener("abort", giveUp, { once: true });
      const cancelTimer = principal.clock.setTimer(timeoutMs, () => late.abort(lateError(timeoutMs)));
      const answered = principal.answer([body], gone).then(({ body: reply, undelivered }) => {
        if (gone.aborted) undelivered();
        return reply;
      });
      try {
        return await Promise.race([answered, givenUp.promise]);
      } finally {
        cancelTimer();
        gone.removeEventListener("abort", giveUp);
      }
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
      closed.abort(ended());
      return Promise.resolve();
    },
  };
}

function lateError(timeoutMs: number): CdktrError {
  return new CdktrError("TIMED_OUT", `The principal in this process did not answer within ${timeoutMs} ms.`, {
    hint: "It may have done what was asked all the same.",
  });
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}
