/** `cdktr archive`: old log lines become Parquet files. */
import { Command } from "@commander-js/extra-typings";
import { encodeVerbRequest, type ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { loadSettings, settingOption } from "../settings.ts";

/** How long the principal may take beyond the usual, in milliseconds: a day of logs can have 100 million lines. */
const archiveMaxMs = 30 * 60_000;

const afterHelp = `
The principal does the same by itself once an hour. Archived lines are found by \`cdktr logs\` and \`cdktr sql\` like all others.

Example:
  cdktr archive`;

export function archiveCommand(invocation: Invocation) {
  const { stdout, stderr } = invocation;
  return new Command("archive")
    .description("Move log lines that are old enough into the archive now, and drop what is older than it is kept.")
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async ({ json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const done = await client.callEncoded("ARCHIVE", encodeVerbRequest("ARCHIVE", {}), archiveMaxMs);
      if (json) return await printJson(stdout, done);
      for (const sentence of inSentences(done)) stderr.say(sentence);
    });
}

function inSentences(done: ReplyTo<"ARCHIVE">): string[] {
  const { archivedLines, deletedLines, deletedArchivedLines, deletedRows, usedBytes, archivedBytes } = done;
  const deleted = deletedLines + deletedArchivedLines + deletedRows;
  return [
    archivedLines > 0 ? `${archivedLines} log lines went to the archive.` : "No day is old enough to be archived.",
    ...(deleted > 0 ? [`${deleted} lines and rows were older than they are kept, and are gone.`] : []),
    `The database uses ${inMebibytes(usedBytes)}, the archive ${inMebibytes(archivedBytes)}.`,
  ];
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
