/** From the body of a request to the parameters of a run. Only what was declared goes in. */
import { CdktrError } from "../core/mod.ts";
import { paramName } from "../wire/mod.ts";
import { Refusal } from "./refusal.ts";

/** What of a body becomes a parameter. */
export interface BodyMapping {
  /** Parameter to JSON pointer (RFC 6901). What a pointer does not find, or finds to be null, is left out. */
  readonly pointers: Readonly<Record<string, string>>;
  /** The parameter that gets the whole body as text. */
  readonly wholeBody: string | null;
  /** Whether all texts, numbers and truth values of the body's JSON object become parameters of their names. */
  readonly allFields: boolean;
}

const formType = /^application\/x-www-form-urlencoded\b/i;

const jsonHint = "Send a JSON object, or a form with the Content-Type application/x-www-form-urlencoded.";

/**
 * The parameters. The fields of a form count as an object of texts; a field that is there several times, as a list of them.
 *
 * @param contentType Tells a form; anything else is taken for JSON.
 * @throws {Refusal} 400 when the body is not UTF-8, or not JSON where JSON is needed.
 */
export function paramsOf(
  body: Uint8Array,
  contentType: string | null,
  { pointers, wholeBody, allFields }: BodyMapping,
): Record<string, string> {
  const needsValue = allFields || Object.keys(pointers).length > 0;
  if (!needsValue && wholeBody === null) return {};
  const text = decode(body);
  const params: Record<string, string> = {};
  if (needsValue) {
    const value = formType.test(contentType ?? "") ? formFields(text) : parseJson(text);
    if (allFields) Object.assign(params, scalarFields(value));
    for (const [name, pointer] of Object.entries(pointers)) {
      const found = paramText(valueAt(value, pointer));
      if (found !== null) params[name] = found;
    }
  }
  if (wholeBody !== null) params[wholeBody] = text;
  return params;
}

/** Whether a text can be a JSON pointer: empty, or parts that begin with `/`, where `~` is written `~0` and `/` is `~1`. */
export function isJsonPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)*$/.test(text);
}

function valueAt(value: unknown, pointer: string): unknown {
  const parts = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let at = value;
  for (const part of parts) {
    if (Array.isArray(at) && !/^(?:0|[1-9]\d*)$/.test(part)) return undefined;
    const found = typeof at === "object" && at !== null ? Object.getOwnPropertyDescriptor(at, part) : undefined;
    at = found?.value;
  }
  return at;
}

function scalarFields(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badBody("The body is no JSON object.", jsonHint);
  }
  const fields: Record<string, string> = {};
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === "object" || !paramName.safeParse(name).success) continue;
    fields[name] = String(field);
  }
  return fields;
}

/** Texts as they are, all else as JSON writes it; null for nothing. */
function paramText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function formFields(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  return Object.fromEntries([...new Set(form.keys())].map((name) => {
    const [first = "", ...more] = form.getAll(name);
    return [name, more.length === 0 ? first : [first, ...more]];
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badBody("The body is neither JSON nor a form.", jsonHint);
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw badBody("The body is not UTF-8.", "Encode its text as UTF-8.");
  }
}

function badBody(sentence: string, hint: string): Refusal {
  return new Refusal(400, new CdktrError("INVALID_ARGUMENT", sentence, { hint }));
}
