import type { RequestOf } from "../src/wire/mod.ts";

/** What an agent asks for work with: one free place, holding nothing, answered at once, unless told otherwise. */
export function workRequest(
  holder: Pick<RequestOf<"WORK">, "agentId" | "session">,
  more: Partial<RequestOf<"WORK">> = {},
): RequestOf<"WORK"> {
  return {
    ...holder,
    version: "1",
    sequence: 1,
    slots: 1,
    slotsTotal: null,
    offers: [],
    holding: [],
    outlived: [],
    stopping: false,
    onlyRun: null,
    waitMs: 0,
    ...more,
  };
}
