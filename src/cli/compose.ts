/** Puts the rooms of a process together: the only place that knows them all. */
import { userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { Agent, type AgentOptions, ProcessWorkplace, systemFiles } from "../agent/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { PrincipalClient } from "../client/mod.ts";
import type { Config } from "../config/mod.ts";
import { directLink, Principal, type UpkeepLimits, type WorkflowSource } from "../principal/mod.ts";
import { formatProblem, type Workflow } from "../workflow/definition.ts";
import type { WorkflowStore } from "../workflow/mod.ts";
import { roomLog } from "./room_log.ts";
import type { Stores } from "./stores.ts";
import { version } from "./version.ts";

/** Opens the principal on its stores, which are its own from then on. */
export async function openPrincipal(
  config: Config,
  workflows: WorkflowSource,
  stores: Stores,
): Promise<Principal> {
  const principal = await Principal.open({
    version,
    journal: stores.journal,
    history: await stores.history,
    workflows,
    clock: systemClock,
    random: systemRandom,
    report: roomLog("principal"),
    agentTimeoutMs: config.agentHeartbeatTimeoutMs,
    isServing: stores.isServing,
    upkeep: {
      dataPath: dirname(config.statePath),
      journalPath: config.statePath,
      historyPath: config.dbPath,
      ...upkeepLimits(config),
    },
  });
  stores.handOver();
  return principal;
}

/** The limits that may change while a principal runs. */
export function upkeepLimits(config: Config): UpkeepLimits {
  return {
    diskFloorBytes: config.diskFloorBytes,
    journalRetention: {
      runDays: config.runRetentionDays,
      eventDays: config.journalRetentionDays,
      eventsMax: config.journalEventsMax,
    },
    logRetention: config.logRetention,
    archiveRetention: config.logArchiveRetention,
  };
}

/** A client of a principal in this process. */
export function clientInProcess(principal: Principal, role: string, config: Config): PrincipalClient {
  return PrincipalClient.overLink(directLink(principal), {
    clock: systemClock,
    random: systemRandom,
    version,
    role,
    timeoutMs: config.defaultZmqTimeoutMs,
  });
}

/** An agent as the settings want it. */
export function makeAgent(
  config: Config,
  client: PrincipalClient,
  options: Partial<Pick<AgentOptions, "onlyRunId" | "labels" | "onStanding">> & { readonly suffix?: string },
): Agent {
  const { suffix = "", labels = config.agentLabels, ...others } = options;
  const log = roomLog("agent");
  return new Agent({
    agentId: `${instanceName()}/AG${suffix}`,
    version,
    client,
    clock: systemClock,
    random: systemRandom,
    log,
    maxConcurrentRuns: config.agentMaxConcurrency,
    maxParallelTasks: config.maxParallelTasks,
    workplace: new ProcessWorkplace({
      directory: resolve(config.appDataDirectory, "agents"),
      clock: systemClock,
      log,
      limits: { graceMs: config.taskGraceMs, maxLineBytes: config.logLineMaxBytes },
    }),
    spool: {
      directory: resolve(config.appDataDirectory, "spool"),
      maxBytes: config.spoolMaxBytes,
      files: systemFiles,
    },
    labels,
    retryAttempts: config.retryAttempts,
    timeoutMs: config.defaultZmqTimeoutMs,
    ...others,
  });
}

/** `USER@DEVICE`, as the original calls its processes. */
export function instanceName(): string {
  return `${loginName()}@${deviceName()}`;
}

/** The workflows of a directory as a principal sees them. */
export function directorySource(store: WorkflowStore): WorkflowSource {
  return {
    get: (id) => store.get(id),
    list: () => store.list(),
    problems: () => store.problems().map(formatProblem),
    onChange: (listener) => store.onChange(listener),
  };
}

/** A single workflow as a principal sees it. */
export function singleSource(workflow: Workflow): WorkflowSource {
  return {
    get: (id) => id === workflow.id ? workflow : undefined,
    list: () => [workflow],
    problems: () => [],
    onChange: () => () => {},
  };
}

/**
 * Lets the tasks that this process runs inherit what `.env` says.
 *
 * @param before What it said before; what it does not say any more is taken out. @default nothing
 */
export function inheritDotenv(config: Config, before?: Config): void {
  for (const name of Object.keys(before?.inheritedEnvironment ?? {})) Deno.env.delete(name);
  for (const [name, value] of Object.entries(config.inheritedEnvironment)) Deno.env.set(name, value);
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return Deno.env.get("USER") ?? "unknown"; // A user id without an entry in the user database, as in containers.
  }
}

/** `PRETTY_HOSTNAME` of `/etc/machine-info` (systemd, machine-info(5)), else the host name. */
function deviceName(): string {
  try {
    const pretty = /^PRETTY_HOSTNAME=(?:"([^"]*)"|(.*))$/m.exec(Deno.readTextFileSync("/etc/machine-info"));
    const name = pretty?.[1] ?? pretty?.[2];
    if (name) return name;
  } catch {
    // Most machines have no such file.
  }
  return Deno.hostname();
}
