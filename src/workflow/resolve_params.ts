/** The parameters of a run from what it was given and what its workflow declares. */

import { CdktrError } from "../core/mod.ts";
import type { Param } from "./param.ts";
import { readParam } from "./param_value.ts";
import { quoted } from "./problem.ts";
import type { Workflow } from "./schema.ts";
import { suggestion } from "./suggestion.ts";

/**
 * What a run gets: what it was given, checked, and the defaults of what it was not given. Whole numbers and booleans come
 * out in one form (`7`, `true`), everything else as it was given. Resolving the result again changes nothing.
 *
 * A workflow that declares no parameters takes any; one that declares some refuses all others.
 *
 * @param given Values by name.
 * @throws {CdktrError} INVALID_PARAMETERS, naming everything that is wrong.
 */
export function resolveParams(
  workflow: Pick<Workflow, "id" | "params">,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const declared = new Map(Object.entries(workflow.params));
  if (declared.size === 0) return { ...given };

  const problems: string[] = [];
  for (const name of Object.keys(given)) {
    if (declared.has(name)) continue;
    const near = suggestion(name, declared.keys());
    problems.push(`${quoted(name)} is not declared${near === null ? "" : ` (did you mean "${near}"?)`}`);
  }
  const resolved: Record<string, string> = {};
  for (const [name, param] of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) {
      if (param.default !== null) resolved[name] = param.default;
      else if (param.required) problems.push(`${name} is missing`);
      continue;
    }
    const reading = readParam(param, value);
    if (reading.ok) resolved[name] = reading.value;
    else problems.push(`${name} ${quoted(value)} ${reading.predicate} (expected ${reading.expected})`);
  }
  if (problems.length === 0) return resolved;
  throw new CdktrError(
    "INVALID_PARAMETERS",
    `"${workflow.id}" cannot run with these parameters: ${problems.join("; ")}.`,
    {
      hint: `It takes ${[...declared].map(([name, param]) => inWords(name, param)).join(", ")}.`,
    },
  );
}

function inWords(name: string, { type, required, default: value }: Param): string {
  return `${name} (${type}${required ? ", required" : value === null ? "" : `, by default ${quoted(value)}`})`;
}
