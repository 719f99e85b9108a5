/**
 * Single values of a workflow file, from which its schema is made. They read what `tree.ts` gives: every scalar is text
 * exactly as written, so a number is text of a certain form. The JSON Schema that editors get calls it a number. What is
 * given to `z.string` is what was expected, for where there is no text at all.
 */

import * as z from "zod";
import { durationForm, durationMs } from "./duration.ts";
import { fileLimits } from "./limits.ts";

/** A value of the schema that is wrong: how the sentence about it goes on, and what was expected instead. */
export function fault(
  context: z.core.$RefinementCtx,
  predicate: string,
  expected: string,
  path: readonly PropertyKey[] = [],
): void {
  context.addIssue({ code: "custom", message: predicate, params: { expected }, path: [...path] });
}

/** Text that can go to a process: the operating system ends it at a NUL, and half a character has no encoding. */
export const text = z.string().superRefine((value, context) => {
  if (value.includes("\0")) fault(context, "contains a NUL character", "text without NUL");
  if (!value.isWellFormed()) fault(context, "contains half of a surrogate pair", "text made of whole characters");
});

/** Text that is not empty. */
export const filledText = text.min(1);

/** Text where YAML's numbers, booleans and nulls are welcome too; they count as they are written. */
export const scalar = text.meta({ type: ["string", "number", "boolean", "null"] });

/** Ids and names go over the wire between separators that are control characters, and into terminals. */
export function label(maxChars: number) {
  return z.string().min(1).max(maxChars).superRefine((value, context) => {
    if (/\p{Cc}/u.test(value)) fault(context, "contains a control character", "text without control characters");
    if (value !== "" && value.trim() === "") fault(context, "is blank", "text with at least one visible character");
    if (!value.isWellFormed()) fault(context, "contains half of a surrogate pair", "text made of whole characters");
  });
}

/** What a workflow, task or parameter is for. */
export const description = text.nullish().meta({
  description: "What it does and why it exists.",
  examples: ["Loads the orders of a day"],
});

/** `true` or `false`, in the spellings of YAML. */
export const trueOrFalse = z.preprocess(
  (value) =>
    value === "true" || value === "True" || value === "TRUE"
      ? true
      : value === "false" || value === "False" || value === "FALSE"
      ? false
      : value,
  z.boolean().nullish(),
);

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  return z.string("a whole number").meta({ type: "integer", minimum: min, maximum: max }).transform(
    (value, context) => {
      const isAllowed = /^-?\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
      if (!isAllowed) fault(context, "is not usable", `a whole number from ${min} to ${max}`);
      return Number(value);
    },
  );
}

/** A number from `min` to `max`, such as 1.5. */
export function decimal(min: number, max: number) {
  return z.string("a number").meta({ type: "number", minimum: min, maximum: max }).transform((value, context) => {
    const isAllowed = /^\d{1,9}(?:\.\d{1,9})?$/.test(value) && Number(value) >= min && Number(value) <= max;
    if (!isAllowed) fault(context, "is not usable", `a number from ${min} to ${max}`);
    return Number(value);
  });
}

/** A duration, as milliseconds. Zero is refused unless `mayBeZero`. */
export function duration({ maxMs, mayBeZero = false }: { readonly maxMs: number; readonly mayBeZero?: boolean }) {
  return z.string(durationForm).meta({ type: ["number", "string"], examples: [90, "90s", "15m", "1h30m"] })
    .transform((value, context) => {
      const milliseconds = durationMs(value);
      const maxDays = maxMs / 86_400_000;
      if (milliseconds === null) fault(context, "is not a duration", durationForm);
      else if (milliseconds === 0 && !mayBeZero) fault(context, "is no time at all", "a duration above zero");
      else if (milliseconds > maxMs) fault(context, "is too long", `a duration of at most ${maxDays} days`);
      return milliseconds ?? z.NEVER;
    });
}

/** How long something may take, and how long a pause may be. */
export const timeout = duration({ maxMs: fileLimits.maxTimeoutMs }).nullish();
