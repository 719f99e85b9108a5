/** The process of a principal or an agent: its settings, its log, the signals it gets, and the service manager it tells. */
import type { Config } from "../../config/mod.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { startProcessLog } from "../process_log.ts";
import { roomLog } from "../room_log.ts";
import { Reload, type Roles } from "./reload.ts";
import { keepFromTasks, Notifier } from "./notifier.ts";

/** See the top of this file. */
export interface Service extends Disposable {
  /** The settings it was started with. */
  readonly config: Config;
  readonly notifier: Notifier;
  /** As {@linkcode listenForInterrupt}. Without a terminal a SIGHUP does not end the process. */
  readonly listen: (onSecond: () => void) => ReturnType<typeof listenForInterrupt>;
  /** From now on a SIGHUP has the settings read again, without a terminal. */
  readonly reloadOnHangUp: (
    roles: Roles,
    apply: (config: Config, before: Config) => void,
    readOthers?: () => Promise<void>,
  ) => void;
}

/**
 * Begins to log, and takes up with the service manager if one started this process.
 *
 * @param read Reads the settings.
 * @param room Under which it logs.
 * @throws {CdktrError} INVALID_SETTING.
 */
export function startService({ environment, stderr, clock }: Invocation, read: () => Config, room: string): Service {
  const config = read();
  const processLog = startProcessLog(config.logLevel, stderr);
  const log = roomLog(room);
  keepFromTasks();
  const notifier = new Notifier({ environment, clock, log });
  let reload: Reload | null = null;
  return {
    config,
    notifier,
    listen: (onSecond) => {
      return listenForInterrupt({ onSecond, onHangUp: hasTerminal() ? null : () => reload?.request() });
    },
    reloadOnHangUp: (roles, apply, readOthers = () => Promise.resolve()) => {
      reload = new Reload({
        ...{ roles, config, read, readOthers, notifier, log },
        apply: (config, before) => {
          processLog.setLevel(config.logLevel);
          apply(config, before);
        },
      });
    },
    [Symbol.dispose]: () => {
      notifier[Symbol.dispose]();
      processLog[Symbol.dispose]();
    },
  };
}

/** Whether the process lives in a terminal, which takes it along when it is closed. */
function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() || Deno.stderr.isTerminal();
}
