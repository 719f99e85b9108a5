/** The principal's API as a typed client; the command line, the scheduler, agents and listeners all use it. */
export { type CallOptions, type ClientOptions, type Dialect, PrincipalClient } from "./client.ts";
export type { PrincipalLink, RequestOptions } from "./link.ts";
export type { PrincipalAddress } from "./zmtp_link.ts";
