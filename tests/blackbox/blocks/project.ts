/** What needs no principal: a project to start from, its files checked, its settings. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { shellWorkflow } from "../../system/workflows.ts";
import type { Spot } from "../outsider.ts";
import { type Block, specification } from "../specification.ts";

/** Writes a file whose bytes are given and has it checked. @returns What was said about it, without its name. */
async function problemsOf(place: Spot, bytes: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const path = `${place.path}/checked.yml`;
  if (typeof bytes === "string") await Deno.writeTextFile(path, bytes);
  else await Deno.writeFile(path, bytes);
  const { code, stdout, stderr } = await place.call(["validate", "checked.yml"]);
  deepEqual([code, stderr], [1, "1 file checked, 1 with errors.\n"]);
  return stdout.replaceAll("checked.yml:", "");
}

/** A workflow that is right but for what is given. */
const taskYaml = shellWorkflow({ only: { run: "true" } });

export const project: Block = {
  hundred: 6,
  title: "cdktr init, validate, schema and config",
  specifications: [
    specification(
      601,
      "`init` makes a project whose example is valid and runs, and a list of all settings",
      ["init", "validate", "run", 0],
      async (outsider) => {
        const place = await outsider.place();
        const stdout = await place.read(["init", "project"]);
        match(stdout, /^Wrote project\/workflows\/example_workflow\.yml\n/);
        await place.read(["validate", "project/workflows"]);
        match(await place.read(["run", "project/workflows/example_workflow.yml"]), /Hello from cdktr/);
        const settings = await place.readJson(["config", "list"]);
        const dotenv = await Deno.readTextFile(`${place.path}/project/.env.example`);
        for (const { name } of settings) ok(dotenv.includes(`# ${name}=`), name);
      },
    ),
    specification(
      602,
      "`init` overwrites nothing without --force, and leaves out what it is told to",
      ["init", 0],
      async (outsider) => {
        const place = await outsider.place();
        const example = `${place.path}/workflows/example_workflow.yml`;
        await Deno.writeTextFile(example, "mine\n");
        match(await place.read(["init", "--no-dotenv"]), /^Kept workflows\/example_workflow\.yml/);
        equal(await Deno.readTextFile(example), "mine\n");
        equal((await place.shell("ls -A | grep env")).stdout, "");
        match(await place.read(["init", "--force", "--no-example"]), /^Wrote \.env\.example\n/);
        equal(await Deno.readTextFile(example), "mine\n");
        await place.read(["init", "--force"]);
        match(await Deno.readTextFile(example), /^name: Example Workflow$/m);
      },
    ),
    specification(
      603,
      "`init` in full: units, a Dockerfile, a step for CI and a schema that editors find; without a terminal it asks nothing",
      ["init", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.read(["init", "project"]);
        const read = (name: string) => Deno.readTextFile(`${place.path}/project/${name}`);
        match(await read("deploy/cdktr-principal.service"), /^ExecStart=\S+\/cdktr start principal$/m);
        match(await read("deploy/cdktr-agent.service"), /^NoNewPrivileges=yes$/m);
        match(await read("Dockerfile"), /^USER 10001:10001$/m);
        match(await read(".github/workflows/validate.yml"), /cdktr" validate|cdktr validate/);
        match(
          await read("workflows/example_workflow.yml"),
          /^# yaml-language-server: \$schema=\.\.\/schema\/workflow\.schema\.json\n/,
        );
        equal(await read("schema/workflow.schema.json"), await place.read(["schema"]));
        match(await read(".gitignore"), /^\/?\.env$/m);
      },
    ),
    specification(
      605,
      "`demo` runs an example without a project, and keeps nothing of it",
      ["demo", 0],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stdout, stderr } = await place.call(["demo"]);
        equal(code, 0);
        match(stdout, /^\S+ \S.* \| \S/m);
        match(stderr, /^COMPLETED in /m);
        // The executable unpacks its library once, for whatever needs it next.
        const made = (await place.shell("find . -mindepth 1 -not -path './workflows*' -not -path '*/cache*'")).stdout;
        deepEqual(made.trim().split("\n").filter((path) => !["./home", "./kept"].includes(path)), []);
      },
    ),
    specification(
      611,
      "`validate` checks all files of a directory and shows the next five times that each fires, by its own clocks",
      ["validate", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("daily", `cron: "30 6 * * *"\ntimezone: Asia/Kolkata\n${taskYaml}`);
        const { code, stdout, stderr } = await place.call(["validate"]);
        equal(code, 0);
        match(
          stdout,
          /^workflows\/daily\.yml: "30 6 \* \* \*" in Asia\/Kolkata fires next\n( {2}\S+T06:30:00\+05:30\n){5}$/,
        );
        match(stderr, /^\d+ files checked, all valid\.\n$/);
      },
    ),
    specification(
      612,
      "Every problem is told with file, line and column, and the exit code is 1",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        const yaml =
          `name: ""\nretries: many\ntasks:\n  a:\n    name: A\n    depends: [b]\n    config: !Subprocess { cmd: ls }\n`;
        const problems = (await problemsOf(place, yaml)).trim().split("\n");
        deepEqual(problems.map((line) => line.split(": ")[0]), ["1:7", "2:10", "6:15"]);
        for (const problem of problems) match(problem, /^\d+:\d+: error: \S.*[.?]$/);
      },
    ),
    specification(
      613,
      "YAML that cannot be read is told with its place",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        match(await problemsOf(place, "name: X\ntasks:\n  a: [\n"), /^\d+:\d+: error: /);
        match(await problemsOf(place, "name: X\nname: Y\ntasks: {}\n"), /^2:1: error: /);
        match(await problemsOf(place, "\tname: X\n"), /^1:\d+: error: /);
        match(await problemsOf(place, ""), /^1:1: error: /);
      },
    ),
    specification(
      614,
      "Tasks that wait for each other are shown as the way round",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        const tasks = { a: "c", b: "a", c: "b" };
        const yaml = shellWorkflow(
          Object.fromEntries(Object.entries(tasks).map(([id, above]) => [id, { run: "true", depends: [above] }])),
        );
        match(
          await problemsOf(place, yaml),
          /^\d+:\d+: error: Tasks wait for each other, [^:]+: a -> c -> b -> a\.\n$/,
        );
      },
    ),
    specification(
      615,
      "A schedule and a time zone that do not exist are told with what was expected",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        match(
          await problemsOf(place, `cron: "61 * * * *"\n${taskYaml}`),
          /^1:7: error: cron "61 \* \* \* \*" .*minute/,
        );
        match(
          await problemsOf(place, `cron: "@hourly"\ntimezone: Mars/Base\n${taskYaml}`),
          /^2:11: error: .*Mars\/Base/,
        );
      },
    ),
    specification(
      616,
      "An unknown field is a warning that names the one that may be meant, and no error",
      ["validate", 0],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.writeTextFile(`${place.path}/checked.yml`, taskYaml.replace("depends:", "dependz:"));
        const { code, stdout } = await place.call(["validate", "checked.yml"]);
        equal(code, 0);
        match(stdout, /^checked\.yml:\d+:5: warning: .*dependz.* Did you mean "depends"\?\n$/);
      },
    ),
    specification(
      617,
      "A file that is too large, nested too deep, swollen by aliases or no UTF-8 is an error that names the limit",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        match(await problemsOf(place, `# ${"x".repeat(17 * 1024 * 1024)}\n`), /^1:1: error: .*16777216/);
        match(await problemsOf(place, `name: X\ntasks: ${"[".repeat(100_000)}\n`), /^\d+:\d+: error: .*64 levels/);
        const bomb = ["a0: &a0 [x, x]"];
        for (let n = 1; n < 40; n++) bomb.push(`a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`);
        match(await problemsOf(place, bomb.join("\n")), /^\d+:\d+: error: .*aliases.*33554432/);
        const latin = new Uint8Array([...new TextEncoder().encode("name: caf"), 0xe9, 0x0a]);
        match(await problemsOf(place, latin), /^1:10: error: .*UTF-8/);
      },
    ),
    specification(
      618,
      "`validate --json` is one document with the problems of each file and when it fires next",
      ["validate", 1],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.mkdir(`${place.path}/two`);
        await Deno.writeTextFile(`${place.path}/two/good.yml`, `cron: "@daily"\n${taskYaml}`);
        await Deno.writeTextFile(`${place.path}/two/bad.yml`, "name: Bad\n");
        const { code, stdout } = await place.call(["validate", "two", "two/good.yml", "--json"]);
        const { valid, files } = JSON.parse(stdout);
        deepEqual([code, valid, files.length], [1, false, 2]);
        const [bad, good] = files;
        deepEqual([bad.valid, bad.problems[0].line], [false, 1]);
        deepEqual([good.valid, good.problems, good.nextFireTimes.length], [true, [], 5]);
      },
    ),
    specification(
      619,
      "A path that is not there gives 3; a directory without workflows is said to have none",
      ["validate", 0, 3, "NOT_FOUND"],
      async (outsider) => {
        const place = await outsider.place();
        equal((await place.call(["validate", "nothing.yml"])).code, 3);
        const { code, stdout, stderr } = await place.call(["validate", "home"]);
        deepEqual([code, stdout, stderr], [0, "", "There are no .yml or .yaml files in home.\n"]);
      },
    ),
    specification(
      621,
      "`schema` prints the JSON Schema of workflow files",
      ["schema", 0],
      async (outsider) => {
        const schema = JSON.parse(await (await outsider.place()).read(["schema"]));
        equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
        ok(schema.required.includes("tasks"));
      },
    ),
    specification(
      631,
      "`config list` shows each setting and whether a flag, the environment, a .env or the default decides",
      ["config list", 0],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_RETRY_ATTEMPTS: "7", CDKTR_TYPO: "1" });
        await Deno.writeTextFile(`${place.path}/.env`, "CDKTR_RETRY_ATTEMPTS=8\nCDKTR_LOG_LEVEL=WARN\n");
        const { code, stdout, stderr } = await place.call(["config", "list", "--principal-port", "7000"]);
        equal(code, 0);
        match(stdout, /^SETTING +VALUE +FROM\n/);
        match(stdout, /^CDKTR_PRINCIPAL_PORT +7000 +flag --principal-port$/m);
        match(stdout, /^CDKTR_RETRY_ATTEMPTS +7 +environment$/m);
        match(stdout, /^CDKTR_LOG_LEVEL +WARN +\S+\.env/m);
        match(stdout, /^CDKTR_TASK_GRACE_MS +10000 ms +default$/m);
        match(stderr, /^note: CDKTR_TYPO is set and no setting of cdktr has that name\n$/);
      },
    ),
    specification(
      632,
      "`config list --json` adds what each setting means and accepts",
      ["config list", 0],
      async (outsider) => {
        const rows = await (await outsider.place()).readJson(["config", "list"]);
        for (const row of rows) {
          match(row.name, /^CDKTR_[A-Z_]+$/);
          ok(row.description !== "" && row.accepts !== "", row.name);
        }
      },
    ),
    specification(
      641,
      "`import crontab` makes a valid workflow of each job, and says what it could not carry over",
      ["import crontab", "validate", 0],
      async (outsider) => {
        const place = await outsider.place();
        const crontab = "MAILTO=ops@example.org\n30 6 * * 1-5 echo hello\n@reboot echo up\n";
        await Deno.writeTextFile(`${place.path}/jobs`, crontab);
        const flags = ["--output", "imported", "--timezone", "Europe/Berlin"];
        const { code, stderr } = await place.call(["import", "crontab", "jobs", ...flags]);
        equal(code, 0);
        match(stderr, /jobs:1\b.*MAILTO/);
        match(stderr, /jobs:3\b.*@reboot/);
        match(await place.read(["validate", "imported"]), /"30 6 \* \* 1-5" in Europe\/Berlin fires next/);
        match(await place.read(["import", "crontab", "jobs", "--print"]), /^cron: 30 6 \* \* 1-5$/m);
      },
    ),
    specification(
      642,
      "`import systemd` makes a valid workflow of a timer and its service",
      ["import systemd", "validate", 0],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.writeTextFile(
          `${place.path}/nightly.timer`,
          "[Timer]\nOnCalendar=*-*-* 02:30:00\nPersistent=true\n",
        );
        await Deno.writeTextFile(
          `${place.path}/nightly.service`,
          "[Service]\nType=oneshot\nExecStart=/bin/echo nightly\n",
        );
        equal((await place.call(["import", "systemd", "nightly.timer", "--output", "imported"])).code, 0);
        await place.read(["validate", "imported"]);
        match(await place.read(["run", "imported/nightly.yml"]), / \| nightly$/m);
      },
    ),
    specification(
      651,
      "`completions` prints a script for each shell, with which bash completes commands",
      ["completions", 0],
      async (outsider) => {
        const place = await outsider.place();
        for (const shell of ["bash", "zsh", "fish", "powershell"]) {
          match(await place.read(["completions", shell]), /cdktr/);
        }
        const { code, stderr } = await place.shell(`"$CDKTR" completions bash | bash -n`);
        deepEqual([code, stderr], [0, ""]);
        equal((await place.call(["completions", "csh"])).code, 2);
      },
    ),
    specification(
      652,
      "`man` prints the page of a command, and writes all of them",
      ["man", 0],
      async (outsider) => {
        const place = await outsider.place();
        match(await place.read(["man"]), /^\.TH "?CDKTR"? "?1/im);
        match(await place.read(["man", "runs", "list"]), /^\.TH "?CDKTR\S*RUNS\S*LIST/im);
        await place.read(["man", "--output", "pages"]);
        const pages = [...Deno.readDirSync(`${place.path}/pages`)].map(({ name }) => name);
        for (const page of ["cdktr.1", "cdktr-run.1", "cdktr-runs-list.1"]) ok(pages.includes(page), page);
      },
    ),
  ],
};
