/** `cdktr runs retry`: has a run that has ended run again. */
import { Command } from "@commander-js/extra-typings";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { tellEnd, waitForEnd, waitMsOf, waitTimeoutText } from "../wait_for_run.ts";

const afterHelp = `
The run keeps its id, its parameters and the definition it had; its next attempt runs what did not complete. Tasks that had
completed are kept with their outputs; --from has one of them run again, and all that depends on it.
With --wait the exit code is 0 if the run completed, 1 if it did not, 6 if --timeout was over first.

Examples:
  cdktr runs retry 0198c7a2-3f41
  cdktr runs retry 0198c7a2-3f41 --from load --wait`;

export function runsRetryCommand(invocation: Invocation) {
  return new Command("retry")
    .summary("Run again what did not complete")
    .description("Have a run that has ended run again: what did not complete, and what is named.")
    .argument("<run>", "the run's id, or a unique beginning of it")
    .option("--from <task>", "run this task again though it completed, and all that depends on it")
    .option("--reason <text>", "why, kept with the run", "`cdktr runs retry` was called")
    .option("--wait", "wait for the end of the run")
    .option("--timeout <duration>", waitTimeoutText)
    .option("--json", "print one JSON object: the attempt and the tasks it keeps, with --wait the run as it ended")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (run, { from, reason, json, ...waiting }, command) => {
      const { stdout } = invocation;
      const waitMs = waitMsOf(waiting);
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { runId, attempt, kept } = await client.call("RETRY", { run, fromTask: from ?? null, reason });
      const announce = async () => {
        const keeps = kept.length === 0 ? "" : `, and keeps ${kept.length === 1 ? "1 task" : `${kept.length} tasks`}`;
        if (!json) await stdout.write(`${runId} waits for its attempt ${attempt}${keeps}\n`);
        else if (waitMs === null) await printJson(stdout, { runId, attempt, kept });
      };
      if (waitMs === null) return await announce();
      const ended = await waitForEnd(invocation, client, runId, waitMs, announce);
      await tellEnd(invocation, client, ended, json === true);
    });
}
