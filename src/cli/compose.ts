/** Puts the rooms of a process together: the only place that knows them all. */
import { userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { Agent, type AgentOptions, ProcessWorkplace, systemFiles } from "../agent/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { PrincipalClient } from "../client/mod.ts";
import type { Config } from "../config/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { History, type StartedWorker } from "../history/mod.ts";
import { SqliteJournal } from "../journal/mod.ts";
import { directLink, Principal, type UpkeepLimits, type WorkflowSource } from "../principal/mod.ts";
import { formatProblem, type Workflow, type WorkflowStore } from "../workflow/mod.ts";
import { JournalHolder, namingHolder } from "./journal_holder.ts";
import { roomLog } from "./room_log.ts";
import { version } from "./version.ts";

/**
 * Opens the journal and the history that the settings name, and the principal on them.
 *
 * @param isServing Whether it is there for all workflows and their schedules, not for one run.
 * @param holder Tells others who has the journal.
 * @param worker For the history, where one was started already.
 */
export async function openPrincipal(
  config: Config,
  workflows: WorkflowSource,
  isServing: boolean,
  holder: JournalHolder,
  worker: StartedWorker | null = null,
): Promise<Principal> {
  makePrivateDirectory(dirname(config.statePath));
  await using opened = new AsyncDisposableStack();
  const journal = opened.adopt(
    openJournal(config, holder),
    (journal) => journal.close(),
  );
  const history = opened.use(await openHistory(config, isServing, worker));
  const principal = await Principal.open({
    version,
    journal,
    history,
    workflows,
    clock: systemClock,
    random: systemRandom,
    report: roomLog("principal"),
    agentTimeoutMs: config.agentHeartbeatTimeoutMs,
    isServing,
    upkeep: {
      dataPath: dirname(config.statePath),
      journalPath: config.statePath,
      historyPath: config.dbPath,
      ...upkeepLimits(config),
    },
  });
  opened.move(); // From here on they are the principal's to close.
  return principal;
}

function openJournal({ statePath }: Config, holder: JournalHolder): SqliteJournal {
  try {
    const journal = SqliteJournal.open(statePath, { report: roomLog("journal") });
    holder.write();
    return journal;
  } catch (error) {
    throw namingHolder(error, statePath);
  }
}

/**
 * Tells whoever wants the journal, too, that this process has it.
 *
 * @param command What was called, such as `cdktr start principal`.
 */
export function journalHolder({ statePath }: Config, command: string): JournalHolder {
  const since = new Date(systemClock.nowMs()).toISOString();
  return new JournalHolder(statePath, { command, pid: Deno.pid, host: Deno.hostname(), since, address: null });
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

function openHistory(config: Config, isServing: boolean, worker: StartedWorker | null): Promise<History> {
  const log = roomLog("history");
  return History.open({
    path: config.dbPath,
    archiveDirectory: config.archiveDirectory,
    libraryCache: config.cacheDirectory,
    // A checkpoint takes longer than many a run.
    closingLogKb: isServing ? 0 : 64,
    clock: systemClock,
    ...worker === null ? {} : { spawnWorker: () => worker.take() },
    onProblem: ({ code, message }) => code === "RECOVERED" ? log.info(message) : log.warn(message),
  });
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

function makePrivateDirectory(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CdktrError("STORAGE", `Cannot make the data directory ${path}: ${messageOf(cause)}.`, {
      hint: "Name another in CDKTR_APP_DATA_DIRECTORY.",
      cause,
    });
  }
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
