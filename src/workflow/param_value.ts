/** Values of parameters: text that stands for a value of the parameter's type. */

import { fileLimits } from "./limits.ts";
import { Pattern } from "./pattern.ts";

/** The types of parameters. */
export const paramTypes = ["string", "integer", "number", "boolean", "date"] as const;

/** The type of a parameter. */
export type ParamType = typeof paramTypes[number];

/** Types whose values have an order, so that `min` and `max` mean something. */
export const orderedTypes: readonly ParamType[] = ["integer", "number", "date"];

/** What a value must be. */
export interface ParamRule {
  readonly type: ParamType;
  readonly choices: readonly string[] | null;
  readonly pattern: string | null;
  readonly min: string | null;
  readonly max: string | null;
}

/** A value in the form in which tasks get it, or what is wrong with it: how the sentence goes on, and what was expected. */
export type ParamReading =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly predicate: string; readonly expected: string };

const typeForms: Readonly<Record<ParamType, string>> = {
  string: "text without NUL",
  integer: "a whole number of at most 15 digits",
  number: "a number such as 2, 0.5 or 1e-3",
  boolean: "true or false",
  date: "a date as YYYY-MM-DD, such as 2026-03-01",
};

/** Checks a value against all that its parameter says. */
export function readParam(rule: ParamRule, text: string): ParamReading {
  const refuse = (predicate: string, expected: string): ParamReading => ({ ok: false, predicate, expected });
  const { type, choices, pattern, min, max } = rule;
  const maxChars = pattern === null ? fileLimits.maxParamChars : fileLimits.maxMatchedChars;
  if (text.length > maxChars) return refuse(`has ${text.length} characters`, `at most ${maxChars}`);
  const value = normalForm(type, text);
  if (value === null) return refuse(predicates[type], typeForms[type]);
  if (choices !== null && !choices.some((choice) => isSame(type, choice, value))) {
    return refuse("is no choice", listed(choices));
  }
  if (pattern !== null && !new Pattern(pattern).matches(value)) {
    return refuse("does not match", `the pattern ${pattern}`);
  }
  if (min !== null && rank(type, value) < rank(type, min)) return refuse("is too small", `at least ${min}`);
  if (max !== null && rank(type, value) > rank(type, max)) return refuse("is too large", `at most ${max}`);
  return { ok: true, value };
}

const predicates: Readonly<Record<ParamType, string>> = {
  string: "cannot go to a process",
  integer: "is no whole number",
  number: "is no number",
  boolean: "is neither true nor false",
  date: "is no date",
};

/** The one form of whole numbers (`7`) and of booleans (`true`); of everything else the form in which it came. */
function normalForm(type: ParamType, text: string): string | null {
  switch (type) {
    case "string":
      return text.includes("\0") || !text.isWellFormed() ? null : text;
    case "integer":
      // 15 digits are exact in every language that takes numbers for floating point.
      return /^[+-]?\d{1,15}$/.test(text) ? String(Number(text) + 0) : null;
    case "number":
      return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? text : null;
    case "boolean":
      return /^(?:true|false)$/i.test(text) ? text.toLowerCase() : null;
    case "date":
      return isDate(text) ? text : null;
    default:
      return type satisfies never;
  }
}

function isDate(text: string): boolean {
  const [, day] = /^\d{4}-\d{2}-(\d{2})$/.exec(text) ?? [];
  if (day === undefined) return false;
  const midnightMs = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March, so the day is compared.
  return !Number.isNaN(midnightMs) && new Date(midnightMs).getUTCDate() === Number(day);
}

/** A number that orders values of an ordered type. */
function rank(type: ParamType, value: string): number {
  return type === "date" ? Date.parse(`${value}T00:00:00Z`) : Number(value);
}

function isSame(type: ParamType, a: string, b: string): boolean {
  return type === "number" ? Number(a) === Number(b) : a === b;
}

/** `a, b or c`, with the rest counted when there are many. */
export function listed(words: readonly string[]): string {
  const maxShown = 12;
  const shown = words.length <= maxShown + 1 ? words : [...words.slice(0, maxShown), `${words.length - maxShown} more`];
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}
