import { deepEqual, equal, match } from "node:assert/strict";
import { loadConfig, settings } from "../../../src/config/mod.ts";
import { validatePath } from "../../../src/workflow/mod.ts";
import { call, temporaryDirectory } from "../call.ts";

async function filesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) found.push(...(await filesIn(`${path}/${name}`)).map((inner) => `${name}/${inner}`));
    else found.push(name);
  }
  return found.sort();
}

Deno.test("init writes a workflow that is valid and scheduled, and says what it wrote", async () => {
  await using directory = await temporaryDirectory();
  const { exitCode, stdout } = await call(["init"], { workingDirectory: directory.path });
  equal(exitCode, 0);
  deepEqual(await filesIn(directory.path), [".env.example", "workflows/example_workflow.yml"]);
  equal(
    stdout,
    `Wrote workflows/example_workflow.yml\nWrote .env.example\nThe cdktr project at ${directory.path} is ready.\n`,
  );
  const [file, ...others] = await validatePath(`${directory.path}/workflows`);
  equal(others.length, 0);
  deepEqual(file?.problems, []);
  equal(file?.workflow?.cron, "0 */5 * * * *");
});

Deno.test("the example workflow has what the original asks for: start_time, and args on each task", async () => {
  await using directory = await temporaryDirectory();
  await call(["init"], { workingDirectory: directory.path });
  const text = await Deno.readTextFile(`${directory.path}/workflows/example_workflow.yml`);
  match(text, /^start_time: /m);
  equal(text.match(/!Subprocess/g)?.length, text.match(/^ +args: /mg)?.length);
});

Deno.test("init PATH makes the directory and leaves the present one alone", async () => {
  await using directory = await temporaryDirectory();
  equal((await call(["init", "a/b"], { workingDirectory: directory.path })).exitCode, 0);
  deepEqual(await filesIn(directory.path), ["a/b/.env.example", "a/b/workflows/example_workflow.yml"]);
});

for (
  const [flag, left] of [["--no-example", ".env.example"], ["--no-dotenv", "workflows/example_workflow.yml"]] as const
) {
  Deno.test(`init ${flag} writes only ${left}`, async () => {
    await using directory = await temporaryDirectory();
    await call(["init", flag], { workingDirectory: directory.path });
    deepEqual(await filesIn(directory.path), [left]);
  });
}

Deno.test("init keeps files that exist, and --force overwrites them", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/.env.example`;
  await Deno.writeTextFile(path, "mine");
  const kept = await call(["init", "--no-example"], { workingDirectory: directory.path });
  equal(await Deno.readTextFile(path), "mine");
  equal(kept.exitCode, 0);
  match(kept.stdout, /^Kept \.env\.example, which exists \(--force overwrites it\)\n/);
  await call(["init", "--force"], { workingDirectory: directory.path });
  match(await Deno.readTextFile(path), /CDKTR_PRINCIPAL_PORT/);
});

Deno.test("init where a file is in the way of a directory fails with one sentence", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/workflows`, "");
  const { exitCode, stderr } = await call(["init"], { workingDirectory: directory.path });
  equal(exitCode, 1);
  match(stderr, /^error\[STORAGE\]: The directory .*\/workflows cannot be made: .*\n$/);
});

Deno.test(".env.example with every line in force gives exactly the defaults", async () => {
  await using directory = await temporaryDirectory();
  await call(["init"], { workingDirectory: directory.path });
  const text = (await Deno.readTextFile(`${directory.path}/.env.example`)).replaceAll("# CDKTR_", "CDKTR_");
  const load = (dotenv: string | undefined) =>
    loadConfig({ environment: { HOME: "/h" }, workingDirectory: "/", readTextFile: () => dotenv });
  const { origins, dotenvPath: _path, inheritedEnvironment, ...values } = load(text);
  const { origins: _origins, dotenvPath: _none, inheritedEnvironment: _nothing, ...defaults } = load(undefined);
  deepEqual(values, defaults);
  // An empty line of .env counts as not set, which is what a default of nothing means.
  deepEqual(
    Object.entries(origins).filter(([, { source }]) => source !== ".env").map(([key]) => key),
    Object.entries(settings).filter(([, { defaultText }]) => defaultText === "").map(([key]) => key),
  );
  equal(Object.keys(inheritedEnvironment).length, Object.keys(settings).length);
});
