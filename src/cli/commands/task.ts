/** `cdktr task`: what a principal can run, and running it there. */
import { Command } from "@commander-js/extra-typings";
import { type PrincipalClient, runOnOriginal } from "../../client/mod.ts";
import { systemClock, systemRandom } from "../../clock/mod.ts";
import { CdktrError, makeRunId, runIdRandomBytes } from "../../core/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { exitCodes } from "../exit_codes.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { addParam, paramFlags, paramText } from "../params.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { tellEnd, waitForEnd, waitMsOf, waitTimeoutText } from "../wait_for_run.ts";
import { taskListCommand } from "./task_list.ts";

const afterHelp = `
Prints the id of the run. With --wait the exit code is 0 if the run completed, 1 if it did not, 6 if --timeout was over first.
Where the workflow says \`overlap: skip\` and another run of it has not ended, nothing is started and the exit code is 4.
Parameters that do not fit those that the workflow declares are refused, with exit code 2.

Examples:
  cdktr task run etl.daily -p date=2026-03-01
  cdktr task run etl.daily --wait --timeout 30m`;

export function taskCommand(invocation: Invocation) {
  return new Command("task")
    .description("List the workflows of a principal, and run them there.")
    .addCommand(taskRunCommand(invocation))
    .addCommand(taskListCommand(invocation));
}

function taskRunCommand(invocation: Invocation) {
  return new Command("run")
    .summary("Run a workflow on the principal's agents")
    .description("Run a workflow on the principal's agents.")
    .argument("<workflow>", "the workflow's id")
    .option(paramFlags, paramText, addParam, {})
    .option(
      "--idempotency-key <key>",
      "a second trigger with this key within a day starts nothing and gives the first run",
    )
    .option("--wait", "wait for the end of the run")
    .option("--timeout <duration>", waitTimeoutText)
    .option("--json", "print the run as one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (workflowId, options, command) => {
      const { json } = options;
      const waitMs = waitMsOf(options);
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      if (await client.dialect() === "original") {
        await runThere(invocation, client, workflowId, options);
        return;
      }
      const { runId, skipped } = await trigger(client, workflowId, options.param, options.idempotencyKey);
      if (skipped !== null) return await tellSkipped(invocation, runId, skipped, json === true);
      const announce = async () => {
        if (!json) await invocation.stdout.write(`${runId}\n`);
        else if (waitMs === null) await printJson(invocation.stdout, { runId });
      };
      if (waitMs === null) return await announce();
      const ended = await waitForEnd(invocation, client, runId, waitMs, announce);
      await tellEnd(invocation, client, ended, json === true);
    });
}

/** Tried again under the same key when an answer is lost, so that one call never starts two runs. */
async function trigger(
  client: PrincipalClient,
  workflowId: string,
  params: Readonly<Record<string, string>>,
  givenKey: string | undefined,
): Promise<ReplyTo<"RUN">> {
  const idempotencyKey = givenKey ?? `cli:${makeRunId(systemClock.nowMs(), systemRandom.bytes(runIdRandomBytes))}`;
  const request = {
    workflowId,
    trigger: "manual",
    params: { ...params },
    idempotencyKey,
    dueMs: null,
    reason: "`cdktr task run` was called",
  } as const;
  try {
    return await client.call("RUN", request);
  } catch (error) {
    if (!(error instanceof CdktrError) || error.code !== "TIMED_OUT") throw error;
    return await client.call("RUN", request);
  }
}

/** Nothing was started, so stdout has no run id: a script must not take the other run for its own. */
async function tellSkipped(invocation: Invocation, inTheWay: string, skipped: string, json: boolean): Promise<void> {
  invocation.exitCode = exitCodes.skipped.code;
  if (json) await invocation.stdout.write(`${JSON.stringify({ runId: null, skipped, inTheWay })}\n`);
  else invocation.stderr.say(printable(`Nothing was started: ${skipped}.`));
}

interface RunFlags {
  readonly param: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string | undefined;
  readonly wait?: true | undefined;
}

async function runThere(invocation: Invocation, client: PrincipalClient, workflowId: string, flags: RunFlags) {
  if (Object.keys(flags.param).length > 0 || flags.wait || flags.idempotencyKey !== undefined) {
    throw new CdktrError(
      "UNSUPPORTED",
      `The principal at ${client.address} is an original cdktr: it takes no parameters and no key, and tells no run to wait for.`,
      { hint: "Call `cdktr task run` without -p, --idempotency-key and --wait." },
    );
  }
  await runOnOriginal(client, workflowId);
  invocation.stderr.say("Queued. The principal is an original cdktr, which tells no run id.");
}
