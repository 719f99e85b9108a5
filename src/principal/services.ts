/** What the verbs work on: the parts of a running principal. */
import type { RunIds } from "../core/mod.ts";
import type { Agents } from "./agents.ts";
import type { PrincipalOptions } from "./principal_options.ts";
import type { Catalog } from "./catalog.ts";
import type { ChangeWatch } from "./change_watch.ts";
import type { Ledger } from "./ledger.ts";
import type { LogIntake } from "./log_intake.ts";
import type { LogStreams } from "./log_streams.ts";
import type { Projector } from "./projector.ts";
import type { RunWatch } from "./run_watch.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";
import type { WorkDesk } from "./work_desk.ts";

/** The parts of a running principal, and what it was made of. */
export interface Services extends Omit<PrincipalOptions, "upkeep"> {
  readonly startedAtMs: number;
  readonly runIds: RunIds;
  readonly ledger: Ledger;
  readonly projector: Projector;
  readonly agents: Agents;
  readonly logs: LogIntake;
  readonly logStreams: LogStreams;
  readonly catalog: Catalog;
  readonly workDesk: WorkDesk;
  readonly runWatch: RunWatch;
  readonly changeWatch: ChangeWatch;
  /** Null where nothing is removed and the disk is left alone. */
  readonly upkeep: Upkeep | null;
  /** What is wrong at present, one sentence each. */
  readonly problems: () => string[];
}
