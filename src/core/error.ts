/** The one error class of the product: what a person reads, what a program matches, what to do next. */

/** Stable codes, shown alike by the command line, on the wire and in logs. docs/errors.md explains each. */
export const errorCodes = [
  /** A request or an argument that cannot be understood. */
  "INVALID_ARGUMENT",
  /** A setting (flag, environment, `.env`) has a value that cannot be used. */
  "INVALID_SETTING",
  /** A workflow file that does not follow the schema. */
  "INVALID_WORKFLOW",
  /** Parameters given to a run do not fit the workflow. */
  "INVALID_PARAMETERS",
  /** No workflow, run, task or file of that name. */
  "NOT_FOUND",
  /** A run id prefix that fits more than one run. */
  "AMBIGUOUS",
  /** The request is understood and cannot be done in the present state. */
  "CONFLICT",
  /** A named limit was reached. */
  "LIMIT_EXCEEDED",
  /** The principal does not answer. */
  "UNREACHABLE",
  /** A wait ended before what it waited for. */
  "TIMED_OUT",
  /** A port is taken or cannot be listened on. */
  "ADDRESS_IN_USE",
  /** A file or directory cannot be read, written or locked. */
  "STORAGE",
  /** The other side does not speak this part of the protocol. */
  "UNSUPPORTED",
  /** The process is shutting down. */
  "SHUTTING_DOWN",
  /** A defect of cdktr itself. */
  "INTERNAL",
] as const;
/** A stable code of {@linkcode errorCodes}. */
export type ErrorCode = typeof errorCodes[number];

/** Options of a {@linkcode CdktrError}. */
export interface CdktrErrorOptions {
  /** What the reader can do about it, as a sentence. */
  hint?: string;
  /** The error underneath. */
  cause?: unknown;
}

/** An error with a stable code, a sentence that names the action and the value, and a hint. */
export class CdktrError extends Error {
  override readonly name = "CdktrError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, sentence: string, options: CdktrErrorOptions = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The sentence of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
