/** `cdktr runs cancel`: ends a run, or one task of it. */
import { Command } from "@commander-js/extra-typings";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";

const afterHelp = `
A run that waits is cancelled at once. One that an agent executes is ended by it: its tasks are asked to end, and killed when
they take too long; \`cdktr runs show\` tells when that is done. With --task only that task is ended: what depends on it is
skipped, the rest goes on, and the run ends FAILED.

Examples:
  cdktr runs cancel 0198c7a2-3f41 --reason "wrong date"
  cdktr runs cancel 0198c7a2-3f41 --task load`;

export function runsCancelCommand(invocation: Invocation) {
  return new Command("cancel")
    .summary("End a run, or one task of it")
    .description("End a run, or one task of it.")
    .argument("<run>", "the run's id, or a unique beginning of it")
    .option("--task <task>", "end only the task of this id")
    .option("--reason <text>", "why, kept with the run", "`cdktr runs cancel` was called")
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (run, { task, reason, json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { runId, outcome } = await client.call("CANCEL", { run, task: task ?? null, reason });
      if (json) return await printJson(invocation.stdout, { runId, task: task ?? null, outcome });
      const subject = task === undefined ? runId : `task ${printable(task)} of ${runId}`;
      // One task of a run that waits is not cancelled until its turn would come.
      const isDone = outcome === "done" && task === undefined;
      await invocation.stdout.write(`${subject} ${isDone ? "is cancelled" : "is being cancelled"}\n`);
    });
}
