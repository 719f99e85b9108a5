import { deepEqual, equal, match, throws } from "node:assert/strict";
import { taskEnvironment } from "../../src/agent/executors/environment.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { type ConfigSources, loadConfig } from "../../src/config/mod.ts";

/** Settings of a process in /srv/project/sub with these files. */
function load(given: Partial<ConfigSources> & { files?: Record<string, string> } = {}) {
  const { files = {}, environment = {}, ...rest } = given;
  return loadConfig({
    environment: { HOME: "/home/ada", ...environment },
    workingDirectory: "/srv/project/sub",
    readTextFile: (path) => files[path],
    ...rest,
  });
}

function refusal(act: () => unknown): CdktrError {
  let refused: CdktrError | undefined;
  throws(act, (error) => {
    if (!(error instanceof CdktrError) || error.code !== "INVALID_SETTING") return false;
    refused = error;
    return true;
  });
  return refused ?? new CdktrError("INTERNAL", "unreachable");
}

Deno.test("without any source every setting has the default of the original", () => {
  const config = load();
  equal(config.logLevel, "INFO");
  equal(config.agentMaxConcurrency, 5);
  equal(config.retryAttempts, 20);
  equal(config.defaultZmqTimeoutMs, 3000);
  equal(config.principalHost, "0.0.0.0");
  equal(config.principalPort, 5561);
  equal(config.logsListeningPort, 5562);
  equal(config.logsPublishingPort, 5563);
  equal(config.workflowDir, "workflows");
  equal(config.workflowDirRefreshFrequencyS, 60);
  equal(config.schedulerStartPollFrequencyMs, 500);
  equal(config.qPersistenceIntervalMs, 1000);
  equal(config.appDataDirectory, "/home/ada/.cdktr");
  equal(config.dbPath, "/home/ada/.cdktr/app.db");
  equal(config.tuiStatusRefreshIntervalMs, 1000);
  equal(config.agentHeartbeatTimeoutMs, 30_000);
  deepEqual(config.origins.principalPort, { source: "default" });
  equal(config.dotenvPath, undefined);
});

Deno.test("a flag wins over the environment, the environment over .env, .env over the default; each says where it came from", () => {
  const files = { "/srv/project/sub/.env": "\nCDKTR_PRINCIPAL_PORT=3\n" };
  const environment = { CDKTR_PRINCIPAL_PORT: "2" };
  const flags = { principalPort: { text: "1", flag: "--port" } };
  const origins = [{ files, environment, flags }, { files, environment }, { files }, {}].map((sources) => {
    const config = load(sources);
    return [config.principalPort, config.origins.principalPort];
  });
  deepEqual(origins, [
    [1, { source: "flag", sourceDetail: "--port" }],
    [2, { source: "environment" }],
    [3, { source: ".env", sourceDetail: "/srv/project/sub/.env:2" }],
    [5561, { source: "default" }],
  ]);
});

Deno.test(".env is the first one found from the working directory upwards", () => {
  const config = load({ files: { "/srv/.env": "CDKTR_RETRY_ATTEMPTS=7", "/.env": "CDKTR_RETRY_ATTEMPTS=8" } });
  equal(config.retryAttempts, 7);
  equal(config.dotenvPath, "/srv/.env");
});

Deno.test("an empty variable counts as not set, in the environment and in .env", () => {
  const files = { "/.env": "CDKTR_PRINCIPAL_PORT=6000\nCDKTR_WORKFLOW_DIR=" };
  const config = load({ files, environment: { CDKTR_PRINCIPAL_PORT: "" } });
  equal(config.principalPort, 6000);
  equal(config.workflowDir, "workflows");
});

Deno.test("tasks inherit the variables of .env, but none that the environment already has", () => {
  const files = { "/.env": "TOKEN=from-file\nPATH=/nowhere\nCDKTR_LOG_LEVEL=debug" };
  const config = load({ files, environment: { PATH: "/bin" } });
  deepEqual(config.inheritedEnvironment, { TOKEN: "from-file", CDKTR_LOG_LEVEL: "debug" });
});

Deno.test("the log level is accepted in any case", () => {
  for (const text of ["debug", "DEBUG", "Debug"]) {
    equal(load({ environment: { CDKTR_LOG_LEVEL: text } }).logLevel, "DEBUG");
  }
});

Deno.test("a number may have blanks around it and a plus sign", () => {
  equal(load({ environment: { CDKTR_PRINCIPAL_PORT: " +5570 " } }).principalPort, 5570);
});

for (const text of ["abc", "-1", "65536", "1.5", "0x10", "1e3", "5561x", "∞"]) {
  Deno.test(`a port of ${text} is refused, naming the setting, the value, its source and what is accepted`, () => {
    const { message } = refusal(() => load({ environment: { CDKTR_PRINCIPAL_PORT: text } }));
    equal(
      message,
      `CDKTR_PRINCIPAL_PORT is ${
        JSON.stringify(text)
      } (from the environment), but it must be a whole number from 0 to 65535.`,
    );
  });
}

