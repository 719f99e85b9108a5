/** `cdktr status`: how a principal is. */
import { Command } from "@commander-js/extra-typings";
import { spanText } from "../../clock/mod.ts";
import { counted, runStates } from "../../core/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";

type Status = ReplyTo<"STATUS">;

const afterHelp = `
Examples:
  cdktr status
  cdktr status --json | jq '.queueLength, .runs'`;

export function statusCommand(invocation: Invocation) {
  return new Command("status")
    .description("Show how a principal is: its queue, runs, agents and history, and what is wrong.")
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async ({ json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const status = await client.call("STATUS", {});
      if (json) await printJson(invocation.stdout, status);
      else await invocation.stdout.write(asText(status, client.address, invocation.clock.nowMs()));
    });
}

function asText(status: Status, address: string, nowMs: number): string {
  const facts: [label: string, text: string][] = [
    ["Principal", `${address}, version ${status.version}, up for ${spanText(nowMs - status.startedAtMs)}`],
    ["Workflows", String(status.workflowCount)],
    ["Queue", queueText(status)],
    ["Runs", runsText(status)],
    ["Agents", agentsText(status)],
    ["History", historyText(status)],
    ...status.problems.map((problem, index): [string, string] => [index === 0 ? "Problems" : "", problem]),
  ];
  return facts.map(([label, text]) => `${label.padEnd(11)}${printable(text)}\n`).join("");
}

function queueText({ queueLength, queueHeadAgeMs }: Status): string {
  if (queueLength === 0) return "empty";
  const waits = queueLength === 1 ? "1 run waits" : `${queueLength} runs wait`;
  return queueHeadAgeMs === null ? waits : `${waits}, the first for ${spanText(queueHeadAgeMs)}`;
}

function runsText({ runs }: Status): string {
  const counts = runStates.flatMap((state) => runs[state] ? `${runs[state]} ${state}` : []);
  return counts.length === 0 ? "none yet" : counts.join(", ");
}

function agentsText({ agents }: Status): string {
  if (agents.length === 0) return "none";
  const [stopping = [], working = []] = [true, false].map((is) => agents.filter((agent) => agent.stopping === is));
  const places = working.reduce((sum, { slots }) => sum + (slots ?? 0), 0);
  const left = stopping.length === 0 ? "" : `, ${stopping.length} stopping with ${counted(runsOn(stopping), "run")}`;
  return `${agents.length}, ${runsOn(working)} of ${places} places taken${left}`;
}

function runsOn(agents: Status["agents"]): number {
  return agents.reduce((sum, { running }) => sum + running.length, 0);
}

function historyText({ history: { state, reason, eventsBehind } }: Status): string {
  const behind = eventsBehind === 0 ? "abreast of the journal" : `${eventsBehind} decisions behind the journal`;
  return `${state}, ${behind}${reason === null ? "" : `: ${reason}`}`;
}
