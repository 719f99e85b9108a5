/** `docs/workflow-reference.md`, made from the JSON Schema of workflow files, which is made from what reads them. */
import { stringify } from "yaml";
import { workflowJsonSchema } from "../../src/workflow/mod.ts";
import { cell } from "./cell.ts";

/** What is used of the JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | false;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly description?: string;
  readonly default?: string | number;
  readonly examples?: readonly unknown[];
}

/** A mapping of a workflow file. */
export interface Mapping {
  readonly title: string;
  /** Where it stands in the file, such as `tasks.ID.retries`; none for the file itself. */
  readonly where: readonly string[];
  readonly about: string;
  readonly fields: readonly Field[];
}

/** A field of a mapping. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const before = `# Workflow reference

<!-- Made by \`deno task docs\` from src/workflow. -->

Every field of a workflow file. [Workflows](workflows.md) tells how they work together; \`cdktr schema\` prints the JSON
Schema for editors. An empty value is as good as none; a field that does not exist is an error.

`;

/** The page's text. */
export function workflowReferencePage(): string {
  const sections = mappings().map(({ title, where, about, fields }) => {
    const place = where.length === 0 ? "" : `Stands at ${where.map((path) => `\`${path}\``).join(" and ")}. `;
    const rows = fields.map(({ name, schema, isRequired }) => {
      const fallback = isRequired ? "required" : schema.default === undefined ? "" : code(schema.default);
      const examples = (schema.examples ?? []).map(code).join(" or ");
      const meaning = (schema.description ?? "").replace(/[<*]/g, "\\$&");
      return `| \`${name}\` | ${takes(schema)} | ${fallback} | ${cell(meaning)} | ${examples} |\n`;
    });
    const head = "| field | takes | default | meaning | example |\n|---|---|---|---|---|\n";
    return `## ${title}\n\n${place}${about}\n\n${head}${rows.join("")}`;
  });
  return `${before}${sections.join("\n")}`;
}

/** The mappings of a workflow file, the outermost first. */
export function mappings(): Mapping[] {
  const file: Schema = workflowJsonSchema();
  const task = entry(file.properties?.["tasks"]);
  const kinds = (task.properties?.["config"]?.oneOf ?? []).map((kind) => {
    const tag = kind.properties?.["type"]?.const === "subprocess" ? "!Subprocess" : "!UvPython";
    return mapping(`What a task runs: ${tag}`, [`tasks.ID.config`], kind);
  });
  const retries = inner(file.properties?.["retries"]);
  return [
    mapping("The file", [], file),
    mapping("A task", ["tasks.ID"], task),
    ...kinds,
    mapping("Retries", ["retries", "tasks.ID.retries"], retries, "Instead of a number."),
    mapping("A parameter", ["params.NAME"], entry(inner(file.properties?.["params"])), "What a run can be given."),
  ];
}

function mapping(title: string, where: readonly string[], schema: Schema, about = schema.description ?? ""): Mapping {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) throw new Error(`The schema has no fields for "${title}" any more.`);
  return {
    title,
    where,
    about,
    fields: fields.map(([name, schema_]) => ({
      name,
      schema: schema_,
      isRequired: schema.required?.includes(name) ?? false,
    })),
  };
}

/** The mapping among the forms that a value may have. */
function inner(schema: Schema | undefined): Schema {
  return alternatives(schema ?? {}).find(({ type }) => type === "object") ?? {};
}

/** What each entry of a mapping with free keys is. */
function entry(schema: Schema | undefined): Schema {
  return schema?.additionalProperties || {};
}

/** The forms that a value may have, without null, which stands for an empty value everywhere. */
function alternatives(schema: Schema): Schema[] {
  const forms = (schema.anyOf ?? schema.oneOf)?.flatMap(alternatives) ?? [schema];
  return forms.filter(({ type }) => type !== "null");
}

/** What a field takes, in words. */
function takes(schema: Schema): string {
  return [...new Set(alternatives(schema).map(form))].join(", or ");
}

function form(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  const types = [schema.type ?? []].flat().filter((type) => type !== "null");
  if (types.includes("object")) {
    if (schema.properties !== undefined || schema.additionalProperties === undefined) return "a mapping";
    return `a mapping of names to ${entry(schema).properties === undefined ? "values" : "mappings"}`;
  }
  if (types.includes("array")) return `a list of ${plural(schema.items ?? {})}`;
  if (types.includes("boolean") && types.length === 1) return "`true` or `false`";
  if (types.includes("boolean")) return "text, a number or a boolean";
  if (types.includes("number") && types.includes("string")) return "a number of seconds, or a duration";
  const { minimum, maximum, minLength, maxLength } = schema;
  if (minimum !== undefined) {
    return `a ${types[0] === "integer" ? "whole number" : "number"} from ${minimum} to ${maximum}`;
  }
  if (maxLength !== undefined) return `text of ${minLength ?? 0} to ${maxLength} characters`;
  return "text";
}

function plural(schema: Schema): string {
  if (schema.minimum !== undefined) return `whole numbers from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === "string") return "texts";
  return "texts, numbers or booleans";
}

/** A value as YAML has it, as code. */
function code(value: unknown): string {
  return `\`${cell(stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim())}\``;
}
