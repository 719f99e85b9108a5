/** How an agent of this process ends when it is asked to. */
import type { Agent } from "../../agent/mod.ts";
import { counted } from "../../core/mod.ts";
import { onAbort } from "../interrupt.ts";
import { roomLog } from "../room_log.ts";
import type { Notifier } from "./notifier.ts";

/** Why what runs is cancelled at the second signal. */
export const cancelReason = "the agent was told twice to stop";

/** Has the agent take no more work from the abort of `signal` on. */
export function drainOn(signal: AbortSignal, agent: Agent, notifier: Notifier): void {
  const log = roomLog("agent");
  onAbort(signal, () => {
    const { running } = agent;
    if (running > 0) {
      notifier.stopping(`finishes ${counted(running, "run")}`);
      log.info(`stopping: ${counted(running, "run")} to be finished first; a second signal cancels what runs`);
    } else {
      notifier.stopping();
      log.info("stopping");
    }
    agent.drain();
  });
}
