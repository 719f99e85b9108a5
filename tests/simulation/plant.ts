/** How a test plants a fault. */
import type { PrincipalLink } from "../../src/client/mod.ts";
import type { Journal } from "../../src/journal/mod.ts";
import type { Principal } from "../../src/principal/mod.ts";
import type { HistoryModel, HistoryModelOptions } from "./history_model.ts";
import type { SimProcess } from "./machine.ts";

/** A fault that a test plants into the product, by standing in for one of its parts. */
export interface Plant {
  readonly journal?: (journal: Journal) => Journal;
  readonly history?: (options: HistoryModelOptions) => HistoryModel;
  readonly principal?: (principal: Principal) => Pick<Principal, "answer" | "logs">;
  readonly agentLink?: (link: PrincipalLink) => PrincipalLink;
  readonly schedulerLink?: (link: PrincipalLink, process: SimProcess) => PrincipalLink;
  /** Plants it into a class of the product; what it returns mends that. */
  readonly install?: () => () => void;
}
