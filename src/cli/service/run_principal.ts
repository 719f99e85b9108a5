/** The process of a principal: its parts, put together and taken apart in order. */
import { existsSync } from "node:fs";
import type { Agent } from "../../agent/mod.ts";
import { aborted, systemClock, systemRandom } from "../../clock/mod.ts";
import type { Config } from "../../config/mod.ts";
import { counted } from "../../core/mod.ts";
import { type Principal, Server, type ServerOptions } from "../../principal/mod.ts";
import { Scheduler } from "../../scheduler/mod.ts";
import { WorkflowStore } from "../../workflow/mod.ts";
import {
  clientInProcess,
  directorySource,
  inheritDotenv,
  instanceName,
  makeAgent,
  openPrincipal,
  upkeepLimits,
} from "../compose.ts";
import { roomLog } from "../room_log.ts";
import { Stores } from "../stores.ts";
import { cancelReason, drainOn } from "./drain.ts";
import type { Service } from "./service.ts";

const msPerSecond = 1000;
const loopbackHosts = ["localhost", "127.0.0.1", "::1"];

/** How a principal is started. */
export interface PrincipalFlags {
  readonly scheduler: boolean;
  readonly withAgent?: true | undefined;
  readonly suffix: string;
}

/** Starts the parts from the inside out and, on an interrupt, ends them from the outside in. */
export async function runPrincipal(service: Service, { scheduler: hasScheduler, withAgent, suffix }: PrincipalFlags) {
  const { config, notifier } = service;
  const log = roomLog("principal");
  let agent: Agent | null = null;
  let agentEnded: Promise<void> | null = null;
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

  // One that cannot listen shall leave no new data directory behind. Where there is a journal already, whether somebody has
  // it is the more important answer.
  if (!existsSync(config.statePath)) await Server.probe(serverOptions(config));
  const stores = ending.use(Stores.open(config, { command: "cdktr start principal", isServing: true }));
  const principal = await openPrincipal(config, workflows, stores);
  ending.defer(() => principal.close());
  const server = await Server.listen(principal, serverOptions(config));
  ending.defer(() => server.close());
  stores.tellAddress(`${config.principalHost}:${server.ports.port}`);
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
    agent = newAgent(principal, config, suffix, ending);
    agentEnded = agent.run();
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
  // An agent ends first, at the interrupt or because it cannot work: what it runs is finished while the principal still
  // listens and schedules still fill the queue.
  await (agentEnded ?? aborted(interrupt.signal));
  notifier.stopping();
  log.info("stopping");
}

function serverOptions(config: Config): ServerOptions {
  return {
    host: config.principalHost,
    port: config.principalPort,
    logsInPort: config.logsListeningPort,
    logsOutPort: config.logsPublishingPort,
    clock: systemClock,
    random: systemRandom,
  };
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

function newAgent(principal: Principal, config: Config, suffix: string, ending: AsyncDisposableStack): Agent {
  inheritDotenv(config);
  const client = clientInProcess(principal, "agent", config);
  ending.defer(() => client.close());
  return makeAgent(config, client, { suffix });
}

function reportProblems(problems: () => readonly string[]): void {
  const log = roomLog("workflows");
  for (const problem of problems()) log.warn(problem);
}
