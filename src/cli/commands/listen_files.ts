/** `cdktr listen files`: a workflow runs for each file that is put into a directory. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { PrincipalClient } from "../../client/mod.ts";
import { messageOf } from "../../core/mod.ts";
import { checkFileParams, DropFolder, FileListener, TakenFiles } from "../../listener/mod.ts";
import { durationMs } from "../../workflow/definition.ts";
import { connectToPrincipal } from "../connect.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { refuseForOriginal } from "../original_principal.ts";
import { addParam, paramFlags } from "../params.ts";
import { startProcessLog } from "../process_log.ts";
import { roomLog } from "../room_log.ts";
import { loadSettings, settingOption } from "../settings.ts";

const defaultSettleMs = 2000;
const defaultRescanMs = 30_000;

const afterHelp = `
A file is complete when its size and time of change have not changed for --settle. To be certain, write files under a name
that does not match, or that begins with a dot, and rename them. One that is changed later runs the workflow again. Symbolic links and names that begin with a dot are passed over.

{path}, {name}, {stem} and {directory} in a parameter's value are those of the file, with --move-to in its new place.

What was taken is kept in the data directory. So files that come while no listener is there are found by the next one.

Examples:
  cdktr listen files . --workflow etl.daily --match '*.csv' -p file={path}
  cdktr listen files /srv/in --workflow etl.daily --recursive --settle 10s -p file={path} --move-to /srv/done`;

export function listenFilesCommand(invocation: Invocation) {
  return new Command("files")
    .summary("Run a workflow for each new or changed file of a directory")
    .description("Run a workflow for each new or changed file of a directory, once the file is complete.")
    .argument("<directory>", "the directory to watch")
    .requiredOption("--workflow <id>", "the workflow to run")
    .option(
      "--match <pattern>",
      "files that count, such as '*.csv'; may be given several times (default all)",
      addPattern,
    )
    .option("-r, --recursive", "files in its subdirectories, too")
    .option(paramFlags, "a parameter of the run; may be given several times", addParam, {})
    .option("--settle <duration>", "how long a file must stay unchanged to be complete (default 2s)", atLeast(0))
    .option(
      "--rescan <duration>",
      "how often all files are looked at, beside what the system reports (default 30s)",
      atLeast(1000),
    )
    .option("--existing", "at the very first start, also run it for the files that are there")
    .option("--move-to <directory>", "move files there once the principal has taken them")
    .option("--state <file>", "where to keep what was taken (default in the data directory)")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (directory, options, command) => {
      const { workflow: workflowId, param: params, settle: settleMs = defaultSettleMs } = options;
      checkFileParams(params);
      const config = loadSettings(invocation, command);
      using _log = startProcessLog(config.logLevel, invocation.stderr);
      const fromHere = (path: string) => resolve(invocation.workingDirectory, path);
      const folder = await DropFolder.open(fromHere(directory), {
        patterns: options.match ?? ["*"],
        isRecursive: options.recursive === true,
        moveTo: options.moveTo === undefined ? null : fromHere(options.moveTo),
      });
      const statePath = options.state ?? stateFile(fromHere(config.appDataDirectory), folder.root, workflowId);
      using taken = TakenFiles.open(fromHere(statePath));
      await using client = connectToPrincipal(config, invocation, "listener");
      await refuseParamsForOriginal(client, params);
      using interrupt = listenForInterrupt();
      await using listener = new FileListener({
        client,
        signal: interrupt.signal,
        rescanMs: options.rescan ?? defaultRescanMs,
        takesExisting: options.existing === true,
        log: roomLog("files"),
        ...{ folder, taken, workflowId, params, settleMs },
      });
      await listener.startListening();
    });
}

function addPattern(pattern: string, given: readonly string[] = []): readonly string[] {
  if (pattern !== "" && !pattern.includes("/")) return [...given, pattern];
  throw new InvalidArgumentError("It is matched against names, which have no /; --recursive is for subdirectories.");
}

function atLeast(minMs: number): (text: string) => number {
  return (text) => {
    const ms = durationMs(text);
    if (ms !== null && ms >= minMs) return ms;
    throw new InvalidArgumentError(`It must be a duration such as 2s or 1m30s, of at least ${minMs} ms.`);
  };
}

/** One file for each directory and workflow. */
function stateFile(dataDirectory: string, root: string, workflowId: string): string {
  const hash = createHash("sha256").update(JSON.stringify([root, workflowId])).digest("hex").slice(0, 12);
  return `${dataDirectory}/listeners/${workflowId.replaceAll(/[^\w.-]/g, "_").slice(0, 100)}-${hash}.db`;
}

async function refuseParamsForOriginal(
  client: PrincipalClient,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    if (await client.dialect() !== "original") return;
  } catch (error) {
    roomLog("files").warn(`files will wait for the principal: ${messageOf(error)}`);
    return;
  }
  if (Object.keys(params).length > 0) refuseForOriginal(client, "RUNTASK", ["--param"]);
}
