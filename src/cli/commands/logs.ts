/** `cdktr logs`: what tasks printed and print. */
import { Command, Option } from "@commander-js/extra-typings";
import { askOriginal, type PrincipalClient } from "../../client/mod.ts";
import { CdktrError, type Run, type RunState, runStates } from "../../core/mod.ts";
import { parseFormattedLines, type WireLogLine } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { followLogs } from "../follow_logs.ts";
import { instantForm } from "../instant.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { ofTask, refuseUnknownNames } from "../log_names.ts";
import { LogPrinter } from "../log_printer.ts";
import { ago, aliasOf, instant, someOf, wholeNumber } from "../option_values.ts";
import { refuseForOriginal } from "../original_principal.ts";
import type { Talk } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { type LogFilter, StoredLogs } from "../stored_logs.ts";

const defaultLimit = 1000;
const maxLimit = 1_000_000_000;
const dayMs = 86_400_000;

/** Levels of lines: standard output is INFO, standard error ERROR. */
const levels = ["INFO", "WARNING", "ERROR"] as const;

const queryHelp = `
Lines come oldest first; of more than --limit the newest are shown. Times are in UTC, given as ${instantForm}.
With --follow stored lines come first, then live ones, until Ctrl-C, or until the run given with --run has ended.

Examples:
  cdktr logs query --workflow etl.daily --last 1h
  cdktr logs query --run 0198c7a2-3f41 --task Load --follow
  cdktr logs query --status FAILED --level error --json | jq -r .payload`;

const flatHelp = `
Without --tail: the lines of the last 24 hours, or of the time given. \`cdktr logs query --help\` tells more.

Examples:
  cdktr logs -w etl.daily -n 100
  cdktr logs --tail`;

export function logsCommand(invocation: Invocation) {
  const { clock } = invocation;
  return withLogOptions(new Command("logs").enablePositionalOptions(), invocation, "all")
    .description("Print stored log lines, or live ones.")
    .option("-t, --tail", "print live lines, after as many stored ones as --limit says, by default none")
    .addOption(new Option("-l, --log-level <level>", "accepted as the original does, and without effect"))
    .addHelpText("after", flatHelp)
    .addCommand(queryCommand(invocation))
    .action(async ({ tail, ...options }, command) => {
      const since = options.since ?? (options.until ?? clock.nowMs()) - dayMs;
      const limit = options.limit ?? (tail ? 0 : options.follow ? defaultLimit : Infinity);
      await logs(invocation, command, { ...options, limit, since, follow: tail ?? options.follow });
    });
}

function queryCommand(invocation: Invocation) {
  return withLogOptions(new Command("query"), invocation, String(defaultLimit))
    .summary("Print stored log lines, filtered, and follow live ones")
    .description("Print stored log lines, and with --follow live ones after them.")
    .addHelpText("after", queryHelp)
    .action(async (options, command) => {
      if (Object.keys(command.parent?.opts() ?? {}).length > 0) {
        throw new CdktrError("INVALID_ARGUMENT", "Options of `cdktr logs query` come after `query`.");
      }
      await logs(invocation, command, { ...options, limit: options.limit ?? defaultLimit });
    });
}

/** The options of both forms. Second spellings are those of the original, and those that other commands have. */
function withLogOptions(command: Command, { clock }: Invocation, limitText: string) {
  const workflow = new Option("-w, --workflow <id>", "only lines of this workflow");
  const run = new Option("-i, --run <run>", "only lines of this run: its id, or a unique beginning of it");
  const statusText = `only lines of runs in these states: ${runStates.join(", ")}`;
  const status = new Option("--status <states>", statusText).argParser(someOf(runStates));
  const since = new Option("-s, --since <time>", "only lines printed then or later").argParser(instant(clock));
  const until = new Option("-e, --until <time>", "only lines printed before then").argParser(instant(clock));
  const limit = new Option("-n, --limit <n>", `how many lines at most, the newest ones (default: ${limitText})`)
    .argParser(wholeNumber(0, maxLimit));
  const complete = command
    .addOption(workflow)
    .addOption(run)
    .option("--task <task>", "only lines of this task: its name, or its id")
    .option("--level <levels>", `only lines of these levels: ${levels.join(", ")}`, someOf(levels))
    .addOption(status)
    .option("--grep <text>", "only lines that contain this text")
    .addOption(new Option("--last <duration>", "only lines of this time until now").argParser(ago(clock)))
    .addOption(since.conflicts("last"))
    .addOption(until)
    .addOption(limit)
    .option("-v, --verbose", "print the names of workflow and task, too")
    .option("-f, --follow", "go on with live lines")
    .option("--json", "print one JSON object a line")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"));
  command
    .addOption(aliasOf(workflow, "--workflow-id <id>"))
    .addOption(aliasOf(run, "--workflow-instance-id <id>"))
    .addOption(aliasOf(status, "--state <states>"))
    .addOption(aliasOf(since, "--start-datetime-utc <time>").conflicts("last"))
    .addOption(aliasOf(until, "--end-datetime-utc <time>"))
    .addOption(aliasOf(limit, "--number <n>"));
  return complete;
}

interface Options {
  readonly workflow?: string | undefined;
  readonly run?: string | undefined;
  readonly task?: string | undefined;
  readonly level?: readonly string[] | undefined;
  readonly status?: readonly RunState[] | undefined;
  readonly grep?: string | undefined;
  readonly last?: number | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  readonly verbose?: true | undefined;
  readonly follow?: true | undefined;
  readonly json?: true | undefined;
}

