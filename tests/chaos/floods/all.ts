/** Every flood, in the order in which they are played. */
import type { Scenario } from "../scenario.ts";
import { manyConnections } from "./connections.ts";
import { endlessLine } from "./endless_line.ts";
import { hostilePeers } from "./hostile_peers.ts";
import { manyWorkflows } from "./many_workflows.ts";
import { scheduleMinute } from "./schedule_minute.ts";
import { slowSubscribers } from "./slow_subscribers.ts";
import { triggerBurst } from "./trigger_burst.ts";

export const floods: readonly Scenario[] = [
  triggerBurst,
  manyConnections,
  endlessLine,
  scheduleMinute,
  manyWorkflows,
  slowSubscribers,
  hostilePeers,
];
