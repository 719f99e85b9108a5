/** What deciding a command gives. */
import type { CommandOf, CommandType, ReplyOf } from "./command.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";

/** What follows from a command. */
export interface Decision<Reply> {
  readonly events: readonly Event[];
  readonly reply: Reply;
}

/** Decides one kind of command. */
export type Rule<T extends CommandType> = (
  state: State,
  command: CommandOf<T>,
  nowMs: number,
) => Decision<ReplyOf<T>>;