async function logs(
  invocation: Invocation,
  command: Parameters<typeof loadSettings>[1],
  given: Options,
): Promise<void> {
  const options = { ...given, since: given.last ?? given.since };
  checkTogether(options);
  const { stdout } = invocation;
  const printer = new LogPrinter(stdout, { verbose: options.verbose === true, json: options.json === true });
  await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
  const isOriginal = await client.dialect() === "original";
  if (options.follow) await follow(invocation, client, options, printer, isOriginal);
  else if (isOriginal) await queryOriginal(invocation, client, options, printer);
  else {
    const stored = new StoredLogs(client, filterOf(options));
    let count = 0;
    for await (const lines of stored.newest(options.limit)) {
      count += lines.length;
      await printer.print(lines);
    }
    if (count > 0) return;
    await refuseUnknownNames(client, options);
    invocation.stderr.say("There are no such lines.");
  }
}

function checkTogether({ since, until, follow, status }: Options): void {
  const refuse = (sentence: string, hint: string) => {
    throw new CdktrError("INVALID_ARGUMENT", sentence, { hint });
  };
  if (since !== undefined && until !== undefined && since >= until) {
    refuse("No line can be found: the time range ends before it begins.", "Give a --since before the --until.");
  }
  if (follow && until !== undefined) refuse("Live lines have no end to give.", "Leave out either --follow or --until.");
  if (follow && status !== undefined) {
    refuse("Live lines cannot be chosen by how their run will have ended.", "Leave out either --follow or --status.");
  }
}

function filterOf({ workflow, run, task, level, status, grep, since, until }: Options): LogFilter {
  return {
    workflowId: workflow,
    run,
    taskName: task,
    levels: level === undefined ? undefined : [...level],
    states: status === undefined ? undefined : [...status],
    contains: grep,
    sinceMs: since,
    untilMs: until,
  };
}

async function follow(
  { clock, stderr }: Invocation,
  client: PrincipalClient,
  options: Options,
  printer: LogPrinter,
  isOriginal: boolean,
): Promise<void> {
  const { workflow, run, task, limit } = options;
  if (isOriginal && limit > 0) {
    throw new CdktrError(
      "UNSUPPORTED",
      `The principal at ${client.address} is an original cdktr, whose stored lines are up to 30 s behind its live ones.`,
      { hint: "Print live lines alone with `cdktr logs --tail`." },
    );
  }
  const followed = run === undefined || isOriginal ? null : await findRun(client, run);
  if (!isOriginal) await noteUnknownNames(client, options, stderr);
  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const isOfTask = task === undefined
    ? () => true
    : isOriginal
    ? (line: WireLogLine) => line.taskName === task
    : ofTask(client, task);
  const lines = followLogs({
    client,
    clock,
    stored: isOriginal ? null : new StoredLogs(client, filterOf(options), signal),
    history: limit,
    workflowId: workflow ?? null,
    run: followed,
    wants: async (line) =>
      wants(options, line) && (!isOriginal || run === undefined || line.runId === run) &&
      await isOfTask(line),
    note: (sentence) => stderr.say(`note: ${sentence}`),
    signal,
  });
  for await (const batch of lines) await printer.print(batch);
}

async function findRun(client: PrincipalClient, idOrPrefix: string): Promise<Run> {
  return (await client.call("WAITRUN", { run: idOrPrefix, waitMs: 0 })).run;
}

/** What was asked for may come yet: of a workflow whose file is on its way, say. */
async function noteUnknownNames(client: PrincipalClient, names: Options, stderr: Talk): Promise<void> {
  try {
    await refuseUnknownNames(client, names);
  } catch (error) {
    if (!(error instanceof CdktrError) || error.code !== "NOT_FOUND") throw error;
    stderr.say(printable(`note: ${[error.message, error.hint].filter(Boolean).join(" ")}`));
  }
}

/** All but the task. */
function wants({ workflow, level, grep, since }: Options, line: WireLogLine): boolean {
  return (workflow === undefined || line.workflowId === workflow) &&
    (level === undefined || level.includes(line.level)) &&
    (grep === undefined || line.payload.includes(grep)) &&
    (since === undefined || line.timestampMs >= since);
}

/** An original principal formats the lines itself, has no limit, and goes back a day unless a time is given. */
async function queryOriginal(
  { stderr }: Invocation,
  client: PrincipalClient,
  options: Options,
  printer: LogPrinter,
): Promise<void> {
  const { task, level, status, grep, json, since, until, workflow, run, limit } = options;
  const given = Object.entries({ task, level, status, grep, json });
  const flags = given.filter(([, value]) => value !== undefined).map(([name]) => `--${name}`);
  refuseForOriginal(client, "QUERYLOGS", flags);
  if (since === undefined) {
    stderr.say(`note: the principal at ${client.address} is an original cdktr; these are lines of 24 hours at most`);
  }
  const payload = await askOriginal(client, {
    verb: "QUERYLOGS",
    startMs: since ?? null,
    endMs: until ?? null,
    workflowId: workflow ?? null,
    workflowInstanceId: run ?? null,
    verbose: options.verbose === true,
  });
  await printer.printFormatted(limit === 0 ? [] : parseFormattedLines(payload).slice(-limit));
}
