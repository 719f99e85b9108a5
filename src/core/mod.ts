/** Decisions, pure: no clock, disk, network or randomness of its own. */
export { CdktrError, type CdktrErrorOptions, type ErrorCode, messageOf } from "./error.ts";
