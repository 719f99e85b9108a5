/** `cdktr start`: a principal or an agent, until it is told to stop. */
import { Command } from "@commander-js/extra-typings";
import type { Agent } from "../../agent/mod.ts";
import { systemClock, systemRandom } from "../../clock/mod.ts";
import type { Config } from "../../config/mod.ts";
import { counted } from "../../core/mod.ts";
import { Principal, Server } from "../../principal/mod.ts";
import { Scheduler } from "../../scheduler/mod.ts";
import { WorkflowStore } from "../../workflow/mod.ts";
import {
  clientInProcess,
  directorySource,
  inheritDotenv,
  instanceName,
  journalHolder,
  makeAgent,
  openPrincipal,
  upkeepLimits,
} from "../compose.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { roomLog } from "../room_log.ts";
import { type Service, startService } from "../service/service.ts";
import type { Notifier } from "../service/notifier.ts";
import { loadSettings, settingOption } from "../settings.ts";

const msPerSecond = 1000;
const loopbackHosts = ["localhost", "127.0.0.1", "::1"];

export function startCommand(invocation: Invocation) {
  return new Command("start")
    .description(
      "Start a principal or an agent. It runs until Ctrl-C or a request to terminate, and ends in good order.",
    )
    .addCommand(principalCommand(invocation))
    .addCommand(agentCommand(invocation));
}

const cancelReason = "the agent was told twice to stop";
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
      using service = startService(invocation, () => loadSettings(invocation, command), "agent");
      const { config, notifier } = service;
      inheritDotenv(config);
      await using client = connectToPrincipal(config, invocation, "agent");
      // Ready before it has found its principal: it goes on looking by itself, and a restart would help nobody.
      const onStanding = (standing: "seeking" | "working") => {
        notifier.status(`${standing === "seeking" ? "looks for" : "works for"} the principal at ${client.address}`);
        if (standing === "seeking") notifier.ready();
      };
      const agent = makeAgent(config, client, { suffix, onStanding });
      using interrupt = service.listen(() => agent.cancelAll(cancelReason));
      drainOn(interrupt.signal, agent, notifier);
      service.reloadOnHangUp({ principal: false, agent: true }, (config, before) => {
        inheritDotenv(config, before);
        agent.takeAtMost(config.agentMaxConcurrency);
      });
      notifier.watch(() => Promise.resolve());
      await agent.run();
    });
}

interface PrincipalFlags {
  readonly scheduler: boolean;
  readonly withAgent?: true | undefined;
  readonly suffix: string;
}

/** Starts the parts from the inside out and, on an interrupt, ends them from the outside in. */
async function runPrincipal(service: Service, { scheduler: hasScheduler, withAgent, suffix }: PrincipalFlags) {
  const { config, notifier } = service;
  const log = roomLog("principal");
  let agent: Agent | null = null;
  using interrupt = service.listen(() => agent?.cancelAll(cancelReason));
  await using ending = new AsyncDisposableStack();
  const store = new WorkflowStore({
    directory: config.workflowDir,
    clock: systemClock,
    rescanIntervalMs: config.workflowDirRefreshFrequencyS * msPerSecond,
  });
  await store.start();
  ending.defer(() => store.stop());
  const workflows = directorySource(store);
  reportProblems(workflows.problems);
  ending.defer(store.onChange(({ problemsChanged }) => {
    if (problemsChanged) reportProblems(workflows.problems);
  }));

  const holder = journalHolder(config, "cdktr start principal");
  const principal = await openPrincipal(config, workflows, true, holder);
  ending.defer(() => principal.close());
  const server = await listen(principal, config);
  ending.defer(() => server.close());
  holder.write({ address: `${config.principalHost}:${server.ports.port}` });
  const servingText = () =>
    `serves ${counted(workflows.list().length, "workflow")} on ${listeningText(config, server)}`;
  log.info(`${instanceName()}/PRIN ${servingText()}`);
  notifier.status(servingText());
  ending.defer(store.onChange(() => notifier.status(servingText())));
  if (!loopbackHosts.includes(config.principalHost)) {
    log.warn(`anyone who can reach ${config.principalHost}:${server.ports.port} can run workflows on the agents`);
  }

  if (hasScheduler) startScheduler(principal, config, ending);
  else log.info("the scheduler is off: nothing is triggered by its schedule");
  if (withAgent) {
    agent = startAgent(principal, config, suffix, ending);
    drainOn(interrupt.signal, agent, notifier);
  }

  const applySettings = (config: Config, before: Config) => {
    principal.keepWithin(upkeepLimits(config));
    if (agent === null) return;
    inheritDotenv(config, before);
    agent.takeAtMost(config.agentMaxConcurrency);
  };
  service.reloadOnHangUp({ principal: true, agent: agent !== null }, applySettings, async () => {
    await store.rescan();
    log.info(`the workflow files were read again: ${counted(workflows.list().length, "workflow")}`);
  });
  notifier.ready();
  notifier.watch(() => principal.isAlive());
  await aborted(interrupt.signal);
  notifier.stopping();
  log.info("stopping");
}

function listen(principal: Principal, config: Config): Promise<Server> {
  return Server.listen(principal, {
    host: config.principalHost,
    port: config.principalPort,
    logsInPort: config.logsListeningPort,
    logsOutPort: config.logsPublishingPort,
    clock: systemClock,
    random: systemRandom,
  });
}

function listeningText(config: Config, { ports }: Server): string {
  return `${config.principalHost}:${ports.port}, logs in on ${ports.logsInPort}, logs out on ${ports.logsOutPort}`;
}

function startScheduler(principal: Principal, config: Config, ending: AsyncDisposableStack): void {
  const client = clientInProcess(principal, "scheduler", config);
  const scheduler = new Scheduler({
    client,
    clock: systemClock,
    log: roomLog("scheduler"),
    longestTimerMs: config.schedulerStartPollFrequencyMs,
  });
  scheduler.start();
  ending.defer(async () => {
    await scheduler.stop();
    await client.close();
  });
}

/** Ended first: what it runs is finished while the principal still listens and schedules still fill the queue. */
function startAgent(principal: Principal, config: Config, suffix: string, ending: AsyncDisposableStack): Agent {
  inheritDotenv(config);
  const client = clientInProcess(principal, "agent", config);
  const agent = makeAgent(config, client, { suffix });
  const ended = agent.run();
  ending.defer(async () => {
    await ended;
    await client.close();
  });
  return agent;
}

function drainOn(signal: AbortSignal, agent: Agent, notifier: Notifier): void {
  const log = roomLog("agent");
  onAbort(signal, () => {
    const { running } = agent;
    notifier.stopping();
    if (running > 0) {
      log.info(`stopping: ${counted(running, "run")} to be finished first; a second signal cancels what runs`);
    } else log.info("stopping");
    agent.drain();
  });
}

function reportProblems(problems: () => readonly string[]): void {
  const log = roomLog("workflows");
  for (const problem of problems()) log.warn(problem);
}

/** Also of a signal that came while the parts were being started. */
function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => onAbort(signal, resolve));
}
