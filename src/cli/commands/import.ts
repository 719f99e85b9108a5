/** `cdktr import`: jobs of cron and timers of systemd as workflows. */
import { join, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { CdktrError } from "../../core/mod.ts";
import { printable } from "../../paint/mod.ts";
import {
  findUnits,
  importCrontab,
  type ImportResult,
  importSystemd,
  readSource,
  writeFile,
} from "../../project/mod.ts";
import { Schedule } from "../../workflow/definition.ts";
import type { Invocation } from "../invocation.ts";
import { loadSettings } from "../settings.ts";
import { wroteOrKept } from "./init.ts";

const crontabHelp = `
Examples:
  crontab -l | cdktr import crontab - --print   what would be written
  cdktr import crontab jobs.cron                one workflow for each job, into CDKTR_WORKFLOW_DIR
  cdktr import crontab /etc/crontab --system --output imported`;

const systemdHelp = `
Examples:
  cdktr import systemd /etc/systemd/system/backup.timer --print
  cdktr import systemd /etc/systemd/system/*.timer --output imported`;

/** What is done with the workflows. */
interface Destination {
  /** Where their files go unless `output` says otherwise. */
  readonly directory: string;
  readonly output?: string;
  readonly print?: boolean;
  readonly force?: boolean;
  /** Permissions of the files. */
  readonly mode: number;
}

const crontabHint = "`crontab -l | cdktr import crontab -` takes the crontab of this user.";

export function importCommand(invocation: Invocation) {
  return new Command("import")
    .description("Make workflows of the jobs of a crontab, or of systemd timers.")
    .addCommand(crontabCommand(invocation))
    .addCommand(systemdCommand(invocation));
}

function crontabCommand(invocation: Invocation) {
  return withDestination(new Command("crontab"))
    .summary("Make a workflow of each job of a crontab")
    .description(
      "Make a workflow of each job of a crontab. What cannot be carried over is told, and stands in the file.",
    )
    .argument("<file>", "the crontab, or - for stdin")
    .option("--system", "a user stands before each command, as in /etc/crontab and /etc/cron.d")
    .addHelpText("after", crontabHelp)
    .action(async (path, { system = false, timezone = localTimezone(), ...options }, command) => {
      // Else the users would be taken for the commands.
      if (!system && /^\/etc\/(?:crontab$|cron\.d\/)/.test(path)) {
        throw new CdktrError("INVALID_ARGUMENT", `${path} has a user before each command.`, {
          hint: "--system takes them for what they are.",
        });
      }
      const isStdin = path === "-";
      // What came by stdin may be as private as the crontab of a user.
      const { text, mode } = isStdin
        ? { text: await invocation.readStdin(), mode: 0o600 }
        : await readSource(path, crontabHint);
      const result = importCrontab(text, { file: isStdin ? "stdin" : path, isSystem: system, timezone });
      tell(invocation, result);
      if (result.workflows.length > 0) {
        invocation.stderr.say("note: cron starts commands in the home directory; a task starts where its agent runs.");
      }
      await write(invocation, result, { directory: loadSettings(invocation, command).workflowDir, mode, ...options });
    });
}

function systemdCommand(invocation: Invocation) {
  return withDestination(new Command("systemd"))
    .summary("Make workflows of systemd timers and their services")
    .description(
      "Make a workflow of each systemd timer and its service. What cannot be carried over is told, and stands in the file.",
    )
    .argument("<files...>", ".timer files, whose .service lies beside them or is named too, or .service files")
    .addHelpText("after", systemdHelp)
    .action(async (paths, { timezone = localTimezone(), ...options }, command) => {
      const { services, mode } = await findUnits(paths);
      const result = importSystemd(services, timezone);
      tell(invocation, result);
      await write(invocation, result, { directory: loadSettings(invocation, command).workflowDir, mode, ...options });
    });
}

function withDestination<const C extends Command>(command: C) {
  return command
    .option("--output <directory>", "where the workflow files go (default: CDKTR_WORKFLOW_DIR)")
    .option("--print", "print the workflows as YAML documents instead")
    .option("--timezone <name>", "time zone of schedules that name none (default: this machine's)", checkedTimezone)
    .option("--force", "overwrite files that exist");
}

/** @throws {CdktrError} INVALID_ARGUMENT when there is no such zone. */
function checkedTimezone(name: string): string {
  new Schedule("@daily", name);
  return name;
}

/** cron and systemd go by the clock of the machine; cdktr goes by UTC unless told otherwise. */
function localTimezone(): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name === "Etc/Unknown" ? "UTC" : name;
}

/**
 * Says what is wrong, or what is not carried over.
 *
 * @throws {CdktrError} INVALID_ARGUMENT when anything is wrong.
 */
function tell({ stderr }: Invocation, { workflows, faults }: ImportResult): void {
  for (const { file, line, sentence } of faults) stderr.say(printable(`${file}:${line}: error: ${sentence}`));
  if (faults.length > 0) {
    throw new CdktrError("INVALID_ARGUMENT", "Nothing was imported, because of the errors above.", {
      hint: "Correct them, or take out those lines.",
    });
  }
  // Several workflows of one timer have the same notes.
  const notes = workflows.flatMap(({ notes }) => notes);
  for (const note of new Set(notes.map(({ file, line, sentence }) => `${file}:${line}: note: ${sentence}`))) {
    stderr.say(printable(note));
  }
  if (workflows.length === 0) stderr.say("There is no job to import.");
}

async function write(
  { stdout, stderr, workingDirectory }: Invocation,
  { workflows }: ImportResult,
  { directory, output = directory, print = false, force = false, mode }: Destination,
): Promise<void> {
  for (const { id, text } of workflows) {
    if (print) {
      await stdout.write(`---\n# ${id}.yml\n${text}`);
      continue;
    }
    // The other extension makes the same id, and two files with one id are an error.
    const twin = join(output, `${id}.yaml`);
    const path = await isThere(resolve(workingDirectory, twin)) ? twin : join(output, `${id}.yml`);
    const written = await writeFile(resolve(workingDirectory, path), text, { force, mode });
    await stdout.write(`${printable(wroteOrKept(path, written))}\n`);
  }
  if (print || workflows.length === 0) return;
  stderr.say("note: a principal with this directory starts them from now on; take the jobs out of their old place.");
}

function isThere(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}
