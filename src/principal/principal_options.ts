/** What a principal is given. */
import type { Clock, Random } from "../clock/mod.ts";
import type { OperatorLog } from "../core/mod.ts";
import type { History } from "../history/mod.ts";
import type { Journal } from "../journal/mod.ts";
import type { WorkflowSource } from "./catalog.ts";
import type { UpkeepOptions } from "./upkeep/upkeep.ts";

/** What a principal is made of. */
export interface PrincipalOptions {
  readonly version: string;
  /** Closed by the principal. */
  readonly journal: Journal;
  /** Closed by the principal. */
  readonly history: Pick<History, keyof History>;
  readonly workflows: WorkflowSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: OperatorLog;
  /** Silence of an agent that counts as death, in milliseconds. */
  readonly agentTimeoutMs: number;
  /**
   * Whether it serves all that the journal is about. One that was made for a single run leaves no word on schedules and on
   * when a principal was there.
   */
  readonly isServing: boolean;
  /** Null for a principal that removes nothing and leaves its disk alone. */
  readonly upkeep: UpkeepOptions | null;
}
