/** An agent that is gone without a word. */
import { counted, messageOf, type OperatorLog } from "../core/mod.ts";
import type { Agent, Agents } from "./agents.ts";
import type { Ledger } from "./ledger.ts";

/** What it takes. */
export interface GiveUpOptions {
  readonly ledger: Ledger;
  readonly agents: Agents;
  readonly report: OperatorLog;
  /** Called when runs wait again, or may go on waiting elsewhere. */
  readonly onQueued: () => void;
}

/**
 * Gives an agent up: what it holds has crashed, or waits again where its workflow allows that. While the journal takes
 * nothing, the agent stays one that is watched.
 *
 * @param reason How it is known to be gone, as a sentence without its stop.
 */
export function giveUp(
  { ledger, agents, report, onQueued }: GiveUpOptions,
  { agentId, session }: Pick<Agent, "agentId" | "session">,
  reason: string,
): void {
  agents.forget(agentId, session);
  ledger.execute("lose_agent", { agentId, session, reason }).then(
    ({ crashed, requeued }) => {
      if (crashed > 0) report.warn(`${reason}: ${counted(crashed, "run")} marked CRASHED`);
      if (requeued > 0) report.warn(`${reason}: ${counted(requeued, "run")} waiting for another attempt`);
      onQueued();
    },
    (error) => {
      agents.hear(agentId, session);
      report.error(`cannot mark the runs of agent ${agentId} as crashed: ${messageOf(error)}`);
    },
  );
}
