/** A workflow's definition as YAML to read: as the principal keeps it, without what is so by default. */
import { stringify } from "yaml";
import { type Line, printable, span } from "../paint/mod.ts";
import { type Workflow, workflowDefaults } from "../workflow/definition.ts";

/** Columns after which the values of a list or a text are put on lines of their own. */
const lineWidth = 100;

/** The definition, a line each: keys stand out from values. */
export function definitionText(workflow: Workflow): Line[] {
  const { tasks, id: _, path: __, ...rest } = workflow;
  const defaults = new Map<string, unknown>(Object.entries(workflowDefaults));
  const said = Object.entries(rest).filter(([key, value]) => !defaults.has(key) || defaults.get(key) !== value);
  const shownTasks = tasks.map(({ id, retry, ...task }) => [id, retry.max === 0 ? task : { ...task, retry }]);
  const shown = { ...Object.fromEntries(said), tasks: Object.fromEntries(shownTasks) };
  const text = stringify(withoutEmpty(shown), { lineWidth });
  return text.trimEnd().split("\n").map((line): Line => {
    const [, indent = "", key, value = ""] = /^(\s*(?:- )?)([\w.-]+:)(.*)$/.exec(line) ?? [];
    if (key === undefined) return [span(` ${printable(line)}`)];
    return [span(` ${indent}`), span(printable(key), "accent"), span(printable(value))];
  });
}

/** Without what is null, empty, or an empty list: that is what is meant where nothing is said. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutEmpty(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
