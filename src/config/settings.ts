/**
 * Every setting there is. Names and defaults of the first sixteen are those of the original cdktr; a key is its variable's name
 * without `CDKTR_`, in camel case.
 */
import { hostPattern } from "./address.ts";
import { choice, contexts, integer, list, path, retention, type Setting, text, type ValueOf } from "./setting.ts";

/** The levels of the process log, most talkative first. */
const logLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] as const;

/** A level of the process log. */
export type LogLevel = (typeof logLevels)[number];

/** The themes of the terminal UI. */
const tuiThemes = ["dark", "light", "colour-blind"] as const;

const dayMs = 86_400_000;
/** 0 lets the system choose a free port. */
const port = { min: 0, max: 65_535 };

export const settings = {
  logLevel: choice("CDKTR_LOG_LEVEL", {
    choices: logLevels,
    default: "INFO",
    description: "Least important level of messages that a process logs.",
  }),
  agentMaxConcurrency: integer("CDKTR_AGENT_MAX_CONCURRENCY", {
    min: 0,
    max: 10_000,
    default: 5,
    description: "Workflows that an agent runs at the same time; 0 makes it take no work.",
  }),
  retryAttempts: integer("CDKTR_RETRY_ATTEMPTS", {
    min: 1,
    max: 1_000_000,
    default: 20,
    description:
      "How long an agent bears with a principal that does not answer: this many times twice CDKTR_DEFAULT_ZMQ_TIMEOUT_MS. Other commands do not try again.",
  }),
  defaultZmqTimeoutMs: integer("CDKTR_DEFAULT_ZMQ_TIMEOUT_MS", {
    min: 1,
    max: dayMs,
    unit: "ms",
    default: 3000,
    description: "How long a request waits for its reply.",
  }),
  principalHost: text("CDKTR_PRINCIPAL_HOST", {
    pattern: hostPattern,
    accepts: "a host name or an IP address, without a port",
    default: "0.0.0.0",
    description: "Address the principal listens on and the others reach it at.",
  }),
  principalPort: integer("CDKTR_PRINCIPAL_PORT", {
    ...port,
    default: 5561,
    description: "Port of the principal's requests.",
  }),
  logsListeningPort: integer("CDKTR_LOGS_LISTENING_PORT", {
    ...port,
    default: 5562,
    description: "Port at which the principal takes in log lines from agents.",
  }),
  logsPublishingPort: integer("CDKTR_LOGS_PUBLISHING_PORT", {
    ...port,
    default: 5563,
    description: "Port at which the principal publishes live log lines.",
  }),
  workflowDir: path("CDKTR_WORKFLOW_DIR", {
    default: "workflows",
    description: "Directory that holds the workflow files.",
  }),
  workflowDirRefreshFrequencyS: integer("CDKTR_WORKFLOW_DIR_REFRESH_FREQUENCY_S", {
    min: 1,
    max: 86_400,
    unit: "s",
    default: 60,
    description: "How often the workflow directory is read again in full; changes are also noticed as they happen.",
  }),
  schedulerStartPollFrequencyMs: integer("CDKTR_SCHEDULER_START_POLL_FREQUENCY_MS", {
    min: 1,
    max: dayMs,
    unit: "ms",
    default: 500,
    description: "Longest time between two looks of the scheduler at the clock; it also wakes at each due time.",
  }),
  qPersistenceIntervalMs: integer("CDKTR_Q_PERSISTENCE_INTERVAL_MS", {
    min: 0,
    max: dayMs,
    unit: "ms",
    default: 1000,
    description: "Accepted and without effect: the queue is on disk before a trigger is answered.",
  }),
  appDataDirectory: path("CDKTR_APP_DATA_DIRECTORY", {
    default: "$HOME/.cdktr",
    description: "Directory for what cdktr itself keeps.",
  }),
  dbPath: path("CDKTR_DB_PATH", {
    default: "$CDKTR_APP_DATA_DIRECTORY/app.db",
    description: "The principal's database of logs and status history.",
  }),
  tuiStatusRefreshIntervalMs: integer("CDKTR_TUI_STATUS_REFRESH_INTERVAL_MS", {
    min: 10,
    max: dayMs,
    unit: "ms",
    default: 1000,
    description: "How often the terminal UI asks the principal for news.",
  }),
  agentHeartbeatTimeoutMs: integer("CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS", {
    min: 100,
    max: dayMs,
    unit: "ms",
    default: 30_000,
    description: "Silence of an agent after which its runs are marked CRASHED.",
  }),
  defaultZmqRepFrefreshIntervalMs: integer("CDKTR_DEFAULT_ZMQ_REP_FREFRESH_INTERVAL_MS", {
    min: 0,
    max: dayMs,
    unit: "ms",
    default: 3000,
    description: "Accepted and without effect: the principal's socket needs no refresh. The original spells it so.",
  }),
  statePath: path("CDKTR_STATE_PATH", {
    default: "$CDKTR_APP_DATA_DIRECTORY/state.db",
    description: "The principal's journal: the queue, runs, leases and schedules.",
  }),
  taskGraceMs: integer("CDKTR_TASK_GRACE_MS", {
    min: 0,
    max: dayMs,
    unit: "ms",
    default: 10_000,
    description: "Time a task has to end after it was asked to, before it is killed.",
  }),
  logLineMaxBytes: integer("CDKTR_LOG_LINE_MAX_BYTES", {
    min: 256,
    max: 1_048_576,
    unit: "bytes",
    default: 65_536,
    description: "Length above which a line of a task's output is split and marked.",
  }),
  spoolMaxBytes: integer("CDKTR_SPOOL_MAX_BYTES", {
    min: 1024 * 1024,
    max: 2 ** 50,
    unit: "bytes",
    default: 1024 * 1024 * 1024,
    description:
      "Disk space for log lines that the principal has not acknowledged; beyond it the oldest lines of the loudest task are counted instead of kept.",
  }),
  maxParallelTasks: integer("CDKTR_MAX_PARALLEL_TASKS", {
    min: 1,
    max: 10_000,
    default: 64,
    description: "Tasks of one run that run at the same time.",
  }),
  agentLabels: list("CDKTR_AGENT_LABELS", {
    pattern: /^[A-Za-z0-9_.-]{1,64}$/,
    maxCount: 32,
    accepts: "up to 32 labels with commas between them, each of letters, digits, _, . and -, at most 64",
    description:
      "What an agent is for: it takes workflows that ask for some of these labels, and those that ask for none.",
  }),
  runRetentionDays: integer("CDKTR_RUN_RETENTION_DAYS", {
    min: 1,
    max: 36_500,
    unit: "days",
    default: 365,
    description: "How long the principal keeps a run, with its tasks, after its end.",
  }),
  journalRetentionDays: integer("CDKTR_JOURNAL_RETENTION_DAYS", {
    min: 1,
    max: 36_500,
    unit: "days",
    default: 30,
    description: "How long the journal keeps the events that tell how each run went; the history keeps them longer.",
  }),
  journalEventsMax: integer("CDKTR_JOURNAL_EVENTS_MAX", {
    min: 10_000,
    max: 1_000_000_000,
    default: 5_000_000,
    description: "How many events the journal keeps at most; the oldest go first.",
  }),
  diskFloorBytes: integer("CDKTR_DISK_FLOOR_BYTES", {
    min: 0,
    max: 2 ** 50,
    unit: "bytes",
    default: 256 * 1024 * 1024,
    description: "Free space below which the history is not written, so that the journal has the rest of the disk.",
  }),
  logRetention: retention("CDKTR_LOG_RETENTION", {
    default: "30d",
    description:
      "How long log lines and status history stay in the database, and how large it may grow; what leaves it goes to the archive. A workflow's log_retention wins.",
  }),
  logArchiveRetention: retention("CDKTR_LOG_ARCHIVE_RETENTION", {
    default: "365d",
    description: "How long log lines stay in the archive, from the day they were printed. A size has no effect here.",
  }),
  archiveDirectory: path("CDKTR_ARCHIVE_DIRECTORY", {
    default: "$CDKTR_APP_DATA_DIRECTORY/archive",
    description: "Directory for the archive: Parquet files of log lines, one or more a day.",
  }),
  cacheDirectory: path("CDKTR_CACHE_DIRECTORY", {
    default: "$CDKTR_APP_DATA_DIRECTORY/cache",
    description:
      "Directory where the executable unpacks DuckDB's library, 71 MB; its filesystem must allow programs (no noexec).",
  }),
  contexts: contexts("CDKTR_CONTEXTS", {
    description:
      "Principals by name that the terminal UI can go to, besides the one that the other settings tell, which is called default there.",
  }),
  tuiTheme: choice("CDKTR_TUI_THEME", {
    choices: tuiThemes,
    default: "dark",
    description: "Colours of the terminal UI, for a dark or a light terminal, or for colour-blind eyes on a dark one.",
  }),
} satisfies Record<string, Setting<unknown>>;

/** The key of a setting in a {@linkcode SettingValues}. */
export type SettingKey = keyof typeof settings;

/** The value of each setting. */
export type SettingValues = { readonly [Key in SettingKey]: ValueOf<(typeof settings)[Key]> };

/** Every key, in the order of the table above. */
export const settingKeys: readonly SettingKey[] = Object.keys(settings).filter(isSettingKey);

function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(settings, name);
}
