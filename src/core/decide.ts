/**
 * The decider: what follows from a command in a state. Nothing here changes the state; {@linkcode State.evolve} does,
 * once for each event and in their order.
 */
import type { CommandOf, CommandReplies, CommandType, ReplyOf } from "./command.ts";
import type { Decision, Rule } from "./decision.ts";
import { requestWork, returnRun } from "./assign.ts";
import { cancel, loseAgent } from "./end.ts";
import { note, noteSchedules } from "./note.ts";
import { pause } from "./pause.ts";
import { takeReport } from "./report.ts";
import type { State } from "./state.ts";
import { retry, trigger } from "./trigger.ts";

const rules: { readonly [T in keyof CommandReplies]: Rule<T> } = {
  trigger,
  retry,
  pause,
  note_schedules: noteSchedules,
  note,
  request_work: requestWork,
  take_report: takeReport,
  cancel,
  lose_agent: loseAgent,
  return_run: returnRun,
};

/**
 * Decides a command.
 *
 * @param type The kind of the command; it says what the command and its reply look like.
 * @param nowMs The principal's wall clock in Unix milliseconds.
 */
export function decide<T extends CommandType>(
  state: State,
  type: T,
  command: CommandOf<T>,
  nowMs: number,
): Decision<ReplyOf<T>> {
  return rules[type](state, command, nowMs);
}
