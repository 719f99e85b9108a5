/** The JSON after `SUCCESS\x01`, read with a schema. */
import * as z from "zod";
import { CdktrError } from "../core/mod.ts";

/**
 * Parses the payload of a reply. Fields the schema does not name are ignored.
 *
 * @param what What the payload is, as the end of a sentence: "the list of agents".
 * @throws {CdktrError} UNSUPPORTED when it is not JSON or not of the schema's shape.
 */
export function parsePayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: string,
  what: string,
): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch (cause) {
    throw new CdktrError("UNSUPPORTED", `Cannot read ${what}: the other side did not send JSON.`, { cause });
  }
  return checkShape(schema, json, what);
}

/**
 * Checks JSON that is parsed already.
 *
 * @throws {CdktrError} UNSUPPORTED when it is not of the schema's shape.
 */
export function checkShape<Schema extends z.ZodType>(schema: Schema, json: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new CdktrError("UNSUPPORTED", `Cannot read ${what}: ${firstProblem(result.error)}.`, { cause: result.error });
}

/** The first thing that is wrong, with where it is. */
function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it does not have the expected shape";
  const place = issue.path.map(String).join(".");
  const message = issue.message.replace(/\.$/, "");
  return place === "" ? message : `${message} at ${place}`;
}
