/** The principal: it decides, keeps and answers. */
export type { WorkflowSource } from "./catalog.ts";
export { directLink } from "./direct_link.ts";
export { Principal, type PrincipalOptions } from "./principal.ts";
export { Server, type ServerOptions, type ServerPorts } from "./server.ts";
