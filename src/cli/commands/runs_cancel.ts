/** `cdktr runs cancel`: ends a run. */
import { Command } from "@commander-js/extra-typings";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { loadSettings, settingOption } from "../settings.ts";

const afterHelp = `
A run that waits is cancelled at once. One that an agent executes is ended by it: its tasks are asked to end, and killed when
they take too long; \`cdktr runs show\` tells when that is done.

Example:
  cdktr runs cancel 0198c7a2-3f41 --reason "wrong date"`;

export function runsCancelCommand(invocation: Invocation) {
  return new Command("cancel")
    .summary("End a run")
    .description("End a run.")
    .argument("<run>", "the run's id, or a unique beginning of it")
    .option("--reason <text>", "why, kept with the run", "`cdktr runs cancel` was called")
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (run, { reason, json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { runId, outcome } = await client.call("CANCEL", { run, reason });
      if (json) await printJson(invocation.stdout, { runId, outcome });
      else {await invocation.stdout.write(
          `${runId} ${outcome === "cancelled" ? "is cancelled" : "is being cancelled"}\n`,
        );}
    });
}
