/**
 * The syntax of `.env` files, as the Rust crate `dotenv` 0.15 reads it, which the original uses: one `KEY=value` a line, optional
 * `export`, `#` comments, single quotes literal, `\\ \" \' \$ \n` and escaped blanks elsewhere, `$VAR` and `${VAR}` replaced.
 *
 * `parseEnv` of `node:util` does not do: it passes over bad lines in silence, tells no line numbers, and replaces no variables.
 */
import { CdktrError } from "../core/mod.ts";

/** A variable of a `.env` file. */
export interface DotenvVariable {
  readonly value: string;
  /** The line it stands in, from 1. */
  readonly line: number;
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=(.*)$/;
const exportOnly = /^\s*export\s+[A-Za-z_][\w.]*\s*(?:#.*)?$/;
const blankOrComment = /^\s*(?:#.*)?$/;

/**
 * Reads the text of a `.env` file.
 *
 * @param text The file's text.
 * @param path The file's path, for error messages.
 * @param environment Where `$VAR` looks first; then it takes the value from a line above, else nothing.
 * @returns The variables by name, in the file's order. Of two with one name the first is kept.
 * @throws {CdktrError} INVALID_SETTING at the first line that cannot be read. Values are not shown: they may be secrets.
 */
export function parseDotenv(
  text: string,
  path: string,
  environment: Readonly<Record<string, string>>,
): Map<string, DotenvVariable> {
  const variables = new Map<string, DotenvVariable>();
  const lookUp = (name: string) => environment[name] ?? variables.get(name)?.value ?? "";

  text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).forEach((source, index) => {
    const line = index + 1;
    if (blankOrComment.test(source) || exportOnly.test(source)) return;
    const [, name, rest] = assignment.exec(source) ?? [];
    if (name === undefined || rest === undefined) {
      throw badLine(path, line, "this is neither a comment nor KEY=value");
    }
    const reading = readValue(rest, lookUp);
    if ("problem" in reading) throw badLine(path, line, `the value of ${name} cannot be read: ${reading.problem}`);
    if (!variables.has(name)) variables.set(name, { value: reading.value, line });
  });
  return variables;
}

function badLine(path: string, line: number, problem: string): CdktrError {
  return new CdktrError("INVALID_SETTING", `${path}, line ${line}: ${problem}.`, {
    hint: "Correct the line. Single quotes around a value keep everything in it as it stands.",
  });
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\", "'": "'", '"': '"', $: "$", " ": " ", n: "\n" };

/** A variable at the start of the text: `$NAME` or `${NAME}`. */
const reference = /^\$(?:(\w+)|\{([\w.]+)\})/;

/** Reads what follows the `=`; quotes may begin and end anywhere in it, as in a shell. */
function readValue(source: string, lookUp: (name: string) => string): { value: string } | { problem: string } {
  if (blankOrComment.test(source) && !source.startsWith("#")) return { value: "" };
  let value = "";
  let quote: "'" | '"' | undefined;
  let at = source.length - source.trimStart().length;
  while (at < source.length) {
    const char = source.charAt(at);
    if (quote === "'") {
      if (char === "'") quote = undefined;
      else value += char;
      at += 1;
    } else if (char === "\\") {
      const meant = escapes[source.charAt(at + 1)];
      if (meant === undefined) return { problem: `\\${source.charAt(at + 1)} means nothing outside single quotes` };
      value += meant;
      at += 2;
    } else if (char === "$") {
      const [whole, plain, braced] = reference.exec(source.slice(at)) ?? [];
      if (whole === undefined && source.charAt(at + 1) === "{") return { problem: "${ has no name and } after it" };
      const name = plain ?? braced;
      value += name === undefined ? char : lookUp(name);
      at += whole?.length ?? 1;
    } else if (char === '"' || (char === "'" && quote === undefined)) {
      quote = quote === undefined ? char : undefined;
      at += 1;
    } else if (quote === undefined && /\s/.test(char)) {
      if (!blankOrComment.test(source.slice(at))) return { problem: "it has a blank inside and no quotes" };
      break;
    } else {
      value += char;
      at += 1;
    }
  }
  return quote === undefined ? { value } : { problem: `the ${quote} that opens has none that closes in the same line` };
}
