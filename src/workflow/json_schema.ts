/** The JSON Schema of workflow files, for editors. */

import * as z from "zod";
import { fileSchema } from "./schema.ts";

/**
 * The JSON Schema (draft 2020-12) of a workflow file, made from the schema that reads it.
 *
 * JSON Schema knows no YAML tags. It describes the untagged form of `config`; `type` is not required there, so that
 * editors which take `!Subprocess` for a plain mapping have nothing to complain about.
 */
export function workflowJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema, {
    target: "draft-2020-12",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      // Left out by zod where a value is transformed, for they might be of its result; here they are of the file.
      const { default: fallback, examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (fallback !== undefined) Object.assign(jsonSchema, { default: fallback });
      if (examples !== undefined) Object.assign(jsonSchema, { examples });
      const type = jsonSchema.properties?.["type"];
      const isConfig = typeof type === "object" && type.const !== undefined;
      if (isConfig && jsonSchema.required !== undefined) {
        jsonSchema.required = jsonSchema.required.filter((field) => field !== "type");
      }
    },
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: "cdktr workflow",
    description: "A workflow file of cdktr: tasks, what they depend on, and when to run them.",
    ...rest,
  };
}
