import { deepEqual, equal, match } from "node:assert/strict";
import { loadConfig, settings } from "../../../src/config/mod.ts";
import { validatePath } from "../../../src/workflow/mod.ts";
import { Place } from "../../system/processes.ts";
import { call, temporaryDirectory } from "../call.ts";

async function filesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) found.push(...(await filesIn(`${path}/${name}`)).map((inner) => `${name}/${inner}`));
    else found.push(name);
  }
  return found.sort();
}

const exampleFiles = ["workflows/example_retries.yml", "workflows/example_workflow.yml"];
const systemdFiles = ["deploy/cdktr-agent.service", "deploy/cdktr-principal.service"];
const commonFiles = [".gitignore", "README.md", "schema/workflow.schema.json"];
/** What each flag leaves out. */
const optionalFiles: Readonly<Record<string, readonly string[]>> = {
  "--no-example": exampleFiles,
  "--no-dotenv": [".env.example"],
  "--no-systemd": systemdFiles,
  "--no-docker": [".dockerignore", "Dockerfile"],
  "--no-ci": [".github/workflows/validate.yml"],
};
const allFiles = [...Object.values(optionalFiles).flat(), ...commonFiles].sort();

Deno.test("init writes a project whose workflows are valid, and says what it wrote", async () => {
  await using directory = await temporaryDirectory();
  const { exitCode, stdout, stderr } = await call(["init"], { workingDirectory: directory.path });
  deepEqual([exitCode, stderr], [0, ""]);
  deepEqual(await filesIn(directory.path), allFiles);
  const lines = stdout.trimEnd().split("\n");
  equal(lines.pop(), `The cdktr project at ${directory.path} is ready.`);
  deepEqual(lines.toSorted(), allFiles.map((name) => `Wrote ${name}`).sort());
  const files = await validatePath(`${directory.path}/workflows`);
  deepEqual(files.flatMap(({ problems }) => problems), []);
  deepEqual(files.map(({ workflow }) => workflow?.cron), [null, "0 */5 * * * *"]);
});

Deno.test("every workflow of a new project runs to a good end, with nothing but a shell", async () => {
  await using place = await Place.make();
  const project = `${place.path}/project`;
  equal((await place.call(["init", project])).code, 0);
  for (const name of exampleFiles) {
    const { code, stderr } = await place.call(["run", `${project}/${name}`]);
    equal(code, 0, stderr);
    match(stderr, /^COMPLETED in /m);
  }
});

Deno.test("the schema in the project is what `cdktr schema` prints", async () => {
  await using directory = await temporaryDirectory();
  await call(["init"], { workingDirectory: directory.path });
  const { stdout } = await call(["schema"]);
  equal(await Deno.readTextFile(`${directory.path}/schema/workflow.schema.json`), stdout);
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
  deepEqual(await filesIn(directory.path), allFiles.map((name) => `a/b/${name}`));
});

for (const [flag, left] of Object.entries(optionalFiles)) {
  Deno.test(`init ${flag} leaves out ${left.join(" and ")}`, async () => {
    await using directory = await temporaryDirectory();
    await call(["init", flag], { workingDirectory: directory.path });
    deepEqual(await filesIn(directory.path), allFiles.filter((name) => !left.includes(name)));
  });
}

Deno.test("init --json tells each file and whether it was written", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/README.md`, "mine");
  const flags = Object.keys(optionalFiles);
  const { stdout } = await call(["init", "--json", ...flags], { workingDirectory: directory.path, isTerminal: true });
  deepEqual(JSON.parse(stdout), {
    project: directory.path,
    files: [
      { path: "schema/workflow.schema.json", written: true },
      { path: ".gitignore", written: true },
      { path: "README.md", written: false },
    ],
  });
});

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
  const says =
    /^error\[STORAGE\]: The directory .*\/workflows cannot be made: .*\n {2}hint: A file is in the way: .*\n$/;
  match(stderr, says);
  const inFile = await call(["init", "workflows"], { workingDirectory: directory.path });
  equal(inFile.exitCode, 1);
  match(inFile.stderr, says);
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

Deno.test("an empty path is refused, and nothing is written", async () => {
  await using directory = await temporaryDirectory();
  const { exitCode, stderr } = await call(["init", ""], { workingDirectory: directory.path });
  equal(exitCode, 2);
  match(stderr, /^error\[INVALID_ARGUMENT\]: The argument path is empty\.\n {2}hint: /);
  deepEqual([...Deno.readDirSync(directory.path)], []);
});
