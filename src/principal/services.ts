/** What the verbs work on: the parts of a running principal. */
import type { Clock, Random } from "../clock/mod.ts";
import type { OperatorLog, RunIds } from "../core/mod.ts";
import type { History } from "../history/mod.ts";
import type { Journal } from "../journal/mod.ts";
import type { Agents } from "./agents.ts";
import type { Catalog } from "./catalog.ts";
import type { Ledger } from "./ledger.ts";
import type { RunWatch } from "./run_watch.ts";
import type { WorkDesk } from "./work_desk.ts";

/** The parts of a running principal. */
export interface Services {
  readonly version: string;
  readonly startedAtMs: number;
  readonly agentTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly runIds: RunIds;
  readonly report: OperatorLog;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly history: History;
  readonly agents: Agents;
  readonly catalog: Catalog;
  readonly workDesk: WorkDesk;
  readonly runWatch: RunWatch;
  /** What is wrong at present, one sentence each. */
  readonly problems: () => string[];
}
