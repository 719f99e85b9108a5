/** The way from the settings to a principal. */
import { systemRandom } from "../clock/mod.ts";
import { PrincipalClient } from "../client/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Invocation } from "./invocation.ts";
import { version } from "./version.ts";

/**
 * A client of the principal that the settings name. It connects when it is first used.
 *
 * @param role What this process is to the principal: `cli`, `agent`.
 */
export function connectToPrincipal(config: Config, { clock }: Invocation, role: string): PrincipalClient {
  const address = {
    host: config.principalHost,
    port: config.principalPort,
    logsInPort: config.logsListeningPort,
    logsOutPort: config.logsPublishingPort,
  };
  return PrincipalClient.overTcp(address, {
    clock,
    random: systemRandom,
    version,
    role,
    timeoutMs: config.defaultZmqTimeoutMs,
  });
}
