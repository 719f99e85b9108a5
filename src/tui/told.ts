/** How far what the screens show can be believed. */
import type { Shell } from "./screen.ts";

/** Whether what is shown is as it is now. */
export function isFresh({ session }: Pick<Shell, "session">): boolean {
  return session.connection.state === "live";
}

/** What stands where nothing can be shown: that it is being waited for, or that the principal is one that has no such thing. */
export function absence({ session }: Pick<Shell, "session">): string {
  return session.dialect === "original" ? "An original principal does not tell this." : "Waiting for the principal ...";
}
