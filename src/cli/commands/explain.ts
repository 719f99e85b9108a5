/** `cdktr explain`: why something ran, waits, was skipped, retried, or did not run. */
import { Command } from "@commander-js/extra-typings";
import type { PrincipalClient } from "../../client/mod.ts";
import { timestamp } from "../../clock/mod.ts";
import { CdktrError } from "../../core/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { instantForm } from "../instant.ts";
import type { Invocation } from "../invocation.ts";
import { instant } from "../option_values.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { wrapped } from "../wrap.ts";

type Explanation = ReplyTo<"EXPLAIN">;

const afterHelp = `
Everything it says was decided by the principal and kept in its journal. Steps are told with their times, in UTC. For a
workflow it tells its newest run, a trigger that was skipped since, and when it is due next; with --at, what it did at that
time, and if it did not run, why: given to the minute, the whole minute is meant. The time is given as ${instantForm}.

Examples:
  cdktr explain 0198c7a2-3f41
  cdktr explain 0198c7a2-3f41 load
  cdktr explain etl.daily
  cdktr explain etl.daily --at "2026-03-01 02:00"
  cdktr explain etl.daily --json | jq -r .summary`;

export function explainCommand(invocation: Invocation) {
  return new Command("explain")
    .description("Say why a run or a task is as it is, or what a workflow did at a time.")
    .argument("<subject>", "a run's id, or a unique beginning of it; or a workflow's id")
    .argument("[task]", "a task of the run: its id, or its name")
    .option("--at <time>", "the time to explain, for a workflow", instant(invocation.clock))
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (subject, task, { at, json }, command) => {
      if (task !== undefined && at !== undefined) {
        throw new CdktrError("INVALID_ARGUMENT", "A task is explained as it is, not at a time.", {
          hint: "Leave out --at; or leave out the task to explain what a workflow did at that time.",
        });
      }
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const explanation = task !== undefined
        ? await client.call("EXPLAIN", { subject: "task", run: subject, taskId: task })
        : at !== undefined
        ? await client.call("EXPLAIN", { subject: "workflow", workflowId: subject, atMs: at })
        : await explainWhateverItIs(client, subject);
      if (json) await printJson(invocation.stdout, explanation);
      else await invocation.stdout.write(asText(explanation, invocation.stdout.columns()));
    });
}

/** What exists by that name: a run, else a workflow. */
async function explainWhateverItIs(client: PrincipalClient, subject: string): Promise<Explanation> {
  try {
    return await client.call("EXPLAIN", { subject: "run", run: subject });
  } catch (error) {
    if (!(error instanceof CdktrError) || (error.code !== "NOT_FOUND" && error.code !== "AMBIGUOUS")) throw error;
    try {
      return await client.call("EXPLAIN", { subject: "workflow", workflowId: subject, atMs: null });
    } catch (second) {
      // Of a beginning that fits several runs the first error tells more.
      throw error.code === "AMBIGUOUS" ? error : second;
    }
  }
}

const timeColumns = "2026-03-01T02:00:00Z  ".length;

function asText({ summary, steps, hint }: Explanation, columns: number | undefined): string {
  const width = columns === undefined ? undefined : Math.max(columns - timeColumns, 30);
  const told = steps.flatMap(({ atMs, sentence }) => {
    const time = atMs === null ? "" : timestamp(atMs);
    return wrapped(printable(sentence), width).map((line, index) =>
      (index === 0 ? time : "").padEnd(timeColumns) + line
    );
  });
  const blocks = [
    wrapped(printable(summary), columns),
    told,
    hint === null ? [] : wrapped(`hint: ${printable(hint)}`, columns),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => `${lines.join("\n")}\n`).join("\n");
}