Deno.test("a refused value names the flag or the line of .env it came from", () => {
  const flags = { agentMaxConcurrency: { text: "", flag: "--max-concurrent" } };
  equal(
    refusal(() => load({ flags })).message,
    'CDKTR_AGENT_MAX_CONCURRENCY is "" (from flag --max-concurrent), but it must be a whole number from 0 to 10000.',
  );
  equal(
    refusal(() => load({ files: { "/.env": "CDKTR_LOG_LEVEL=loud" } })).message,
    'CDKTR_LOG_LEVEL is "loud" (from /.env:1), but it must be one of TRACE, DEBUG, INFO, WARN, ERROR.',
  );
});

const hosts: [host: string, accepted: boolean][] = [
  ["localhost", true],
  ["principal.example.org", true],
  ["10.0.0.7", true],
  ["::1", true],
  ["fe80::1%eth0", true],
  ["localhost:5561", false],
  ["tcp://localhost", false],
  ["two words", false],
];
for (const [host, accepted] of hosts) {
  Deno.test(`the principal's host ${accepted ? "may" : "may not"} be "${host}"`, () => {
    const environment = { CDKTR_PRINCIPAL_HOST: host };
    if (accepted) equal(load({ environment }).principalHost, host);
    else refusal(() => load({ environment }));
  });
}

Deno.test("~ at the beginning of a path is the home directory, elsewhere it is itself", () => {
  const config = load({ environment: { HOME: "/h", CDKTR_DB_PATH: "~/app.db", CDKTR_WORKFLOW_DIR: "~x/a~" } });
  equal(config.dbPath, "/h/app.db");
  equal(config.workflowDir, "~x/a~");
});

Deno.test("$HOME in a path is replaced wherever it stands, and other paths stay as they are", () => {
  const environment = { CDKTR_DB_PATH: "/data$HOME/$HOMEtown.db", CDKTR_WORKFLOW_DIR: "./flows", HOME: "/h$&" };
  const config = load({ environment });
  equal(config.dbPath, "/data/h$&//h$&town.db");
  equal(config.workflowDir, "./flows");
});

Deno.test("the database and the journal follow the data directory unless they are set", () => {
  const config = load({ environment: { CDKTR_APP_DATA_DIRECTORY: "/data", CDKTR_DB_PATH: "/db/app.db" } });
  equal(config.statePath, "/data/state.db");
  equal(config.dbPath, "/db/app.db");
});

Deno.test("a missing HOME is refused only where a path refers to it", () => {
  equal(load({ environment: { HOME: "", CDKTR_APP_DATA_DIRECTORY: "/data" } }).dbPath, "/data/app.db");
  equal(load({ environment: { HOME: "", USERPROFILE: "C:\\Users\\ada" } }).appDataDirectory, "C:\\Users\\ada/.cdktr");
  equal(
    refusal(() => load({ environment: { HOME: "" } })).message,
    'CDKTR_APP_DATA_DIRECTORY is "$HOME/.cdktr" (from its default), but HOME is not set.',
  );
});

Deno.test("variables that only look like settings are listed", () => {
  const files = { "/.env": "CDKTR_PRINCIPLE_PORT=1" };
  deepEqual(load({ files, environment: { CDKTR_WORKFLOWS: "x", OTHER: "y" } }).unknownVariables, [
    "CDKTR_PRINCIPLE_PORT",
    "CDKTR_WORKFLOWS",
  ]);
});

Deno.test("what an agent tells a task is not taken for a misspelt setting", () => {
  const environment = taskEnvironment({
    ...{ workflow: { id: "etl", env: {} }, task: { id: "load", env: {} } },
    ...{ runId: "r", attempt: 1, taskRunId: "t", tryNumber: 1 },
    ...{ params: { day: "x" }, inputs: new Map([["a", { rows: "1" }]]), outputPath: "/o", inputsPath: "/i" },
  });
  deepEqual(load({ environment: { HOME: "/h", ...environment } }).unknownVariables, []);
  deepEqual(load({ environment: { HOME: "/h", CDKTR_TRYS: "1" } }).unknownVariables, ["CDKTR_TRYS"]);
});

Deno.test("labels are words between commas; blanks around them and repetitions do not count", () => {
  const labels = (text: string) => load({ environment: { HOME: "/h", CDKTR_AGENT_LABELS: text } }).agentLabels;
  deepEqual(load().agentLabels, []);
  deepEqual(labels("gpu"), ["gpu"]);
  deepEqual(labels(" gpu , eu-west.1,gpu"), ["gpu", "eu-west.1"]);
  for (
    const text of [
      "gpu,",
      "a b",
      "é",
      "x".repeat(65),
      Array.from({ length: 33 }, (_, index) => `l${index}`).join(),
    ]
  ) {
    match(refusal(() => labels(text)).message, /^CDKTR_AGENT_LABELS is .*, but it must be up to 32 labels with commas/);
  }
});
