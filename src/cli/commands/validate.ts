/** `cdktr validate`: what is wrong with workflow files, and when those that are right fire next. */
import { Command } from "@commander-js/extra-typings";
import { type Clock, timestamp } from "../../clock/mod.ts";
import { formatProblem, hasErrors, type LoadedFile, scheduleOf, validatePath } from "../../workflow/mod.ts";
import { exitCodes } from "../exit_codes.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings } from "../settings.ts";

/** How many fire times are shown a workflow. */
const fireTimesShown = 5;

const afterHelp = `
Exits 1 if any file has an error; a file with warnings only is loaded.

Examples:
  cdktr validate                       all files in CDKTR_WORKFLOW_DIR
  cdktr validate workflows/etl.yml     one file
  cdktr validate a.yml b.yml more/     several files, and a directory
  cdktr validate --json | jq '.files[].problems[]'`;

export function validateCommand(invocation: Invocation) {
  const { stdout, stderr, clock } = invocation;
  return new Command("validate")
    .description("Check workflow files: print every problem, and the next five times each scheduled workflow fires.")
    .argument("[paths...]", "workflow files, or directories of them (default: CDKTR_WORKFLOW_DIR)")
    .option("--json", "print one JSON document")
    .addHelpText("after", afterHelp)
    .action(async (paths, { json }, command) => {
      const checked = paths.length > 0 ? paths : [loadSettings(invocation, command).workflowDir];
      const files = await validateAll(checked);
      const reports = files.map((file) => ({ file, fireTimesMs: nextFireTimesMs(file, clock) }));
      const broken = files.filter(({ problems }) => hasErrors(problems)).length;
      if (broken > 0) invocation.exitCode = exitCodes.failed.code;
      if (json) {
        await printJson(stdout, { valid: broken === 0, files: reports.map(asJson) });
        return;
      }
      await stdout.write(reports.map(asText).join(""));
      stderr.say(summary(checked, files, broken));
    });
}

/** The files of all paths, each once although a path names it again. */
async function validateAll(paths: readonly string[]): Promise<LoadedFile[]> {
  const files = new Map<string, LoadedFile>();
  for (const path of paths) {
    for (const file of await validatePath(path)) files.set(file.file, files.get(file.file) ?? file);
  }
  return [...files.values()];
}

interface FileReport {
  readonly file: LoadedFile;
  readonly fireTimesMs: readonly number[];
}

function nextFireTimesMs({ workflow }: LoadedFile, clock: Clock): number[] {
  const schedule = workflow === null ? null : scheduleOf(workflow);
  const times: number[] = [];
  for (let atMs = schedule?.next(clock.nowMs()) ?? null; atMs !== null; atMs = schedule?.next(atMs) ?? null) {
    times.push(atMs);
    if (times.length === fireTimesShown) break;
  }
  return times;
}

function asJson({ file: { file, id, workflow, problems }, fireTimesMs }: FileReport) {
  return {
    file,
    id,
    valid: !hasErrors(problems),
    problems,
    cron: workflow?.cron ?? null,
    timezone: workflow?.timezone ?? null,
    nextFireTimes: fireTimesMs.map((atMs) => new Date(atMs).toISOString()),
  };
}

function asText({ file: { file, workflow, problems }, fireTimesMs }: FileReport): string {
  const lines = problems.map((problem) => printable(formatProblem(problem)));
  if (workflow?.cron) {
    const { cron, timezone } = workflow;
    const verb = fireTimesMs.length === 0 ? "never fires again" : "fires next";
    lines.push(printable(`${file}: "${cron}" in ${timezone} ${verb}`));
    lines.push(...fireTimesMs.map((atMs) => `  ${timestamp(atMs, timezone)}`));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function summary(checked: readonly string[], files: readonly LoadedFile[], broken: number): string {
  if (files.length === 0) return printable(`There are no .yml or .yaml files in ${checked.join(", ")}.`);
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  return broken === 0 ? `${count} checked, all valid.` : `${count} checked, ${broken} with errors.`;
}
