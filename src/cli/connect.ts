/** The way from the settings to a principal. */
import { systemRandom } from "../clock/mod.ts";
import { PrincipalClient } from "../client/mod.ts";
import type { Address, Config } from "../config/mod.ts";
import { addressOf } from "./contexts.ts";
import type { Invocation } from "./invocation.ts";
import { version } from "./version.ts";

/**
 * A client of a principal. It connects when it is first used.
 *
 * @param role What this process is to the principal: `cli`, `agent`.
 * @param address Where the principal is. @default where the settings say
 */
export function connectToPrincipal(
  config: Config,
  { clock }: Invocation,
  role: string,
  { host, port, logsPublishingPort }: Address = addressOf(config),
): PrincipalClient {
  const address = { host, port, logsInPort: config.logsListeningPort, logsOutPort: logsPublishingPort };
  return PrincipalClient.overTcp(address, {
    clock,
    random: systemRandom,
    version,
    role,
    timeoutMs: config.defaultZmqTimeoutMs,
  });
}
