/** `cdktr agents`: who executes. */
import { Command } from "@commander-js/extra-typings";
import { spanText } from "../../clock/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { formatTable } from "../table.ts";

const afterHelp = `
PLACES are the runs it takes at the same time, and how many it has. One that is stopping finishes those and takes no more.
An agent of the original tells neither that nor its version. Where several agents have one id, the end of their session tells
them apart.
An agent that was silent for CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS is given up.

Examples:
  cdktr agents list
  cdktr agents list --json | jq -r '.[] | select(.running == []) | .agentId'`;

export function agentsCommand(invocation: Invocation) {
  return new Command("agents")
    .description("List the agents of a principal.")
    .addCommand(listCommand(invocation));
}

function listCommand(invocation: Invocation) {
  const { stdout, stderr, clock } = invocation;
  return new Command("list")
    .summary("List the agents, what they can take and what they have")
    .description("List the agents, what they can take and what they have.")
    .option("--json", "print one JSON array")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async ({ json }, command) => {
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const { agents } = await client.call("STATUS", {});
      if (json) await printJson(stdout, agents);
      else if (agents.length > 0) {
        const byId = Map.groupBy(agents, ({ agentId }) => agentId);
        const rows = agents.map((agent) => cells(agent, byId.get(agent.agentId)?.length ?? 0, clock.nowMs()));
        await stdout.write(formatTable(columns, rows, stdout.columns()));
      } else stderr.say("No agent is there. Start one with `cdktr start agent`.");
    });
}

type AgentSummary = ReplyTo<"STATUS">["agents"][number];

const columns = [
  { heading: "AGENT" },
  { heading: "VERSION" },
  { heading: "PLACES", align: "right", whole: true },
  { heading: "LABELS" },
  { heading: "HEARD", align: "right", whole: true },
] as const;

/** Characters of a session that tell two agents of the same id apart. */
const sessionTail = 4;

function cells(agent: AgentSummary, namesakes: number, nowMs: number): string[] {
  const { agentId, session, version, slots, stopping, labels, running, lastSeenMs } = agent;
  const places = stopping ? `${running.length}, stopping` : `${running.length} of ${slots ?? "?"}`;
  const name = namesakes > 1 && session !== null ? `${agentId} #${session.slice(-sessionTail)}` : agentId;
  return [name, version ?? "original", places, labels.join(","), `${spanText(nowMs - lastSeenMs)} ago`];
}
