import { deepEqual, equal, match } from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { validatePath } from "../../../src/workflow/mod.ts";
import { call, temporaryDirectory } from "../call.ts";

const crontab = `MAILTO=ops
# Nightly
0 3 * * * /opt/backup.sh > /dev/null
@reboot /opt/start
`;

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}

Deno.test("import crontab writes a valid file for each job into the workflow directory, and tells the rest", async () => {
  await using directory = await temporaryDirectory();
  const file = `${directory.path}/jobs`;
  await Deno.writeTextFile(file, crontab, { mode: 0o640 });
  const options = { workingDirectory: directory.path, environment: { CDKTR_WORKFLOW_DIR: `${directory.path}/flows` } };
  const { exitCode, stdout, stderr } = await call(["import", "crontab", file, "--timezone", "Europe/Berlin"], options);
  equal(exitCode, 0, stderr);
  equal(stdout, `Wrote ${directory.path}/flows/backup.yml\nWrote ${directory.path}/flows/start.yml\n`);
  deepEqual(stderr.split("\n").map((line) => line.replace(/(?<=^.{60}).*/, "")), [
    ...[
      `${file}:1: note: MAILTO=ops is not carried over: cdktr sends no mail`,
      `${file}:4: note: @reboot has no equivalent, so it has no schedule`,
      "note: cron starts commands in the home directory; a task starts where its agent runs.",
      "note: a principal with this directory starts them from now on; take the jobs out of their old place.",
    ].map((line) => line.slice(0, 60)),
    "",
  ]);
  const files = await validatePath(`${directory.path}/flows`);
  deepEqual(files.flatMap(({ problems }) => problems), []);
  deepEqual(files.map(({ workflow }) => [workflow?.cron, workflow?.timezone, workflow?.description]), [
    ["0 3 * * *", "Europe/Berlin", "Nightly"],
    [null, "UTC", null],
  ]);
  // As private as what it came from.
  equal(((await Deno.stat(`${directory.path}/flows/backup.yml`)).mode ?? 0) & 0o777, 0o640);
});

Deno.test("import keeps files that exist, and --force overwrites them", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/backup.yml`, "mine");
  const argv = ["import", "crontab", "-", "--output", directory.path];
  const { stdout } = await call(argv, { stdin: crontab });
  match(stdout, /^Kept .*\/backup\.yml, which exists \(--force overwrites it\)\nWrote .*\/start\.yml\n$/);
  equal(await Deno.readTextFile(`${directory.path}/backup.yml`), "mine");
  await call([...argv, "--force"], { stdin: crontab });
  match(await Deno.readTextFile(`${directory.path}/backup.yml`), /^name: backup\.sh$/m);
  equal(((await Deno.stat(`${directory.path}/backup.yml`)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("import takes a file with the other extension for the one that exists", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/backup.yaml`, "mine");
  const { stdout } = await call(["import", "crontab", "-", "--output", directory.path], { stdin: crontab });
  match(stdout, /^Kept .*\/backup\.yaml, which exists/);
  deepEqual(await namesIn(directory.path), ["backup.yaml", "start.yml"]);
});

Deno.test("import --print prints YAML documents and writes nothing", async () => {
  await using directory = await temporaryDirectory();
  const { stdout } = await call(["import", "crontab", "-", "--print"], {
    stdin: "0 3 * * * root /opt/backup.sh\n0 4 * * * ada /opt/sync --all\n".replaceAll(/ (root|ada)/g, ""),
    workingDirectory: directory.path,
  });
  deepEqual(parseAllDocuments(stdout, { logLevel: "silent" }).map((document) => document.get("name")), [
    "backup.sh",
    "sync",
  ]);
  deepEqual(await namesIn(directory.path), []);
});

Deno.test("import crontab --system takes the second word for the user", async () => {
  const { stdout, stderr } = await call(["import", "crontab", "-", "--system", "--print"], {
    stdin: "0 3 * * * root /opt/backup.sh\n",
  });
  match(stdout, /^ {8}- \/opt\/backup\.sh$/m);
  match(stderr, /^stdin:1: note: It ran as root; /m);
});

Deno.test("a crontab with errors is refused as a whole, each error with its line", async () => {
  await using directory = await temporaryDirectory();
  const { exitCode, stdout, stderr } = await call(["import", "crontab", "-", "--output", directory.path], {
    stdin: "0 3 * * * good\n61 3 * * * bad\n* * *\n",
  });
  equal(exitCode, 2);
  equal(stdout, "");
  equal(
    stderr,
    `stdin:2: error: The minute "61" has the value "61", where cron takes 0 to 59.
stdin:3: error: There are 3 fields, where 5 and a command belong.
error[INVALID_ARGUMENT]: Nothing was imported, because of the errors above.
  hint: Correct them, or take out those lines.
`,
  );
  deepEqual(await namesIn(directory.path), []);
});

Deno.test("import systemd writes the workflow of a timer, and tells several schedules' notes once", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/a.timer`, "[Timer]\nOnCalendar=daily\nOnCalendar=Sun 12:00\n");
  await Deno.writeTextFile(`${directory.path}/a.service`, "[Service]\nExecStart=/bin/true\nNice=5\n");
  const { exitCode, stdout, stderr } = await call(
    ["import", "systemd", `${directory.path}/a.timer`, "--output", `${directory.path}/flows`, "--timezone", "UTC"],
  );
  equal(exitCode, 0, stderr);
  deepEqual(await namesIn(`${directory.path}/flows`), ["a.yml", "a_2.yml"]);
  equal(stdout.match(/^Wrote /mg)?.length, 2);
  equal(stderr.match(/Nice=5 is not carried over/g)?.length, 1);
});

for (
  const [argv, sentence] of [
    [["crontab", "/no/such/crontab"], /error\[NOT_FOUND\]: There is no file \/no\/such\/crontab\./],
    [["systemd", "/no/such.timer"], /error\[NOT_FOUND\]: There is no file \/no\/such\.timer\./],
    [
      ["crontab", "-", "--timezone", "Mars/Base"],
      /error\[INVALID_ARGUMENT\]: The time zone "Mars\/Base" does not exist\./,
    ],
    [
      ["crontab", "/etc/cron.d/jobs"],
      /error\[INVALID_ARGUMENT\]: \/etc\/cron\.d\/jobs has a user before each command\./,
    ],
    [["crontab", "/"], /error\[STORAGE\]: \/ cannot be read: /],
  ] as const
) {
  Deno.test(`import ${argv.join(" ")} fails with one sentence`, async () => {
    const { exitCode, stderr } = await call(["import", ...argv]);
    equal(exitCode !== 0, true);
    match(stderr, sentence);
    match(stderr, /\n {2}hint: .+\n$/);
  });
}

Deno.test("an empty crontab is no error, and says so", async () => {
  const { exitCode, stdout, stderr } = await call(["import", "crontab", "-"], { stdin: "# nothing\n" });
  deepEqual([exitCode, stdout, stderr], [0, "", "There is no job to import.\n"]);
});
