/** What `cdktr doctor` looks at on this machine. Each check is one finding; none throws. */
import { basename, dirname, join } from "node:path";
import { findCommand } from "../agent/mod.ts";
import type { Config } from "../config/mod.ts";
import { counted, messageOf } from "../core/mod.ts";
import { freeBytes } from "../journal/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { hasErrors, validatePath } from "../workflow/mod.ts";

/** One thing that was looked at, and how it is. */
export type Finding = ReplyTo<"DOCTOR">["findings"][number];

const mebibyte = 1024 * 1024;
/** Free space below which a warning is due. */
const littleSpaceBytes = 1024 * mebibyte;
/** A difference between two clocks that is worth a warning, in milliseconds. */
const clockDifferenceMs = 2000;

/** Makes a finding. A hint goes with what is not as it should be. */
export function finding(name: string, state: Finding["state"], detail: string, hint: string | null = null): Finding {
  return { name, state, detail, hint };
}

/** Looks at everything that needs no principal. */
export async function checkMachine(config: Config): Promise<Finding[]> {
  return [
    settingsFinding(config),
    ...await dataDirectoryFindings(config),
    ...await damagedFindings(config),
    await workflowsFinding(config),
    timeZonesFinding(),
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

async function dataDirectoryFindings({ statePath, diskFloorBytes }: Config): Promise<Finding[]> {
  const directory = dirname(statePath);
  const nearest = await nearestExisting(directory);
  return [await directoryFinding(directory), await spaceFinding(nearest, diskFloorBytes)];
}

async function directoryFinding(directory: string): Promise<Finding> {
  const name = "data directory";
  try {
    const { mode, isDirectory } = await Deno.stat(directory);
    if (!isDirectory) {
      return finding(name, "error", `${directory} is no directory.`, "Name another in CDKTR_APP_DATA_DIRECTORY.");
    }
    const probe = await Deno.makeTempFile({ dir: directory, prefix: ".doctor-" });
    await Deno.remove(probe);
    const others = (mode ?? 0) & 0o077;
    if (others !== 0) {
      const hint = `\`chmod 700 ${directory}\` keeps parameters and logs from other users.`;
      return finding(name, "warning", `Other users of this machine can get into ${directory}.`, hint);
    }
    return finding(name, "ok", `${directory} can be written, by its owner alone.`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return finding(name, "ok", `${directory} does not exist yet; a principal makes it.`);
    }
    const hint = "Correct its permissions, or name another in CDKTR_APP_DATA_DIRECTORY.";
    return finding(name, "error", `${directory} cannot be written: ${messageOf(error)}.`, hint);
  }
}

async function spaceFinding(path: string, floorBytes: number): Promise<Finding> {
  const name = "free space";
  try {
    const bytes = await freeBytes(path);
    const detail = `${Math.floor(bytes / mebibyte)} MiB are free at ${path}.`;
    const hint = "Free space: with too little of it nothing can be triggered.";
    if (bytes < floorBytes) return finding(name, "error", detail, hint);
    return bytes < littleSpaceBytes ? finding(name, "warning", detail, hint) : finding(name, "ok", detail);
  } catch (error) {
    return finding(name, "warning", `It cannot be told for ${path}: ${messageOf(error)}.`);
  }
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

async function nearestExisting(path: string): Promise<string> {
  for (let at = path;; at = dirname(at)) {
    try {
      await Deno.stat(at);
      return at;
    } catch {
      if (at === dirname(at)) return at;
    }
  }
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

/** Schedules rest on the time zone data of the program; a transition that is surely known shows that it is there. */
function timeZonesFinding(): Finding {
  const name = "time zones";
  const lastWinterMs = Date.UTC(2025, 2, 30, 0, 59, 59);
  const offsetHours = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO("Europe/Berlin").offsetNanoseconds / 3.6e12;
  try {
    const isRight = offsetHours(lastWinterMs) === 1 && offsetHours(lastWinterMs + 1000) === 2;
    if (isRight) return finding(name, "ok", "The program knows when clocks change.");
    return finding(name, "error", "The program does not know when clocks change.", "Install cdktr anew.");
  } catch (error) {
    return finding(name, "error", `There is no time zone data: ${messageOf(error)}.`, "Install cdktr anew.");
  }
}

function setsidFinding(): Finding {
  const found = findCommand("setsid", Deno.env.get("PATH"), null);
  if ("path" in found) return finding("setsid", "ok", `Tasks start through ${found.path}.`);
  return finding("setsid", "ok", "It is not installed: tasks start half as fast, and run the same.");
}

function uvFinding(): Finding {
  const found = findCommand("uv", Deno.env.get("PATH"), null);
  if ("path" in found) return finding("uv", "ok", `UvPython tasks use ${found.path}.`);
  const hint = "Install uv (docs.astral.sh/uv) on machines that run them; uv_path names one outside PATH.";
  return finding("uv", "warning", "It is not in PATH, so UvPython tasks cannot run here.", hint);
}

/** Whether a principal could listen here: looked at when none answers. */
export function portsFinding({ principalHost, principalPort, logsListeningPort, logsPublishingPort }: Config): Finding {
  const taken: number[] = [];
  for (const port of [principalPort, logsListeningPort, logsPublishingPort]) {
    try {
      Deno.listen({ hostname: principalHost, port }).close();
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) taken.push(port);
      else {return finding(
          "ports",
          "ok",
          `${principalHost} is no address of this machine, so no principal would start here.`,
        );}
    }
  }
  if (taken.length === 0) return finding("ports", "ok", "A principal could listen on all three.");
  const hint = "Stop what listens there, or change CDKTR_PRINCIPAL_PORT, CDKTR_LOGS_LISTENING_PORT and " +
    "CDKTR_LOGS_PUBLISHING_PORT.";
  return finding("ports", "error", `Another program has ${taken.join(" and ")} on ${principalHost}.`, hint);
}

/**
 * Compares this machine's clock with the principal's.
 *
 * @param askedMs When the principal was asked by this clock, Unix milliseconds.
 * @param answeredMs When its answer was there.
 * @param principalMs What its clock showed in between.
 */
export function clockFinding(askedMs: number, answeredMs: number, principalMs: number): Finding {
  // What its clock showed lies between the two, unless the clocks differ: by at least so much.
  const differenceMs = principalMs < askedMs ? askedMs - principalMs : Math.max(principalMs - answeredMs, 0);
  const seconds = (differenceMs / 1000).toFixed(1);
  if (differenceMs < clockDifferenceMs) return finding("clock", "ok", "It agrees with that of the principal.");
  const detail = `It is ${seconds} s ${principalMs < askedMs ? "ahead of" : "behind"} that of the principal.`;
  return finding("clock", "warning", detail, "Let both machines keep their time by NTP.");
}
