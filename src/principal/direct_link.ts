/** The way to a principal in the same process: no socket, no port. */
import type { PrincipalLink, RequestOptions } from "../client/mod.ts";
import { orAborted } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { Principal } from "./principal.ts";

/**
 * Makes a link. A reply can be late here, too: one that rests on a journal that cannot be written comes when it can be.
 */
export function directLink(principal: Principal): PrincipalLink {
  const closed = new AbortController();
  const ended = () => new CdktrError("SHUTTING_DOWN", "The link to the principal is closed.");
  /** Pending while lines come faster than they can be stored. */
  let room: Promise<void> | undefined;
  const take = (frame: Uint8Array) => {
    room = principal.logs.take([frame])?.then(() => void (room = undefined)) ?? room;
  };
  return {
    address: "this process",
    request: async (body: Uint8Array, { timeoutMs, signal }: RequestOptions) => {
      if (closed.signal.aborted) throw ended();
      const late = new AbortController();
      const gone = AbortSignal.any([closed.signal, late.signal, ...(signal === undefined ? [] : [signal])]);
      gone.throwIfAborted();
      const cancelTimer = principal.clock.setTimer(timeoutMs, () => late.abort(lateError(timeoutMs)));
      const answered = principal.answer([body], gone).then(({ body: reply, undelivered }) => {
        if (gone.aborted) undelivered();
        return reply;
      });
      try {
        return await orAborted(answered, gone);
      } finally {
        cancelTimer();
      }
    },
    tryPushLog: (frame) => {
      if (closed.signal.aborted) throw ended();
      if (room !== undefined) return false;
      take(frame);
      return true;
    },
    pushLog: async (frame, signal) => {
      while (room !== undefined) await orAborted(room, signal);
      if (closed.signal.aborted) throw ended();
      take(frame);
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
