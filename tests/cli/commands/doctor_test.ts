import { deepEqual, equal, match } from "node:assert/strict";
import { call, temporaryDirectory } from "../call.ts";
import { clockFinding } from "../../../src/cli/check_up/clock.ts";
import { networkFinding } from "../../../src/cli/check_up/disk.ts";
import { listeningFinding } from "../../../src/cli/check_up/network.ts";
import { loadConfig } from "../../../src/config/mod.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

/** Settings with a data directory and workflows of their own. */
async function machine(mode = 0o700) {
  const directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/kept`);
  await Deno.chmod(`${directory.path}/kept`, mode);
  await Deno.mkdir(`${directory.path}/workflows`);
  await Deno.writeTextFile(`${directory.path}/workflows/etl.yml`, oneTask);
  const environment = {
    CDKTR_APP_DATA_DIRECTORY: `${directory.path}/kept`,
    CDKTR_WORKFLOW_DIR: `${directory.path}/workflows`,
    CDKTR_DISK_FLOOR_BYTES: "0",
  };
  return { ...directory, environment };
}

interface Finding {
  readonly where: string;
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}

async function findings(scene: PrincipalScene, environment: Record<string, string>): Promise<Map<string, Finding>> {
  const { stdout } = await scene.call(["doctor", "--json"], { environment });
  const found: Finding[] = JSON.parse(stdout).findings;
  return new Map(found.map((one) => [`${one.where}: ${one.name}`, one]));
}

Deno.test("doctor looks at this machine and at the principal", async () => {
  await using here = await machine();
  await using scene = await PrincipalScene.start({ etl: oneTask });
  const { exitCode, stdout, stderr } = await scene.call(["doctor"], { environment: here.environment });
  deepEqual([exitCode, stderr], [0, ""], stdout);
  match(stdout, /^ok +settings +All can be used; /);
  match(stdout, /\nok +data directory +.*\/kept can be written, by its owner alone\.\n/);
  match(stdout, /\nok +workflow files +1 in .*, all valid\.\n/);
  match(stdout, /\nok +time zones +/);
  match(stdout, /\nok +clock +It agrees with that of the principal\.\n/);
  match(stdout, /\nok +free space +\d+ MiB are free at .*kept(?:, and room for \d+ more files)?\.\n/);
  match(stdout, /\n(?:ok|warning) +disk speed +A write to .*kept is on disk after \d+\.\d ms\.\n/);
  match(stdout, /\nok +DuckDB +Version v\d+\.\d+\.\d+ can be loaded\.\n/);
  match(stdout, /\nok +log ports +Both answer\.\n/);
  match(stdout, /\nok +exposure +A principal at 127\.0\.0\.1 is reached from this machine alone\.\n/);
  match(stdout, /\n(?:ok|warning) +open files +A process may have \d+ of them\.\n/);
  match(stdout, /\n(?:ok|warning) +time service +\S/);
  match(stdout, /\nok +principal history +.*; DuckDB v\d+\.\d+\.\d+ answers\.\n/);
  deepEqual([...Deno.readDirSync(`${here.path}/kept`)].map(({ name }) => name), []);
  match(stdout, /\nok +principal +Version 1, up for /);
  match(stdout, /\nok +principal journal +/);
  match(stdout, /\nwarning +principal agents +No agent is there, so nothing can run\.\n +hint: Start one with /);
});

Deno.test("doctor finds directories that others can read, broken files and misspelt settings, which are no errors", async () => {
  await using here = await machine(0o755);
  await Deno.writeTextFile(`${here.path}/workflows/bad.yml`, "name: x\n");
  await using scene = await PrincipalScene.start({});
  const found = await findings(scene, { ...here.environment, CDKTR_AGENT_LABLES: "gpu" });
  equal(found.get("here: data directory")?.state, "warning");
  match(found.get("here: workflow files")?.detail ?? "", /^1 of 2 in .* cannot be used, such as .*\/bad\.yml\.$/);
  equal(found.get("here: settings")?.detail, "No setting has the name CDKTR_AGENT_LABLES.");
});

Deno.test("doctor reminds of databases that were moved aside, and only --deep has the principal read its journal", async () => {
  await using here = await machine();
  await Deno.writeTextFile(`${here.path}/kept/app.db.damaged-20260301T000000000Z`, "");
  await using scene = await PrincipalScene.start({});
  const shallow = await findings(scene, here.environment);
  match(shallow.get("here: damaged databases")?.detail ?? "", /^1 file .* newest of them .*\/app\.db\.damaged-2026/);
  match(shallow.get("principal: journal")?.detail ?? "", /only `cdktr doctor --deep` reads all of it/);
  const { stdout } = await scene.call(["doctor", "--deep"], { environment: here.environment });
  match(stdout, /\nok +principal journal +It was read as a whole and is sound\.\n/);
});

Deno.test("without a principal doctor tells all the rest, whether the ports are free, and exits 1", async () => {
  await using here = await machine();
  const scene = await PrincipalScene.start({});
  await scene[Symbol.asyncDispose]();
  const { exitCode, stdout } = await scene.call(["doctor", "--json"], { environment: here.environment });
  equal(exitCode, 1);
  const { healthy, findings } = JSON.parse(stdout);
  equal(healthy, false);
  const states = Object.fromEntries(findings.map(({ where, name, state }: Finding) => [`${where}: ${name}`, state]));
  equal(states["here: ports"], "ok");
  equal(states["principal: principal"], "error");
  using _taken = Deno.listen({ hostname: "127.0.0.1", port: scene.ports.logsInPort });
  match(
    (await scene.call(["doctor"], { environment: here.environment })).stdout,
    /\nerror +ports +Another program has \d+ on 127/,
  );
});

Deno.test("log ports at which no principal answers are a warning", async () => {
  await using here = await machine();
  await using scene = await PrincipalScene.start({ etl: oneTask });
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const speaking = mute.accept().then(async (connection) => {
    await connection.write(new TextEncoder().encode("SSH-2.0"));
    connection.close();
  });
  const environment = { ...here.environment, CDKTR_LOGS_LISTENING_PORT: String(mute.addr.port) };
  const found = (await findings(scene, environment)).get("here: log ports");
  await speaking;
  deepEqual([found?.state, found?.detail], ["warning", `No principal answers at 127.0.0.1:${mute.addr.port}.`]);
});

Deno.test("directories of other machines are a warning, by what statfs calls their file system", () => {
  equal(networkFinding("/data", 0xef53).state, "ok");
  const { state, detail } = networkFinding("/data", 0xff534d42);
  deepEqual([state, detail], ["warning", "/data lies on another machine (CIFS)."]);
});

const hosts: [host: string, state: string, detail: RegExp][] = [
  ["127.0.0.1", "ok", /from this machine alone/],
  ["::1", "ok", /from this machine alone/],
  ["build01.example.org", "ok", /on another machine/],
  ["0.0.0.0", "warning", /^Whoever can reach port 5561 of any address of this machine can run workflows/],
];
for (const [host, state, detail] of hosts) {
  Deno.test(`a principal at ${host} is ${state}`, () => {
    const environment = { HOME: "/home/ada", CDKTR_PRINCIPAL_HOST: host };
    const found = listeningFinding(loadConfig({ environment, workingDirectory: "/", readTextFile: () => undefined }));
    equal(found.state, state);
    match(found.detail, detail);
  });
}

Deno.test("a setting that cannot be used is a finding, not the end of doctor", async () => {
  const { exitCode, stdout, stderr } = await call(["doctor"], { environment: { CDKTR_PRINCIPAL_PORT: "x" } });
  deepEqual([exitCode, stderr], [1, ""]);
  match(stdout, /^error +settings +CDKTR_PRINCIPAL_PORT is "x" \(from the environment\)/);
});

const clocks: [askedMs: number, answeredMs: number, principalMs: number, state: string, detail: RegExp][] = [
  [1000, 1500, 1200, "ok", /agrees/],
  [1000, 9000, 8999, "ok", /agrees/],
  [10_000, 10_100, 8500, "ok", /agrees/],
  [10_000, 10_100, 7000, "warning", /^It is 3\.0 s ahead of that of the principal\.$/],
  [10_000, 10_100, 20_100, "warning", /^It is 10\.0 s behind that of the principal\.$/],
];
for (const [askedMs, answeredMs, principalMs, state, detail] of clocks) {
  Deno.test(`asked at ${askedMs}, answered at ${answeredMs}: a principal's clock of ${principalMs} is ${state}`, () => {
    const found = clockFinding(askedMs, answeredMs, principalMs);
    equal(found.state, state);
    match(found.detail, detail);
  });
}
