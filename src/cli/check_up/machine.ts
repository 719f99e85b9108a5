/** What `cdktr doctor` looks at on this machine. Each check is one finding; none throws. */
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../clock/mod.ts";
import type { Config } from "../../config/mod.ts";
import { counted, messageOf } from "../../core/mod.ts";
import { hasErrors, validatePath } from "../../workflow/mod.ts";
import { synchronisationFinding, timeZonesFinding } from "./clock.ts";
import { dataDirectoryFindings } from "./disk.ts";
import { type Finding, finding } from "./finding.ts";
import { listeningFinding } from "./network.ts";
import { descriptorsFinding, duckdbFinding, setsidFinding, uvFinding } from "./programs.ts";

/** Looks at everything that needs no principal. */
export async function checkMachine(config: Config, clock: Clock): Promise<Finding[]> {
  return [
    settingsFinding(config),
    listeningFinding(config),
    ...await dataDirectoryFindings(config, clock),
    ...await damagedFindings(config),
    await workflowsFinding(config),
    timeZonesFinding(),
    synchronisationFinding(),
    descriptorsFinding(),
    await duckdbFinding(config),
    setsidFinding(),
    uvFinding(),
  ];
}

function settingsFinding({ dotenvPath, unknownVariables }: Config): Finding {
  const source = dotenvPath === undefined ? "no .env file" : dotenvPath;
  if (unknownVariables.length === 0) return finding("settings", "ok", `All can be used; ${source}.`);
  const names = unknownVariables.join(", ");
  return finding(
    "settings",
    "warning",
    `No setting has the name ${names}.`,
    "`cdktr config list` shows those there are.",
  );
}

/** A database that could not be opened was moved aside, with all its log lines: that is easily forgotten. */
async function damagedFindings({ dbPath }: Config): Promise<Finding[]> {
  const directory = dirname(dbPath);
  const paths: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.startsWith(`${basename(dbPath)}.damaged-`)) paths.push(join(directory, name));
    }
  } catch {
    return []; // What is wrong with the directory stands in another finding.
  }
  const newest = paths.sort().at(-1);
  if (newest === undefined) return [];
  const detail =
    `${counted(paths.length, "file")} of damaged databases ${paths.length === 1 ? "lies" : "lie"} there, ` +
    `the newest of them ${newest}: log lines in it are in no query.`;
  const hint = "Delete what nobody wants to look into any more.";
  return [finding("damaged databases", "warning", detail, hint)];
}

async function workflowsFinding({ workflowDir }: Config): Promise<Finding> {
  const name = "workflow files";
  try {
    const files = await validatePath(workflowDir);
    const broken = files.filter(({ problems }) => hasErrors(problems)).map(({ file }) => file);
    if (broken.length === 0) return finding(name, "ok", `${files.length} in ${workflowDir}, all valid.`);
    const [first] = broken;
    const detail = `${broken.length} of ${files.length} in ${workflowDir} cannot be used, such as ${first}.`;
    return finding(name, "warning", detail, "`cdktr validate` says what is wrong with them.");
  } catch (error) {
    // A machine that runs only agents, or only asks, needs none.
    return finding(name, "warning", messageOf(error), "A principal needs it: CDKTR_WORKFLOW_DIR names the directory.");
  }
}
