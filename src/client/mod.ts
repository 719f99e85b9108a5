/** The principal's API as a typed client; the command line, the scheduler, agents and listeners all use it. */
export { askOriginal, runOnOriginal } from "./ask_original.ts";
export { type CallOptions, type ClientOptions, type Dialect, PrincipalClient } from "./client.ts";
export { EventListener, type EventListenerOptions, type TriggerResult } from "./event_listener.ts";
export { followChanges } from "./follow_changes.ts";
export type { LogNews } from "./follow_logs.ts";
export type { LogSubscriber, PrincipalLink, RequestOptions } from "./link.ts";
export { OriginalWorkflows } from "./original_workflows.ts";
export { isWorthAnotherTry } from "./retry.ts";
export type { PrincipalAddress } from "./zmtp_link.ts";
