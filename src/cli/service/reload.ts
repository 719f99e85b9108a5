/** Settings that are read again while a principal or an agent runs. */
import { type Config, listSettings, type SettingKey, settingKeys } from "../../config/mod.ts";
import { messageOf, type OperatorLog } from "../../core/mod.ts";
import type { Notifier } from "./notifier.ts";

/** Settings of what people look at, or without effect: neither principal nor agent reads them. */
const ofNeither: readonly SettingKey[] = [
  "qPersistenceIntervalMs",
  "defaultZmqRepFrefreshIntervalMs",
  "tuiStatusRefreshIntervalMs",
  "tuiTheme",
  "contexts",
];
const ofAgents: readonly SettingKey[] = [
  "agentMaxConcurrency",
  "retryAttempts",
  "taskGraceMs",
  "logLineMaxBytes",
  "spoolMaxBytes",
  "maxParallelTasks",
  "agentLabels",
];
const liveOfPrincipals: readonly SettingKey[] = [
  "runRetentionDays",
  "journalRetentionDays",
  "journalEventsMax",
  "diskFloorBytes",
  "logRetention",
  "logArchiveRetention",
];
const ofPrincipals: readonly SettingKey[] = [
  ...liveOfPrincipals,
  "logsPublishingPort",
  "workflowDir",
  "workflowDirRefreshFrequencyS",
  "schedulerStartPollFrequencyMs",
  "dbPath",
  "agentHeartbeatTimeoutMs",
  "statePath",
  "archiveDirectory",
];

/** What runs in the process. */
export interface Roles {
  readonly principal: boolean;
  readonly agent: boolean;
}

/** What a {@linkcode Reload} works with. */
export interface ReloadOptions {
  readonly roles: Roles;
  /** The settings it was started with. */
  readonly config: Config;
  /** Reads them anew. */
  readonly read: () => Config;
  /** Has the process go by those settings that can change. */
  readonly apply: (config: Config, before: Config) => void;
  /** What else is read again. */
  readonly readOthers: () => Promise<void>;
  readonly notifier: Pick<Notifier, "reloading" | "ready">;
  readonly log: OperatorLog;
}

/** Reads the settings again each time it is asked, one time after the other. */
export class Reload {
  readonly #options: ReloadOptions;
  #lastRead: Config;
  #done: Promise<void> = Promise.resolve();

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#lastRead = options.config;
  }

  /** Reads all of it again, and tells what has changed. Settings that cannot be read leave all as it was. */
  request(): void {
    this.#done = this.#done.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const { read, readOthers, notifier, log } = this.#options;
    let outcome = "nothing was read again and all stays as it was";
    try {
      notifier.reloading();
      const config = read();
      outcome = "the settings were read again, but not all of them were taken over";
      this.#takeOver(config);
      outcome = "the settings were read again, but the rest was not";
      await readOthers();
    } catch (error) {
      log.error(`${outcome}: ${messageOf(error)}`);
    } finally {
      notifier.ready();
    }
  }

  #takeOver(config: Config): void {
    const { config: atStart, roles, apply, log } = this.#options;
    const before = this.#lastRead;
    apply(config, before);
    this.#lastRead = config;
    let told = 0;
    listSettings(config).forEach(({ name, ...row }, index) => {
      const key = settingKeys[index];
      if (key === undefined || isOfOthers(key, roles)) return;
      const inForce = isLive(key, roles) ? before : atStart;
      if (JSON.stringify(config[key]) === JSON.stringify(inForce[key])) return;
      told++;
      const old = listSettings(inForce)[index]?.value;
      if (isLive(key, roles)) log.info(`${name} is ${row.value} from now on; it was ${old}`);
      else log.warn(`${name} is ${row.value} now, which needs a restart; until then it stays ${old}`);
    });
    if (told === 0) log.info("the settings were read again: none has changed");
  }
}

function isLive(key: SettingKey, { principal, agent }: Roles): boolean {
  return key === "logLevel" || (principal && liveOfPrincipals.includes(key)) ||
    (agent && key === "agentMaxConcurrency");
}

/** Whether nothing in this process goes by a setting. */
function isOfOthers(key: SettingKey, { principal, agent }: Roles): boolean {
  return ofNeither.includes(key) || (!agent && ofAgents.includes(key)) || (!principal && ofPrincipals.includes(key));
}
