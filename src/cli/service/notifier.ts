/**
 * What a principal or an agent tells the service manager that started it, by the protocol of sd_notify(3). Without one
 * (no `NOTIFY_SOCKET`) nothing is loaded and nothing is told.
 *
 * ```
 * starting --ready--> ready --reloading--> reloading --ready--> ready --stopping--> stopping
 * ```
 */
import type { Clock } from "../../clock/mod.ts";
import { messageOf, type OperatorLog } from "../../core/mod.ts";
import { monotonicUsec } from "./libc.ts";
import { NotifySocket } from "./notify_socket.ts";

const usecPerMs = 1000;
/** A sign of life is given so often within the time after which the service manager would give the process up. */
const signsPerTimeout = 2;

/** What a {@linkcode Notifier} works with. */
export interface NotifierOptions {
  /** Where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are looked for. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** See the top of this file. Nothing here throws: a failure is told once, and the process goes on. */
export class Notifier implements Disposable {
  readonly #clock: Clock;
  readonly #log: OperatorLog;
  readonly #socket: NotifySocket | null;
  readonly #watchdogMs: number | null;
  #status = "";
  #isReady = false;
  #isStopping = false;
  #hasWarned = false;
  #cancelSign: () => void = () => {};

  constructor({ environment, clock, log }: NotifierOptions) {
    this.#clock = clock;
    this.#log = log;
    const path = environment["NOTIFY_SOCKET"];
    this.#socket = path ? this.#open(path) : null;
    this.#watchdogMs = this.#socket === null ? null : watchdogMsOf(environment);
  }

  /** Tells that the process does its work, or does it again after {@linkcode Notifier.reloading}. */
  ready(): void {
    if (this.#isStopping) return;
    this.#isReady = true;
    this.#send(`READY=1\nSTATUS=${this.#status}`);
  }

  /** One line on what the process does. Before it is ready the line comes with that. */
  status(line: string): void {
    if (line === this.#status) return;
    this.#status = line;
    if (this.#isReady && !this.#isStopping) this.#send(`STATUS=${line}`);
  }

  /** Tells that settings are read again; {@linkcode Notifier.ready} ends that. */
  reloading(): void {
    if (this.#socket !== null && !this.#isStopping) this.#send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec()}`);
  }

  /** Tells that the process is about to end, and in one line what it does before. */
  stopping(line = "stopping"): void {
    if (!this.#isStopping) this.#send(`STOPPING=1\nSTATUS=${line}`);
    this.#isStopping = true;
  }

  /**
   * Gives signs of life from now on, if the service manager wants any: from the event loop, so that one that hangs gives none.
   *
   * @param check Resolves if all is well. While it does not, no sign is given.
   */
  watch(check: () => Promise<void>): void {
    if (this.#watchdogMs === null) return;
    const signMs = this.#watchdogMs / signsPerTimeout;
    const arm = () => {
      this.#cancelSign = this.#clock.setTimer(signMs, () => {
        arm();
        sign();
      });
    };
    const sign = () => void check().then(() => this.#send("WATCHDOG=1"));
    sign();
    arm();
  }

  [Symbol.dispose](): void {
    this.#cancelSign();
    this.#socket?.[Symbol.dispose]();
  }

  #open(path: string): NotifySocket | null {
    try {
      return new NotifySocket(path);
    } catch (error) {
      this.#warn(error);
      return null;
    }
  }

  #send(message: string): void {
    this.#socket?.send(message).catch((error) => this.#warn(error));
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(`the service manager is told nothing: ${messageOf(error)}`);
  }
}

const variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** Takes the service manager's variables out of this process's environment: they are for it, and not for the tasks it runs. */
export function keepFromTasks(): void {
  for (const name of variables) Deno.env.delete(name);
}

/** How long the service manager waits for a sign of life, in milliseconds; null when it wants none of this process. */
function watchdogMsOf(environment: Readonly<Record<string, string>>): number | null {
  const usec = Number(environment["WATCHDOG_USEC"]);
  const pid = environment["WATCHDOG_PID"];
  const isOurs = pid === undefined || pid === "" || Number(pid) === Deno.pid;
  return isOurs && usec > 0 ? usec / usecPerMs : null;
}
