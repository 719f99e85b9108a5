/** Which failures of a request pass by themselves. */
import { CdktrError, type ErrorCode } from "../core/mod.ts";

const passingCodes: readonly ErrorCode[] = ["UNREACHABLE", "TIMED_OUT", "STORAGE", "LIMIT_EXCEEDED", "SHUTTING_DOWN"];

/** Whether the same request may succeed later: the principal is away, slow, or cannot write at present. */
export function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof CdktrError && passingCodes.includes(error.code);
}
