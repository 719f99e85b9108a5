/** A room's voice in the process log. */
import { getLogger } from "@logtape/logtape";
import type { OperatorLog } from "../core/mod.ts";

/** The log of `room`. Sentences are taken as they are: braces in them are no placeholders. */
export function roomLog(room: string): OperatorLog {
  const logger = getLogger(["cdktr", room]);
  return {
    info: (sentence) => logger.info`${sentence}`,
    warn: (sentence) => logger.warn`${sentence}`,
    error: (sentence) => logger.error`${sentence}`,
  };
}
