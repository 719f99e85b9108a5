/** The process of an agent. */
import { inheritDotenv, makeAgent } from "../compose.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { cancelReason, drainOn } from "./drain.ts";
import type { Service } from "./service.ts";

/** Works for the principal that the settings name, until it is told to stop. @param suffix Goes after the agent's id. */
export async function runAgent(invocation: Invocation, service: Service, suffix: string): Promise<void> {
  const { config, notifier } = service;
  inheritDotenv(config);
  await using client = connectToPrincipal(config, invocation, "agent");
  // Ready before it has found its principal: it goes on looking by itself, and a restart would help nobody.
  const onStanding = (standing: "seeking" | "working") => {
    notifier.status(`${standing === "seeking" ? "looks for" : "works for"} the principal at ${client.address}`);
    if (standing === "seeking") notifier.ready();
  };
  const agent = makeAgent(config, client, { suffix, onStanding });
  using interrupt = service.listen(() => agent.cancelAll(cancelReason));
  drainOn(interrupt.signal, agent, notifier);
  service.reloadOnHangUp({ principal: false, agent: true }, (config, before) => {
    inheritDotenv(config, before);
    agent.takeAtMost(config.agentMaxConcurrency);
  });
  notifier.watch(() => Promise.resolve());
  await agent.run();
}
