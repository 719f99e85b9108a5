/** `cdktr sql`: a query over everything the principal keeps. */
import { isAbsolute, join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { CdktrError, messageOf } from "../../core/mod.ts";
import { viewDescriptions } from "../../history/mod.ts";
import { maxQueryRows, maxWaitMs, type ReplyTo } from "../../wire/mod.ts";
import { durationMs } from "../../workflow/definition.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { wholeNumber } from "../option_values.ts";
import { type Output, printJson } from "../output.ts";
import { csvOf, jsonOf, tableOf } from "../query_result.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { formatTable } from "../table.ts";

const formats = ["table", "json", "csv", "parquet"] as const;
type Format = typeof formats[number];
const defaultMaxRows = 1000;
const defaultTimeout = "30s";

const afterHelp = `
The SQL is that of DuckDB, and a query at that: anything that changes something is refused. --tables lists what can be queried.
Rows are up to a second old. A Parquet file has all rows, whatever --max-rows says. Where a table is too wide for the terminal, each
row is a block with a line for each column.

Examples:
  cdktr sql --tables
  cdktr sql "SELECT state, count(*) FROM runs GROUP BY state"
  cdktr sql "SELECT logged_at, task, payload FROM logs WHERE level = 'ERROR'" --format csv > errors.csv
  cdktr sql "SELECT * FROM runs" --format parquet --output runs.parquet
  cat report.sql | cdktr sql - --format json | jq length`;

export function sqlCommand(invocation: Invocation) {
  return new Command("sql")
    .description("Query runs, tasks, logs and decisions with SQL, through the principal. Read-only.")
    .argument("[query]", "the query; - reads it from stdin")
    .addOption(new Option("-f, --format <format>", "how the rows are printed").choices(formats).default("table"))
    .option("--json", "the same as --format json")
    .option("-o, --output <file>", "write to this file instead of stdout")
    .option(
      "-n, --max-rows <n>",
      `how many rows at most (1 to ${maxQueryRows})`,
      wholeNumber(1, maxQueryRows),
      defaultMaxRows,
    )
    .option("--timeout <duration>", `give the query up after this, at most ${maxWaitMs / 1000} s`, defaultTimeout)
    .option("--tables", "list what can be queried, with all columns, instead")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (given, { json, format: named, output: path, maxRows, timeout, tables }, command) => {
      const format: Format = json ? "json" : named;
      if (tables) return await listTables(invocation, given, format);
      const waitMs = timeoutMs(timeout);
      refuseOnTerminal(invocation.stdout, format, path);
      const query = await queryOf(invocation, given);
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const form = format === "parquet" ? "parquet" : "rows";
      const result = await client.call("SQL", { query, form, maxRows, waitMs });
      const content = contentOf(result, format, path === undefined ? invocation.stdout : null);
      if (path === undefined) await invocation.stdout.write(content);
      else await writeFile(isAbsolute(path) ? path : join(invocation.workingDirectory, path), content);
      if (result.truncated) {
        const more = maxRows < maxQueryRows ? `; --max-rows gives more, up to ${maxQueryRows}` : "";
        invocation.stderr.say(`note: these are the first ${maxRows} rows of more${more}`);
      }
    });
}

function timeoutMs(text: string): number {
  const parsed = durationMs(text);
  if (parsed !== null && parsed > 0 && parsed <= maxWaitMs) return parsed;
  throw new CdktrError("INVALID_ARGUMENT", `The timeout ${JSON.stringify(text)} cannot be used.`, {
    hint: `Give a duration such as 10s, at most ${maxWaitMs / 1000}s.`,
  });
}

function refuseOnTerminal(stdout: Output, format: Format, path: string | undefined): void {
  if (format !== "parquet" || path !== undefined || stdout.columns() === undefined) return;
  throw new CdktrError("INVALID_ARGUMENT", "A Parquet file is no text for a terminal.", {
    hint: "Name a file with --output, or send stdout elsewhere.",
  });
}

/** They follow from the version of cdktr, so no principal is asked. */
async function listTables({ stdout }: Invocation, query: string | undefined, format: Format): Promise<void> {
  if (query !== undefined) {
    throw new CdktrError("INVALID_ARGUMENT", "--tables and a query were given.", { hint: "Leave out one of them." });
  }
  if (format !== "table") return await printJson(stdout, viewDescriptions);
  const rows = viewDescriptions.flatMap(({ name, columns }) =>
    columns.map((column) => [name, column.name, column.type, column.description])
  );
  await stdout.write(formatTable(tableColumns, rows, stdout.columns()));
}

const tableColumns = [
  { heading: "VIEW", whole: true },
  { heading: "COLUMN", whole: true },
  { heading: "TYPE" },
  { heading: "MEANING" },
] as const;

async function queryOf({ readStdin }: Invocation, given: string | undefined): Promise<string> {
  const query = given === "-" ? await readStdin() : given ?? "";
  if (query.trim() !== "") return query;
  throw new CdktrError("INVALID_ARGUMENT", given === "-" ? "The query on stdin is empty." : "No query was given.", {
    hint: 'Give one, such as cdktr sql "SELECT * FROM runs LIMIT 10"; --tables lists what can be queried.',
  });
}

function contentOf(result: ReplyTo<"SQL">, format: Format, stdout: Output | null): string | Uint8Array {
  switch (format) {
    case "table":
      return tableOf(result, stdout?.columns());
    case "json":
      return jsonOf(result);
    case "csv":
      return csvOf(result, stdout?.columns() !== undefined);
    case "parquet":
      return Uint8Array.fromBase64(result.parquet ?? "");
  }
}

async function writeFile(path: string, content: string | Uint8Array): Promise<void> {
  try {
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  } catch (cause) {
    throw new CdktrError("STORAGE", `${path} cannot be written: ${messageOf(cause)}.`, {
      hint: "Name another file with --output.",
      cause,
    });
  }
}
