/** `cdktr runs list`: the runs of a principal, newest first. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import * as z from "zod";
import { timestamp } from "../../clock/mod.ts";
import { askOriginal, type PrincipalClient } from "../../client/mod.ts";
import { CdktrError, isFinal, type Run, runStates, triggerKinds } from "../../core/mod.ts";
import { maxPageRuns, parseRecentStatuses } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { instantForm } from "../instant.ts";
import type { Invocation } from "../invocation.ts";
import { instant, someOf, wholeNumber } from "../option_values.ts";
import { refuseForOriginal } from "../original_principal.ts";
import { printJson } from "../output.ts";
import { durationText } from "../run_view.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { formatTable } from "../table.ts";

const defaultLimit = 20;
/** The part of a run id that tells its millisecond, with the dash in it (RFC 9562, section 5.7). */
const shortestIdChars = 13;

const afterHelp = `
Times are in UTC. Instants are given as ${instantForm}.
On a terminal ids are shortened as far as the list allows; each command takes them so.

Examples:
  cdktr runs list --state failed,crashed --since 1d
  cdktr runs list --workflow etl.daily --limit 100
  cdktr runs list --json | jq -r '.runs[].runId'`;

export function runsListCommand(invocation: Invocation) {
  return new Command("list")
    .summary("List runs, newest first")
    .description("List runs, newest first.")
    .option("--state <states>", `only runs in these states: ${runStates.join(", ")}`, someOf(runStates))
    .option("-w, --workflow <id>", "only runs of this workflow")
    .option("--trigger <kinds>", `only runs caused so: ${triggerKinds.join(", ")}`, someOf(triggerKinds))
    .option("--since <time>", "only runs triggered then or later", instant(invocation.clock))
    .option("--until <time>", "only runs triggered before then", instant(invocation.clock))
    .option("-n, --limit <n>", `how many at most (1 to ${maxPageRuns})`, wholeNumber(1, maxPageRuns), defaultLimit)
    .option("--cursor <cursor>", "go on where the page before ended, with the cursor it told", cursor)
    .option("--json", "print one JSON object with the runs and the cursor of the next page")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (options, command) => {
      checkRange(options);
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      if (await client.dialect() === "original") await listOfOriginal(invocation, client, options);
      else await list(invocation, client, options);
    });
}

/** The id of the last run of a page. */
function cursor(text: string): string {
  if (z.uuid().safeParse(text).success) return text;
  throw new InvalidArgumentError("It must be what the page before told: the id of its last run, in full.");
}

interface Options {
  readonly state?: readonly Run["state"][] | undefined;
  readonly workflow?: string | undefined;
  readonly trigger?: readonly Run["trigger"][] | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly json?: true | undefined;
}

function checkRange({ since, until }: Options): void {
  if (since === undefined || until === undefined || since < until) return;
  throw new CdktrError("INVALID_ARGUMENT", "No run can be found: the time range ends before it begins.", {
    hint: "Give a --since before the --until.",
  });
}

async function list({ stdout, stderr, clock }: Invocation, client: PrincipalClient, options: Options): Promise<void> {
  const { runs, cursor } = await client.call("RUNS", {
    states: options.state === undefined ? undefined : [...options.state],
    workflowId: options.workflow,
    triggers: options.trigger === undefined ? undefined : [...options.trigger],
    sinceMs: options.since,
    untilMs: options.until,
    beforeRunId: options.cursor,
    limit: options.limit,
  });
  if (options.json) {
    await printJson(stdout, { runs, cursor });
    return;
  }
  if (runs.length === 0) stderr.say(isFiltered(options) ? "There are no such runs." : "There are no runs yet.");
  else await stdout.write(runsTable(runs, clock.nowMs(), stdout.columns()));
  if (cursor !== null) stderr.say(`There are more: add --cursor ${cursor}`);
}

function isFiltered({ state, workflow, trigger, since, until, cursor }: Options): boolean {
  return [state, workflow, trigger, since, until, cursor].some((filter) => filter !== undefined);
}

const columns = [
  { heading: "RUN", whole: true },
  { heading: "WORKFLOW" },
  { heading: "STATE", whole: true },
  { heading: "TRIGGER", whole: true },
  { heading: "TRIGGERED", whole: true },
  { heading: "TOOK", align: "right", whole: true },
] as const;

function runsTable(runs: readonly Run[], nowMs: number, widthMax: number | undefined): string {
  const ids = runs.map(({ runId }) => runId);
  const idChars = widthMax === undefined ? Infinity : distinctChars(ids);
  const rows = runs.map(({ runId, workflowId, state, trigger, triggeredAtMs, startedAtMs, finishedAtMs }) => [
    runId.slice(0, idChars),
    workflowId,
    state,
    trigger,
    timestamp(triggeredAtMs),
    durationText(startedAtMs, isFinal(state) ? finishedAtMs : nowMs),
  ]);
  return formatTable(columns, rows, widthMax);
}

/** How many characters of the ids are enough to tell them apart. */
function distinctChars(ids: readonly string[]): number {
  for (let chars = shortestIdChars;; chars++) {
    const beginnings = new Set(ids.map((id) => id.slice(0, chars)));
    if (beginnings.size === ids.length || ids.every((id) => id.length <= chars)) return chars;
  }
}

const originalColumns = [
  { heading: "INSTANCE", whole: true },
  { heading: "WORKFLOW" },
  { heading: "STATUS", whole: true },
  { heading: "SINCE", whole: true },
] as const;

/** An original principal tells the newest status of each of ten workflows, and nothing about runs as such. */
async function listOfOriginal({ stdout, stderr }: Invocation, client: PrincipalClient, options: Options) {
  const { state, workflow, trigger, since, until, cursor } = options;
  const given = Object.entries({ state, workflow, trigger, since, until, cursor });
  const flags = given.filter(([, value]) => value !== undefined).map(([name]) => `--${name}`);
  refuseForOriginal(client, "GETRECENTSTATUSES", flags);
  const all = parseRecentStatuses(await askOriginal(client, { verb: "GETRECENTSTATUSES" }));
  const statuses = all.slice(0, options.limit);
  stderr.say(
    `note: the principal at ${client.address} is an original cdktr; it tells the newest status of at most ten workflows`,
  );
  if (options.json) {
    await printJson(stdout, { recentStatuses: statuses });
    return;
  }
  const rows = statuses.map(({ workflowInstanceId, workflowId, status, timestampMs }) => [
    workflowInstanceId,
    workflowId,
    status,
    timestamp(timestampMs),
  ]);
  await stdout.write(formatTable(originalColumns, rows, stdout.columns()));
}
