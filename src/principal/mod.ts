/** The principal: it decides, keeps and answers. */
export type { PrincipalOptions } from "./principal_options.ts";
export type { WorkflowSource } from "./catalog.ts";
export { Compaction } from "./upkeep/compaction.ts";
export { directLink } from "./direct_link.ts";
export { Ledger } from "./ledger.ts";
export { Principal } from "./principal.ts";
export type { UpkeepLimits } from "./upkeep/upkeep.ts";
export { Server, type ServerOptions, type ServerPorts } from "./server.ts";
