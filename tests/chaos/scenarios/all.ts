/** Every scenario of chaos, in the order in which they are played. */
import type { Scenario } from "../scenario.ts";
import { badNetwork } from "./bad_network.ts";
import { brokenHistory } from "./broken_history.ts";
import { fullDisk } from "./full_disk.ts";
import { killNine } from "./kill_nine.ts";
import { agentWithoutDescriptors, principalWithoutDescriptors } from "./no_descriptors.ts";
import { principalAway } from "./principal_away.ts";
import { agentStopped, principalStopped } from "./stalls.ts";

export const chaosScenarios: readonly Scenario[] = [
  killNine,
  principalAway,
  badNetwork,
  principalStopped,
  agentStopped,
  fullDisk,
  brokenHistory,
  principalWithoutDescriptors,
  agentWithoutDescriptors,
];
