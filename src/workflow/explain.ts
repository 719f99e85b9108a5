/** The schema's findings as sentences with a place. */

import type { z } from "zod";
import { listed } from "./param_value.ts";
import { pathText, quoted } from "./problem.ts";
import { knownFields } from "./schema.ts";
import type { Complaint, Source } from "./source.ts";
import { didYouMean } from "./suggestion.ts";
import type { Place, Tree } from "./tree.ts";

/** Kinds of values, by the schema library's names. */
const kindNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/**
 * What the schema found, each finding by itself: of a value that may have one of two kinds, what is wrong with the kind
 * it has.
 */
export function findingsOf({ issues }: z.core.$ZodError): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union") return [issue];
    const fitting = issue.errors.find(([first]) => first?.code !== "invalid_type" || first.path.length > 0);
    return fitting?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
  });
}

/** Reports one finding of the schema about the file whose tree is `value`. */
export function reportIssue(issue: z.core.$ZodIssue, value: Tree, root: Place, source: Source): void {
  const path = issue.path;
  const seen = valueAt(value, path);
  const subject = path.length === 0 ? "The file" : pathText(path);
  const place = placeAt(root, path);
  const report = (offset: number, complaint: Complaint) =>
    source.report(offset, { path: pathText(path), value: shown(seen), ...complaint });

  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) {
        source.report(placeAt(root, [...path, key]).keyOffset, {
          severity: "warning",
          code: "unknown-field",
          path: pathText([...path, key]),
          value: key,
          message: `${pathText([...path, key])} is no known field and is ignored.${
            didYouMean(key, fieldsAt(path, seen))
          }`,
        });
      }
      return;
    case "invalid_key": {
      const [inner] = issue.issues;
      const { predicate, expected } = inner === undefined
        ? { predicate: "cannot be used", expected: null }
        : ruleOf(inner);
      const key = String(path.at(-1));
      return report(place.keyOffset, {
        code: "invalid-value",
        value: key,
        expected,
        ...sentence(`The key ${quoted(key)} in ${pathText(path.slice(0, -1))}`, predicate, expected),
      });
    }
    case "invalid_union": {
      if (issue.errors.length > 0) {
        // The only union of the schema whose kinds are not told apart by a field is retries.
        const expected = "a whole number, or a mapping with max";
        return report(place.offset, {
          code: "wrong-type",
          expected,
          ...sentence(subject, `is ${kindOf(seen ?? null)}`, expected),
        });
      }
      // The other one is config, told apart by its type.
      const expected = "!Subprocess or !UvPython before its fields, or type: subprocess or type: uv_python among them";
      const predicate = seen === undefined ? "does not say what to run" : `${shown(seen)} is not known`;
      const config = pathText(path.slice(0, -1));
      return report(place.offset, {
        code: seen === undefined ? "missing-field" : "invalid-value",
        expected,
        ...sentence(seen === undefined ? config : pathText(path), predicate, expected),
      });
    }
    case "invalid_type": {
      const isNamed = issue.expected === "string" && !issue.message.startsWith("Invalid input");
      const kind = isNamed ? issue.message : kindNames[issue.expected] ?? issue.expected;
      const expected = issue.expected === "array" && typeof seen === "string"
        ? `${kind}, such as [${quoted(seen)}]`
        : kind;
      if (seen === undefined || seen === null) {
        const predicate = seen === undefined ? "is missing" : "has no value";
        const isEmptyFile = path.length === 0;
        return report(seen === undefined ? place.keyOffset : place.offset, {
          code: "missing-field",
          expected,
          ...(isEmptyFile
            ? { message: "The file is empty; expected a mapping with name and tasks." }
            : sentence(subject, predicate, expected)),
        });
      }
      return report(place.offset, {
        code: "wrong-type",
        expected,
        ...sentence(subject, `is ${kindOf(seen)}`, expected),
      });
    }
    case "invalid_value": {
      const words = issue.values.map(String);
      const { message } = typeof seen === "string"
        ? sentence(`${subject} ${quoted(seen)}`, "is not known", listed(words))
        : sentence(subject, `is ${kindOf(seen ?? null)}`, listed(words));
      return report(place.offset, {
        code: "invalid-value",
        expected: listed(words),
        message: message + (typeof seen === "string" ? didYouMean(seen, words) : ""),
      });
    }
    default: {
      const { predicate, expected } = ruleOf(issue);
      const named = typeof seen === "string" && seen !== "" ? `${subject} ${quoted(seen)}` : subject;
      return report(place.offset, { code: "invalid-value", expected, ...sentence(named, predicate, expected) });
    }
  }
}

/** How a sentence about a value that breaks a rule goes on, and what the rule wants. */
function ruleOf(issue: z.core.$ZodIssue): { predicate: string; expected: string | null } {
  const unit = "origin" in issue && issue.origin === "string" ? " characters" : "";
  switch (issue.code) {
    case "too_small":
      return unit === "" || Number(issue.minimum) > 1
        ? { predicate: "is too small", expected: `at least ${issue.minimum}${unit}` }
        : { predicate: "is empty", expected: "text" };
    case "too_big":
      return { predicate: unit === "" ? "is too large" : "is too long", expected: `at most ${issue.maximum}${unit}` };
    case "custom":
      return {
        predicate: issue.message,
        expected: typeof issue.params?.["expected"] === "string" ? issue.params["expected"] : null,
      };
    case "invalid_format":
      return { predicate: issue.message, expected: null };
    default:
      return { predicate: `cannot be used (${issue.message})`, expected: null };
  }
}

function sentence(subject: string, predicate: string, expected: string | null): { message: string } {
  return { message: `${subject} ${predicate}${expected === null ? "" : `; expected ${expected}`}.` };
}

function kindOf(value: Tree): string {
  if (typeof value === "string") return `the text ${quoted(value)}`;
  return Array.isArray(value) ? "a list" : "a mapping";
}

function shown(value: Tree | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? quoted(value) : quoted(JSON.stringify(value)?.slice(0, 200) ?? "");
}

function valueAt(value: Tree, path: readonly PropertyKey[]): Tree | undefined {
  let at: Tree | undefined = value;
  for (const part of path) {
    if (at === null || at === undefined || typeof at === "string") return undefined;
    at = Array.isArray(at) ? at[Number(part)] : at[String(part)];
  }
  return at;
}

/** The place at `path`, or of the nearest thing around it when there is nothing at `path`. */
function placeAt(root: Place, path: readonly PropertyKey[]): Place {
  let place = root;
  for (const part of path) {
    const inner = place.parts.get(typeof part === "number" ? part : String(part));
    // What is missing is missing where its parent begins, which is the parent's key.
    if (inner === undefined) return { ...place, offset: place.keyOffset };
    place = inner;
  }
  return place;
}

/** The fields that the mapping at `path` may have. */
function fieldsAt(path: readonly PropertyKey[], value: Tree | undefined): readonly string[] {
  if (path.length === 0) return knownFields.workflow;
  if (path.at(-1) === "retries" && path.length !== 2) return knownFields.retries;
  if (path[0] === "params") return knownFields.param;
  if (path.at(-1) !== "config") return knownFields.task;
  const isUvPython = typeof value === "object" && value !== null && !Array.isArray(value) &&
    value["type"] === "uv_python";
  return isUvPython ? knownFields.uv_python : knownFields.subprocess;
}
