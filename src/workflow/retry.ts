/** `retries`: how often a failed task is tried again, after which pauses, and after which failures. */

import * as z from "zod";
import { fileLimits } from "./limits.ts";
import { decimal, duration, fault, wholeNumber } from "./value.ts";

/** How a task that failed is tried again. */
export interface Retry {
  /** Further tries after the first one. */
  readonly max: number;
  /** Pause before the second try, in milliseconds. */
  readonly delayMs: number;
  /** By how much each pause is longer than the one before. */
  readonly factor: number;
  /** Longest pause, in milliseconds. */
  readonly maxDelayMs: number;
  /** Up to this fraction of a pause is added or taken away at random. */
  readonly jitter: number;
  /** Only these exit codes are tried again; null for every failure. */
  readonly exitCodes: readonly number[] | null;
}

/** No further try. Its other fields are what counts where a file gives only a number. */
export const noRetry: Retry = {
  max: 0,
  delayMs: 1_000,
  factor: 2,
  maxDelayMs: 60_000,
  jitter: 0,
  exitCodes: null,
};

const count = wholeNumber(0, fileLimits.maxRetries);
const pause = duration({ maxMs: fileLimits.maxTimeoutMs, mayBeZero: true });

/** `retries` with its particulars. */
export const retryMapping = z.strictObject({
  max: count.meta({ description: "How often a failed task is tried again.", examples: [6] }),
  delay: pause.nullish().meta({
    description: "Pause before the second try: seconds, or a duration, at most 366 days.",
    default: "1s",
    examples: ["5s"],
  }),
  factor: decimal(1, fileLimits.maxRetryFactor).nullish().meta({
    description: "By how much each pause is longer than the one before; 1 for pauses of one length.",
    default: noRetry.factor,
    examples: [3],
  }),
  max_delay: pause.nullish().meta({
    description: "Longest pause: seconds, or a duration. By default 60 s, or delay if that is longer.",
    examples: ["10m"],
  }),
  jitter: decimal(0, 1).nullish().meta({
    description: "Up to this fraction of a pause is added or taken away at random.",
    default: noRetry.jitter,
    examples: [0.2],
  }),
  exit_codes: z.array(wholeNumber(1, 255)).nullish().superRefine((codes, context) => {
    if (codes?.length === 0) fault(context, "has no exit code", "at least one exit code");
  }).meta({
    description: "Try again only after these exit codes; by default after every failure, timeouts included.",
    examples: [[6, 7, 28]],
  }),
}).transform(({ max, delay, factor, max_delay, jitter, exit_codes }, context): Retry => {
  const delayMs = delay ?? noRetry.delayMs;
  if (max_delay !== null && max_delay !== undefined && max_delay < delayMs) {
    fault(context, "is shorter than delay", `a duration of at least ${delayMs / 1_000}s`, ["max_delay"]);
  }
  return {
    max,
    delayMs,
    factor: factor ?? noRetry.factor,
    maxDelayMs: max_delay ?? Math.max(noRetry.maxDelayMs, delayMs),
    jitter: jitter ?? noRetry.jitter,
    exitCodes: exit_codes ? [...new Set(exit_codes)] : null,
  };
});

/** `retries` as a number, or with its particulars. */
export const retries = z.union([count.transform((max): Retry => ({ ...noRetry, max })), retryMapping]).nullish();
