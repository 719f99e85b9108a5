/** `cdktr task`: what a principal can run, and running it there. */
import { Command } from "@commander-js/extra-typings";
import type { PrincipalClient } from "../../client/mod.ts";
import { systemClock, systemRandom } from "../../clock/mod.ts";
import { CdktrError, isFinal, makeRunId, type Run, runIdRandomBytes } from "../../core/mod.ts";
import { maxWaitMs } from "../../wire/mod.ts";
import { durationMs, workflowFromJson } from "../../workflow/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { exitCodes } from "../exit_codes.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { addParam, paramFlags, paramText } from "../params.ts";
import { summaryOf } from "../run_view.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { taskListCommand } from "./task_list.ts";

const durationForm = "seconds, or a duration such as 90s, 15m or 1h30m";

const afterHelp = `
Prints the id of the run. With --wait the exit code is 0 if the run completed, 1 if it did not, 6 if --timeout was over first.

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
    .option("--timeout <duration>", `give up waiting after this: ${durationForm}`)
    .option("--json", "print the run as one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (workflowId, options, command) => {
      const { timeout, wait, json } = options;
      if (timeout !== undefined && !wait) {
        throw new CdktrError("INVALID_ARGUMENT", "A --timeout is for waiting, and nothing waits.", {
          hint: "Add --wait.",
        });
      }
      const timeoutMs = timeout === undefined ? Infinity : parseTimeout(timeout);
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      if (await client.dialect() === "original") {
        await runOnOriginal(invocation, client, workflowId, options);
        return;
      }
      const runId = await trigger(client, workflowId, options.param, options.idempotencyKey);
      if (!wait) {
        await invocation.stdout.write(json ? `${JSON.stringify({ runId })}\n` : `${runId}\n`);
        return;
      }
      if (!json) await invocation.stdout.write(`${runId}\n`);
      const run = await waitForEnd(invocation, client, runId, timeoutMs);
      await tellEnd(invocation, client, run, json === true);
    });
}

/** Tried again under the same key when an answer is lost, so that one call never starts two runs. */
async function trigger(
  client: PrincipalClient,
  workflowId: string,
  params: Readonly<Record<string, string>>,
  givenKey: string | undefined,
): Promise<string> {
  const idempotencyKey = givenKey ?? `cli:${makeRunId(systemClock.nowMs(), systemRandom.bytes(runIdRandomBytes))}`;
  const request = {
    workflowId,
    trigger: "manual",
    params: { ...params },
    idempotencyKey,
    reason: "`cdktr task run` was called",
  } as const;
  try {
    return (await client.call("RUN", request)).runId;
  } catch (error) {
    if (!(error instanceof CdktrError) || error.code !== "TIMED_OUT") throw error;
    return (await client.call("RUN", request)).runId;
  }
}

function goesOn(runId: string): string {
  return `It goes on. Look at it with \`cdktr runs show ${runId}\`, end it with \`cdktr runs cancel ${runId}\`.`;
}

async function waitForEnd(
  { stderr }: Invocation,
  client: PrincipalClient,
  runId: string,
  timeoutMs: number,
): Promise<Run> {
  using interrupt = listenForInterrupt();
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const leftMs = deadlineMs - systemClock.monotonicMs();
    const waitMs = Math.ceil(Math.min(Math.max(leftMs, 0), maxWaitMs));
    const { run } = await client.call("WAITRUN", { run: runId, waitMs }, { signal: interrupt.signal })
      .catch((error) => {
        if (interrupt.signal.aborted) stderr.say(goesOn(runId));
        throw error;
      });
    if (isFinal(run.state)) return run;
    if (leftMs > 0) continue;
    throw new CdktrError("TIMED_OUT", `Run ${runId} is still ${run.state} after ${timeoutMs / 1000} s.`, {
      hint: goesOn(runId),
    });
  }
}

async function tellEnd(invocation: Invocation, client: PrincipalClient, run: Run, json: boolean): Promise<void> {
  const { tasks, workflow } = await client.call("SHOWRUN", { run: run.runId });
  if (json) await invocation.stdout.write(`${JSON.stringify({ ...run, tasks })}\n`);
  else invocation.stderr.say(summaryOf(run, tasks, workflowFromJson(workflow)));
  if (run.state !== "COMPLETED") invocation.exitCode = exitCodes.failed.code;
}

interface RunFlags {
  readonly param: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string | undefined;
  readonly wait?: true | undefined;
}

async function runOnOriginal(invocation: Invocation, client: PrincipalClient, workflowId: string, flags: RunFlags) {
  if (Object.keys(flags.param).length > 0 || flags.wait || flags.idempotencyKey !== undefined) {
    throw new CdktrError(
      "UNSUPPORTED",
      `The principal at ${client.address} is an original cdktr: it takes no parameters and no key, and tells no run to wait for.`,
      { hint: "Call `cdktr task run` without -p, --idempotency-key and --wait." },
    );
  }
  const reply = await client.callOriginal({ verb: "RUNTASK", workflowId });
  if (reply.token === "OK") {
    invocation.stderr.say("Queued. The principal is an original cdktr, which tells no run id.");
    return;
  }
  const text = "text" in reply ? reply.text : reply.token;
  throw new CdktrError(reply.token === "CLIENTERROR" ? "NOT_FOUND" : "INTERNAL", `The principal answered: ${text}`);
}

function parseTimeout(text: string): number {
  const parsed = durationMs(text);
  if (parsed !== null) return parsed;
  throw new CdktrError("INVALID_ARGUMENT", `The timeout ${JSON.stringify(text)} is no duration.`, {
    hint: `Give ${durationForm}.`,
  });
}
