/** The files of a new project, each beside the program that reads it where that is there. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parse } from "yaml";
import { type Part, parts, projectFiles } from "../../src/project/mod.ts";
import { temporaryDirectory } from "../cli/call.ts";
import { findExecutable } from "../executable.ts";

const files = new Map(projectFiles(new Set<Part>(parts)).map(({ name, text }) => [name, text]));

function textOf(name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new Error(`there is no ${name}`);
  return text;
}

/** Registers a test that needs a program; it is skipped where that cannot be run. */
function programTest(program: string, name: string, run: (program: string) => Promise<void>): void {
  let isThere = false;
  try {
    isThere = new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    // Not on PATH.
  }
  if (isThere) Deno.test(name, () => run(program));
  else Deno.test({ name: `${name} (skipped: there is no ${program})`, ignore: true, fn: () => {} });
}

interface Printed {
  readonly success: boolean;
  readonly text: string;
}

async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Printed> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { ...env },
    stdin: "null",
  })
    .output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const units = ["cdktr-principal.service", "cdktr-agent.service"] as const;

programTest("systemd-analyze", "systemd finds nothing wrong with the units", async (program) => {
  await using directory = await temporaryDirectory();
  const executable = await findExecutable();
  const paths = units.map((name) => `${directory.path}/${name}`);
  for (const name of units) {
    const text = textOf(`deploy/${name}`).replace("ExecStart=/usr/local/bin/cdktr", `ExecStart=${executable}`);
    ok(text.includes(executable));
    await Deno.writeTextFile(`${directory.path}/${name}`, text);
  }
  const { success, text } = await run(program, ["verify", ...paths]);
  deepEqual([success, text], [true, ""]);
});

programTest("systemd-analyze", "systemd takes the units for well protected", async (program) => {
  await using directory = await temporaryDirectory();
  for (const name of units) {
    await Deno.writeTextFile(`${directory.path}/${name}`, textOf(`deploy/${name}`));
    // Tenths of its scale from 0 to 10: 50 is "medium", and what an ordinary service has is above 90.
    const { success, text } = await run(program, [
      "security",
      "--offline=true",
      "--threshold=35",
      "--no-pager",
      `${directory.path}/${name}`,
    ]);
    ok(success, text);
  }
});

Deno.test("the units say what the program does: it tells that it is ready and alive, and ends in its own time", () => {
  for (const [name, command] of [[units[0], "principal"], [units[1], "agent"]] as const) {
    const unit = textOf(`deploy/${name}`);
    for (
      const line of [
        `ExecStart=/usr/local/bin/cdktr start ${command}`,
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=2min",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Restart=on-failure",
        "KillMode=mixed",
        "EnvironmentFile=-/etc/cdktr/cdktr.env",
        "User=cdktr",
        "UMask=0077",
      ]
    ) ok(unit.split("\n").includes(line), `${name} has no ${line}`);
    // It would keep V8 from compiling.
    equal(/^MemoryDenyWriteExecute=/m.test(unit), false);
  }
});

programTest("hadolint", "hadolint finds nothing wrong with the Dockerfile", async (program) => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/Dockerfile`, textOf("Dockerfile"));
  const { success, text } = await run(program, [
    "--no-color",
    "--failure-threshold",
    "style",
    `${directory.path}/Dockerfile`,
  ]);
  deepEqual([success, text], [true, ""]);
});

Deno.test("the image has no root, a command that signals reach, and only what .dockerignore lets in", () => {
  const instructions = textOf("Dockerfile").replaceAll(/\\\n\s*/g, "").split("\n").filter((line) =>
    /^[A-Z]/.test(line)
  );
  const valuesOf = (name: string) =>
    instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  deepEqual(valuesOf("FROM"), ["debian:stable-slim"]);
  deepEqual(valuesOf("USER"), ["10001:10001"]);
  ok(instructions.indexOf("USER 10001:10001") > instructions.findLastIndex((line) => line.startsWith("RUN ")));
  for (const name of ["ENTRYPOINT", "CMD"]) ok(Array.isArray(JSON.parse(valuesOf(name)[0] ?? "")));
  deepEqual(valuesOf("ENTRYPOINT"), ['["cdktr"]']);
  match(valuesOf("HEALTHCHECK")[0] ?? "", / CMD \["cdktr", "status"\]$/);
  const allowed = textOf(".dockerignore").split("\n").filter((line) => /^[^#]/.test(line));
  const copied = valuesOf("COPY").map((words) => words.split(" ").filter((word) => !word.startsWith("--"))[0]);
  deepEqual(allowed, ["*", ...copied.map((path) => `!${path}`)]);
});

const ci = parse(textOf(".github/workflows/validate.yml"));

Deno.test("the CI file is one job with the least rights, which waits for its variable", () => {
  deepEqual(Object.keys(ci), ["name", "on", "permissions", "jobs"]);
  deepEqual(ci.permissions, { contents: "read" });
  const { validate, ...others } = ci.jobs;
  deepEqual(others, {});
  equal(validate.if, "vars.CDKTR_URL != ''");
  equal(validate.steps[0].with["persist-credentials"], false);
});

programTest("curl", "the steps of the CI file fetch an executable and validate with it", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/workflows`);
  await Deno.writeTextFile(`${directory.path}/workflows/a.yml`, textOf("workflows/example_workflow.yml"));
  const executable = await findExecutable();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(executable)));
  const sha256 = digest.toHex();
  const steps = ci.jobs.validate.steps.slice(1).map(({ run }: { run: string }) => run);
  const script = ["set -eo pipefail", `cd '${directory.path}'`, ...steps].join("\n");
  const env = { RUNNER_TEMP: directory.path, CDKTR_URL: `file://${executable}` };
  for (const CDKTR_SHA256 of ["", sha256]) {
    const { success, text } = await run("bash", ["-c", script], { ...env, CDKTR_SHA256 });
    ok(success, text);
    match(text, /1 file checked, all valid/);
  }
  const tampered = await run("bash", ["-c", script], { ...env, CDKTR_SHA256: sha256.replaceAll(/./g, "0") });
  deepEqual([tampered.success, /FAILED/.test(tampered.text)], [false, true]);
});

Deno.test("the README names what is there, and nothing else", () => {
  for (const wanted of [new Set<Part>(), new Set<Part>(parts), new Set<Part>(["docker"])]) {
    const written = projectFiles(wanted);
    const { text } = written.find(({ name }) => name === "README.md") ?? { text: "" };
    const named = [...text.matchAll(/^\| `(.+?)`/gm)].map(([, name = ""]) => name);
    for (const name of named.filter((name) => name !== "workflows/")) {
      ok(written.some((file) => file.name === name || file.name.startsWith(name)), `${name} is not written`);
    }
    equal(named.includes("Dockerfile"), wanted.has("docker"));
    equal(named.includes("deploy/"), wanted.has("systemd"));
  }
});

Deno.test("every folder of examples leads its editor to the schema in the project", () => {
  for (const [name, text] of files) {
    if (!name.startsWith("workflows/")) continue;
    const [, path = ""] = /^# yaml-language-server: \$schema=(.+)\n/.exec(text) ?? [];
    const target = new URL(path, `file:///${name}`).pathname.slice(1);
    ok(files.has(target), `${name} looks for ${target}`);
  }
});
