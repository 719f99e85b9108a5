import { deepEqual, equal, match } from "node:assert/strict";
import { settings } from "../../../src/config/mod.ts";
import { call, temporaryDirectory } from "../call.ts";

Deno.test("config list is a table of every setting, its value with unit, and where it comes from", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/.env`, "\nCDKTR_TASK_GRACE_MS=250\n");
  const { exitCode, stdout, stderr } = await call(["config", "list", "--principal-port", "6000"], {
    workingDirectory: directory.path,
    environment: { CDKTR_LOG_LEVEL: "warn" },
  });
  equal(exitCode, 0);
  equal(stderr, "");
  const lines = stdout.trimEnd().split("\n");
  equal(lines.length, 1 + Object.keys(settings).length);
  match(stdout, /^SETTING +VALUE +FROM\n/);
  match(stdout, /\nCDKTR_LOG_LEVEL +WARN +environment\n/);
  match(stdout, /\nCDKTR_PRINCIPAL_PORT +6000 +flag --principal-port\n/);
  match(stdout, new RegExp(`\nCDKTR_TASK_GRACE_MS +250 ms +${directory.path}/\\.env:2\n`));
  match(stdout, /\nCDKTR_DB_PATH +\/home\/ada\/\.cdktr\/app\.db +default\n/);
});

Deno.test("config list --json is one array with numbers as numbers", async () => {
  const { stdout } = await call(["config", "list", "--json"]);
  const rows: { name: string }[] = JSON.parse(stdout);
  deepEqual(rows.map(({ name }) => name), Object.values(settings).map(({ variable }) => variable));
  deepEqual(rows.find(({ name }) => name === "CDKTR_PRINCIPAL_PORT"), {
    name: "CDKTR_PRINCIPAL_PORT",
    value: 5561,
    source: "default",
    default: "5561",
    accepts: "a whole number from 0 to 65535",
    description: "Port of the principal's requests.",
  });
});

Deno.test("a misspelt variable is pointed out on stderr", async () => {
  const { exitCode, stderr } = await call(["config", "list"], { environment: { CDKTR_PRINCIPLE_PORT: "1" } });
  equal(exitCode, 0);
  match(stderr, /CDKTR_PRINCIPLE_PORT is set and no setting/);
});

Deno.test("a value that cannot be used ends in one sentence and exit code 2", async () => {
  const { exitCode, stderr } = await call(["config", "list", "--principal-port", "70000"]);
  equal(exitCode, 2);
  match(stderr, /^error\[INVALID_SETTING\]: CDKTR_PRINCIPAL_PORT is "70000" \(from flag --principal-port\), but /);
});

Deno.test("a directory called .env, as Python projects have, is passed over", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/.env`);
  equal((await call(["config", "list"], { workingDirectory: directory.path })).exitCode, 0);
});
