/** Up to when what the screens show is known. */
import type { Shell } from "./screen.ts";

/**
 * The principal's clock, Unix milliseconds: now while it answers, else when it was last heard of. Ages told up to then do
 * not grow while nobody knows whether they do.
 */
export function toldMs({ session, clock }: Pick<Shell, "session" | "clock">): number {
  const nowMs = session.nowMs();
  if (session.connection.state !== "lost" || session.heardMs === null) return nowMs;
  return nowMs - Math.max(clock.nowMs() - session.heardMs, 0);
}

/** Whether what is shown is as it is now. */
export function isFresh({ session }: Pick<Shell, "session">): boolean {
  return session.connection.state === "live";
}

/** What stands where nothing can be shown: that it is being waited for, or that the principal is one that has no such thing. */
export function absence({ session }: Pick<Shell, "session">): string {
  return session.dialect === "original" ? "An original principal does not tell this." : "Waiting for the principal ...";
}
