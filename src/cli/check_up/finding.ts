/** What a check-up finds. */
import type { ReplyTo } from "../../wire/mod.ts";

/** One thing that was looked at, and how it is. */
export type Finding = ReplyTo<"DOCTOR">["findings"][number];

/** Makes a finding. A hint goes with what is not as it should be. */
export function finding(name: string, state: Finding["state"], detail: string, hint: string | null = null): Finding {
  return { name, state, detail, hint };
}
