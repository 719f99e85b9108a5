/** Where the lines of an agent's runs go: through the spool to a principal of ours, or straight to an original one. */
import type { Clock } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import type { LoggedAttempt } from "./dispatcher.ts";
import { LogSender } from "./log_sender.ts";
import type { LogLine } from "./run_task.ts";

/** Takes the lines of one run. */
export interface RunLog {
  /** Takes lines, in order. Resolves when there is room for more. */
  send(lines: readonly LogLine[]): Promise<void>;
  /** To be called after the last line. Resolves when the end of the run may be reported: its lines are on their way. */
  end(): Promise<void>;
}

/** Takes the lines of all runs. */
export interface LogOutlet {
  /** A run begins. */
  begin(assignment: LoggedAttempt): RunLog;
  /** Reports are about to leave; lines go before them where they can. */
  sendAhead(): void;
  /** Delivers what is still here, within a bounded time. For an agent that ends in good order. Never throws. */
  drain(): Promise<void>;
  /** Delivers no more. */
  close(): void;
}

/** Lines towards an original principal: nothing is kept, what it does not take is counted. */
export function pushedLogs(client: PrincipalClient, clock: Clock): LogOutlet {
  return {
    begin: (assignment) => {
      const sender = new LogSender(assignment, client, clock);
      return {
        send: (lines) => sender.send(lines),
        end: () => {
          sender.end();
          return Promise.resolve();
        },
      };
    },
    sendAhead: () => {},
    drain: () => Promise.resolve(),
    close: () => {},
  };
}
