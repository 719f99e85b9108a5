/** A room's voice in the process log. */
import { getLogger } from "@logtape/logtape";

/** What every room that reports to its operator is given. */
export interface RoomLog {
  info(sentence: string): void;
  warn(sentence: string): void;
  error(sentence: string): void;
}

/** The log of `room`. Sentences are taken as they are: braces in them are no placeholders. */
export function roomLog(room: string): RoomLog {
  const logger = getLogger(["cdktr", room]);
  return {
    info: (sentence) => logger.info`${sentence}`,
    warn: (sentence) => logger.warn`${sentence}`,
    error: (sentence) => logger.error`${sentence}`,
  };
}
