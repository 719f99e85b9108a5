/** `cdktr start`: a principal or an agent, until it is told to stop. */
import { Command } from "@commander-js/extra-typings";
import type { Invocation } from "../invocation.ts";
import { startService } from "../service/service.ts";
import { loadSettings, settingOption } from "../settings.ts";

export function startCommand(invocation: Invocation) {
  return new Command("start")
    .description(
      "Start a principal or an agent. It runs until Ctrl-C or a request to terminate, and ends in good order.",
    )
    .addCommand(principalCommand(invocation))
    .addCommand(agentCommand(invocation));
}

const configFlag = "-c, --config <path>";
const configText = "accepted as the original does, and without effect: settings come from the environment and .env";
const slotsFlags = "-m, --max-concurrent-workflows <n>";
const labelsFlags = "-l, --labels <list>";

function principalCommand(invocation: Invocation) {
  return new Command("principal")
    .summary("Start a principal")
    .description("Start a principal: it keeps workflows and their queue, and agents fetch work from it.")
    .addOption(settingOption("-p, --port <port>", "principalPort"))
    .addOption(settingOption("--host <host>", "principalHost"))
    .addOption(settingOption("--principal-host <host>", "principalHost").hideHelp())
    .addOption(settingOption("--principal-port <port>", "principalPort").hideHelp())
    .option("-n, --no-scheduler", "do not trigger workflows by their schedules")
    .option("-w, --with-agent", "run an agent in the same process")
    .addOption(settingOption(slotsFlags, "agentMaxConcurrency"))
    .addOption(settingOption("--max-concurrent <n>", "agentMaxConcurrency"))
    .addOption(settingOption(labelsFlags, "agentLabels"))
    .option("-s, --suffix <text>", "goes after the agent's id", "")
    .option(configFlag, configText)
    .addHelpText("after", "\nExample:\n  cdktr start principal --with-agent")
    .action(async (options, command) => {
      const { runPrincipal } = await import("../service/run_principal.ts");
      using service = startService(invocation, () => loadSettings(invocation, command), "principal");
      await runPrincipal(service, options);
    });
}

function agentCommand(invocation: Invocation) {
  return new Command("agent")
    .summary("Start an agent")
    .description("Start an agent: it fetches work from a principal and runs it.")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addOption(settingOption("-p, --port <port>", "principalPort").hideHelp())
    .addOption(settingOption("--host <host>", "principalHost").hideHelp())
    .addOption(settingOption(slotsFlags, "agentMaxConcurrency"))
    .addOption(settingOption("--max-concurrent <n>", "agentMaxConcurrency"))
    .addOption(settingOption(labelsFlags, "agentLabels"))
    .option("-s, --suffix <text>", "goes after the agent's id", "")
    .option(configFlag, configText)
    .addHelpText("after", "\nExample:\n  cdktr start agent --principal-host build01 --max-concurrent 8")
    .action(async ({ suffix }, command) => {
      const { runAgent } = await import("../service/run_agent.ts");
      using service = startService(invocation, () => loadSettings(invocation, command), "agent");
      await runAgent(invocation, service, suffix);
    });
}
