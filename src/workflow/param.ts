/** `params`: what a workflow's runs can be given, declared so that it can be checked before anything runs. */

import * as z from "zod";
import { messageOf, paramKey } from "../core/mod.ts";
import { fileLimits } from "./limits.ts";
import { listed, orderedTypes, type ParamRule, paramTypes, readParam } from "./param_value.ts";
import { Pattern } from "./pattern.ts";
import { description, fault, filledText, scalar, trueOrFalse } from "./value.ts";

/** A declared parameter. All its values are text that stands for a value of `type`. */
export interface Param extends ParamRule {
  readonly description: string | null;
  /** Whether a run that is not given it is refused. */
  readonly required: boolean;
  /** What it is when it is not given; null for nothing, and then tasks do not see it. */
  readonly default: string | null;
}

/** Declares one parameter. */
export const paramDeclaration = z.strictObject({
  type: z.enum(paramTypes).nullish().meta({
    description: "What its values are.",
    default: "string",
    examples: ["integer"],
  }),
  description: description.meta({
    description: "What it means, for those who start a run.",
    examples: ["The day to load"],
  }),
  required: trueOrFalse.meta({ description: "Whether a run without it is refused. By default no.", examples: [true] }),
  default: scalar.nullish().meta({ description: "Its value when a run is not given it.", examples: ["orders"] }),
  choices: z.array(scalar).nullish().meta({
    description: `All values it may have, at most ${fileLimits.maxChoices}.`,
    examples: [["full", "changes"]],
  }),
  pattern: filledText.nullish().meta({
    description:
      "A regular expression that the whole value must match: JavaScript's, without references and lookaround.",
    examples: ["[a-z]+(_[a-z]+)*"],
  }),
  min: scalar.nullish().meta({
    description: "The smallest value of an integer or number, the first date of a date.",
    examples: [1, "2020-01-01"],
  }),
  max: scalar.nullish().meta({
    description: "The largest value of an integer or number, the last date of a date.",
    examples: [1000, "2029-12-31"],
  }),
}).transform((given, context): Param => {
  const { type, choices, pattern, min, max, required } = given;
  let isSound = true;
  const wrong = (field: string, predicate: string, expected: string, index?: number) => {
    isSound = false;
    fault(context, predicate, expected, index === undefined ? [field] : [field, index]);
  };
  let rule: ParamRule = { type: type ?? "string", choices: null, pattern: null, min: null, max: null };
  /** Reads a value that the rest of the declaration refers to; each one is held against what was read before it. */
  const read = (field: string, value: string | null | undefined, index?: number): string | null => {
    if (value === null || value === undefined) return null;
    const reading = readParam(rule, value);
    if (!reading.ok) wrong(field, reading.predicate, reading.expected, index);
    return reading.ok ? reading.value : null;
  };

  const isOrdered = orderedTypes.includes(rule.type);
  for (const [field, value] of [["min", min], ["max", max]] as const) {
    if (value !== null && value !== undefined && !isOrdered) {
      wrong(field, `means nothing for the type ${rule.type}`, `the type ${listed(orderedTypes)}`);
    }
  }
  if (isOrdered) {
    rule = { ...rule, min: read("min", min) };
    rule = { ...rule, max: read("max", max) };
  }
  if (pattern !== null && pattern !== undefined) {
    try {
      new Pattern(pattern);
      rule = { ...rule, pattern };
    } catch (error) {
      wrong(
        "pattern",
        `cannot be used (${messageOf(error)})`,
        "a regular expression without references and lookaround",
      );
    }
  }
  if (choices) {
    if (choices.length === 0) wrong("choices", "has no entry", "at least one value");
    if (choices.length > fileLimits.maxChoices) {
      wrong("choices", `has ${choices.length} entries`, `at most ${fileLimits.maxChoices}`);
    }
    const kept = choices.slice(0, fileLimits.maxChoices).flatMap((choice, index) =>
      read("choices", choice, index) ?? []
    );
    rule = { ...rule, choices: [...new Set(kept)] };
  }
  // A rule that is wrong itself proves nothing about the default.
  const defaultValue = isSound ? read("default", given.default) : null;
  if (required && given.default !== null && given.default !== undefined) {
    wrong("default", "is given for a parameter that is required", "one of the two");
  }
  return { ...rule, description: given.description ?? null, required: required ?? false, default: defaultValue };
});

/** The parameters by name. */
export const paramsSchema = z.record(
  z.string().regex(paramKey, {
    error: "cannot name a parameter: it takes letters, digits and _, at most 64, and begins with no digit",
  }),
  paramDeclaration,
).superRefine((params, context) => {
  const names = Object.keys(params);
  if (names.length > fileLimits.maxParams) {
    fault(context, `has ${names.length} parameters`, `at most ${fileLimits.maxParams} parameters`);
  }
  const byVariable = new Map<string, string>();
  for (const name of names) {
    const variable = `CDKTR_PARAM_${name.toUpperCase()}`;
    const other = byVariable.get(variable);
    if (other !== undefined) fault(context, `is ${variable} for tasks, as ${other} is`, "another name", [name]);
    byVariable.set(variable, name);
  }
}).nullish();
