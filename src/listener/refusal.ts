/** Answers to requests that get no run. */
import { CdktrError, type ErrorCode } from "../core/mod.ts";

/** When a sender is to try again, in seconds. */
const retryAfterS = 5;

/** Thrown where a request is refused. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly error: CdktrError;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: CdktrError, headers: Readonly<Record<string, string>> = {}) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

/**
 * The refusal for an error of the principal, or of the way to it.
 *
 * @param mayTryAgain Whether a sender that repeats the request can start no second run. @default true
 */
export function refusalOf(error: CdktrError, mayTryAgain = true): Refusal {
  const status = statusOf(error.code);
  if (status !== 503) return new Refusal(status, error);
  return mayTryAgain ? new Refusal(503, error, { "Retry-After": String(retryAfterS) }) : new Refusal(504, error);
}

function statusOf(code: ErrorCode): number {
  switch (code) {
    case "INVALID_ARGUMENT":
    case "INVALID_SETTING":
    case "INVALID_WORKFLOW":
    case "AMBIGUOUS":
      return 400;
    case "NOT_FOUND":
      return 404;
    case "CONFLICT":
      return 409;
    case "INVALID_PARAMETERS":
      return 422;
    case "INTERNAL":
    case "ADDRESS_IN_USE":
      return 500;
    case "UNSUPPORTED":
      return 501;
    case "UNREACHABLE":
    case "TIMED_OUT":
    case "LIMIT_EXCEEDED":
    case "STORAGE":
    case "SHUTTING_DOWN":
      return 503;
  }
}
