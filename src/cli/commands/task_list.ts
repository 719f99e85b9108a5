/** `cdktr task list`: the workflows of a principal. */
import { Command } from "@commander-js/extra-typings";
import { timestamp } from "../../clock/mod.ts";
import { askOriginal, OriginalWorkflows, type PrincipalClient } from "../../client/mod.ts";
import type { WorkflowSummary } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { formatTable } from "../table.ts";

const afterHelp = `
The next time is shown by the clocks of the workflow's timezone. What is wrong with workflow files goes to stderr.

Examples:
  cdktr task list
  cdktr task list --json | jq -r '.workflows[].id'`;

const columns = [
  { heading: "WORKFLOW" },
  { heading: "NAME" },
  { heading: "SCHEDULE" },
  { heading: "TIMEZONE" },
  { heading: "NEXT", whole: true },
  { heading: "TASKS", align: "right" },
] as const;

export function taskListCommand(invocation: Invocation) {
  const { stdout, stderr } = invocation;
  return new Command("list")
    .summary("List the workflows of the principal")
    .description("List the workflows of the principal and when they run next.")
    .option("--json", "print one JSON object with the workflows and the problems of their files")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async ({ json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { workflows, problems } = await client.dialect() === "original"
        ? await listOfOriginal(client, invocation.clock.nowMs())
        : await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 });
      if (json) await printJson(stdout, { workflows, problems });
      else if (workflows.length > 0) await stdout.write(formatTable(columns, workflows.map(cells), stdout.columns()));
      for (const problem of problems) stderr.say(printable(problem));
      if (workflows.length === 0) stderr.say(`The principal at ${client.address} has no workflows.`);
    });
}

function cells({ id, name, cron, timezone, nextFireMs, taskCount }: WorkflowSummary): string[] {
  const next = nextFireMs === null ? "" : timestamp(nextFireMs, timezone);
  return [id, name, cron ?? "", cron === null ? "" : timezone, next, String(taskCount)];
}

async function listOfOriginal(client: PrincipalClient, nowMs: number) {
  const listed = new OriginalWorkflows(await askOriginal(client, { verb: "LSWORKFLOWS" }));
  return { workflows: listed.summaries(nowMs), problems: listed.problems };
}
