/** `cdktr runs pause` and `cdktr runs resume`: have a run stand still, and go on. */
import { Command } from "@commander-js/extra-typings";
import type { ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { loadSettings, settingOption } from "../settings.ts";

const afterPauseHelp = `
A run that waits is given to no agent while it is paused. Of one that an agent has no further task starts; those that run are
finished. Timeouts go on counting.

Examples:
  cdktr runs pause 0198c7a2-3f41 --reason "the database is being moved"
  cdktr runs resume 0198c7a2-3f41`;

const afterResumeHelp = `
Example:
  cdktr runs resume 0198c7a2-3f41`;

export function runsPauseCommand(invocation: Invocation) {
  return pauseOrResume(invocation, "pause", "Have a run stand still", afterPauseHelp);
}

export function runsResumeCommand(invocation: Invocation) {
  return pauseOrResume(invocation, "resume", "Let a paused run go on", afterResumeHelp);
}

const participles = { pause: "paused", resume: "resumed" } as const;

function became(outcome: ReplyTo<"PAUSE">["outcome"], name: keyof typeof participles): string {
  switch (outcome) {
    case "done":
      return `is ${participles[name]}`;
    case "requested":
      return `is being ${participles[name]}: its agent is told`;
    case "unchanged":
      return name === "pause" ? "is paused already" : "is not paused";
  }
}

function pauseOrResume(invocation: Invocation, name: keyof typeof participles, summary: string, afterHelp: string) {
  return new Command(name)
    .summary(summary)
    .description(`${summary}.`)
    .argument("<run>", "the run's id, or a unique beginning of it")
    .option("--reason <text>", "why, kept with the run", `\`cdktr runs ${name}\` was called`)
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (run, { reason, json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { runId, outcome } = await client.call("PAUSE", { run, paused: name === "pause", reason });
      if (json) await printJson(invocation.stdout, { runId, outcome });
      else await invocation.stdout.write(`${runId} ${became(outcome, name)}\n`);
    });
}
