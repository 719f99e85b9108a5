/** What the process's exit code says. */
import type { ErrorCode } from "../core/mod.ts";

/** Each exit code and its meaning, as `cdktr --help` prints it. */
export const exitCodes = {
  done: { code: 0, meaning: "done" },
  failed: { code: 1, meaning: "a run failed, or something else went wrong" },
  usage: { code: 2, meaning: "the command line, a setting, a workflow file or a parameter cannot be used" },
  notFound: { code: 3, meaning: "no workflow, run or file of that name" },
  skipped: { code: 4, meaning: "nothing was started: another run of the workflow has not ended (overlap: skip)" },
  unreachable: { code: 5, meaning: "the principal does not answer" },
  timedOut: { code: 6, meaning: "a wait ended before what it waited for" },
  interrupted: { code: 130, meaning: "ended by Ctrl-C before it was done (143: by a request to terminate)" },
} as const;

/** The exit code for an error of this code. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case "INVALID_ARGUMENT":
    case "INVALID_SETTING":
    case "INVALID_WORKFLOW":
    case "INVALID_PARAMETERS":
    case "AMBIGUOUS":
      return exitCodes.usage.code;
    case "NOT_FOUND":
      return exitCodes.notFound.code;
    case "UNREACHABLE":
    case "SHUTTING_DOWN":
      return exitCodes.unreachable.code;
    case "TIMED_OUT":
      return exitCodes.timedOut.code;
    case "CONFLICT":
    case "LIMIT_EXCEEDED":
    case "ADDRESS_IN_USE":
    case "STORAGE":
    case "UNSUPPORTED":
    case "INTERNAL":
      return exitCodes.failed.code;
  }
}
