import { deepEqual, equal, match, rejects } from "node:assert/strict";
import fc from "fast-check";
import { findUnits, importSystemd } from "../../src/project/mod.ts";
import { temporaryDirectory } from "../cli/call.ts";
import { loaded } from "./loaded.ts";

/** Units on disk, imported by naming some of them. */
async function importUnits(units: Readonly<Record<string, string>>, names: readonly string[]) {
  await using directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(units)) {
    await Deno.mkdir(`${directory.path}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${directory.path}/${name}`, text);
  }
  const { services } = await findUnits(names.map((name) => `${directory.path}/${name}`));
  const { workflows, faults } = importSystemd(services, "Europe/Berlin");
  const told = ({ file, line, sentence }: (typeof faults)[number]) =>
    `${file.slice(directory.path.length + 1)}:${line}: ${sentence}`;
  return {
    workflows: workflows.map((imported) => ({
      ...imported,
      workflow: loaded(imported),
      told: imported.notes.map(told),
    })),
    faults: faults.map(told),
  };
}

/** The workflow of a service without a timer. */
async function importService(lines: string) {
  const { workflows: [imported], faults } = await importUnits({ "job.service": `[Service]\n${lines}` }, [
    "job.service",
  ]);
  deepEqual(faults, []);
  if (imported === undefined) throw new Error("nothing was imported");
  return imported;
}

/** What the first task of a service prints when it is run. */
async function printedBy(lines: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { workflow } = await importService(lines);
  const config = workflow.tasks[0]?.config;
  if (config?.type !== "subprocess") throw new Error("no command");
  const { stdout, stderr, success } = await new Deno.Command(config.cmd, {
    args: [...config.args],
    env: { ...workflow.env, ...env },
    stdin: "null",
  }).output();
  equal(success, true, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const timer = `
[Unit]
Description=Run the backup
[Timer]
OnCalendar=Mon..Fri 06:00
Persistent=true
RandomizedDelaySec=5min
[Install]
WantedBy=timers.target
`;
const service = `
[Unit]
Description=Backup of %i
After=network-online.target
[Service]
Type=oneshot
User=backup
Environment="TARGET=/mnt/x y" LEVEL=3
TimeoutStartSec=1h 30min
ExecStart=/usr/bin/rsync -a /srv /mnt
ExecStart=/usr/bin/sync
`;

Deno.test("a timer and the service beside it become a workflow with a task for each command", async () => {
  const { workflows: [imported, ...others] } = await importUnits({
    "backup@home.timer": timer,
    "backup@.service": service,
  }, ["backup@home.timer"]);
  equal(others.length, 0);
  if (imported === undefined) throw new Error("nothing was imported");
  const { id, workflow, told, text } = imported;
  equal(id, "backup_home");
  const { name, description, cron, timezone, catchup, overlap, env, tasks } = workflow;
  deepEqual({ name, description, cron, timezone, catchup, overlap, env }, {
    name: "backup@home",
    description: "Backup of home",
    cron: "0 0 6 * * 1-5",
    timezone: "Europe/Berlin",
    catchup: 1,
    overlap: "skip",
    env: { TARGET: "/mnt/x y", LEVEL: "3" },
  });
  deepEqual(tasks.map(({ id, name, depends, timeoutMs, config }) => ({ id, name, depends, timeoutMs, config })), [
    {
      id: "run",
      name: "rsync",
      depends: [],
      timeoutMs: 5_400_000,
      config: { type: "subprocess", cmd: "/usr/bin/rsync", args: ["-a", "/srv", "/mnt"] },
    },
    {
      id: "run_2",
      name: "sync",
      depends: ["run"],
      timeoutMs: 5_400_000,
      config: { type: "subprocess", cmd: "/usr/bin/sync", args: [] },
    },
  ]);
  deepEqual(told, [
    "backup@home.timer:7: RandomizedDelaySec=5min is not carried over: it fires on time.",
    "backup@.service:4: After=network-online.target is not carried over.",
    "backup@.service:7: User=backup is not carried over: a task runs as the user of its agent.",
  ]);
  for (const note of told) match(text, new RegExp(`^# Note: ${RegExp.escape(note.replace(/^\S+ /, ""))}$`, "m"));
});

Deno.test("each schedule of a timer makes a workflow, and those that cannot be carried over are told", async () => {
  const { workflows } = await importUnits({
    "a.timer": "[Timer]\nOnCalendar=daily\nOnCalendar=*-*~03\nOnCalendar=Sat 10:30 Asia/Tokyo\nOnBootSec=5min\n",
    "a.service": "[Service]\nExecStart=/bin/true\n",
  }, ["a.timer"]);
  deepEqual(workflows.map(({ id, workflow: { cron, timezone } }) => [id, cron, timezone]), [
    ["a", "0 0 0 * * *", "Europe/Berlin"],
    ["a_2", "0 30 10 * * 6", "Asia/Tokyo"],
  ]);
  deepEqual(workflows[1]?.told.map((note) => note.replace(/(?<=^\S+ .{40}).*/, "")), [
    "a.service:1: It has several schedules, each a workflo",
    'a.timer:3: The calendar event "*-*~03" counts days ',
    "a.timer:5: OnBootSec=5min has no equivalent: nothin",
  ]);
});

Deno.test("a timer that repeats gets a schedule of the clock where its span allows one", async () => {
  const of = async (timer: string) => {
    const units = { "a.timer": `[Timer]\n${timer}`, "a.service": "[Service]\nExecStart=/bin/true\n" };
    const { workflows: [imported] } = await importUnits(units, ["a.timer"]);
    return { cron: imported?.workflow.cron, notes: imported?.told.length };
  };
  deepEqual(await of("OnBootSec=10min\nOnUnitActiveSec=15min"), { cron: "*/15 * * * *", notes: 2 });
  deepEqual(await of("OnUnitInactiveSec=7min"), { cron: null, notes: 2 });
  deepEqual(await of("OnCalendar=hourly\nOnUnitActiveSec=15min"), { cron: "0 0 * * * *", notes: 1 });
  deepEqual(await of("OnCalendar=daily\nOnCalendar=\nOnCalendar=weekly"), { cron: "0 0 0 * * 1", notes: 0 });
});

Deno.test("words are what systemd makes of them", async () => {
  const { workflow } = await importService(
    String.raw`ExecStart=/bin/echo "a  b" 'c"d' e\x20f \u00e9 g"h i"j $$HOME %% %n \; --x="y z" ` +
      "\\\n# a comment between them\n   last ; /bin/echo second ;\n",
  );
  deepEqual(workflow.tasks.map(({ config }) => config), [
    {
      type: "subprocess",
      cmd: "/bin/echo",
      args: ["a  b", 'c"d', "e f", "é", "gh ij", "$HOME", "%", "job.service", ";", "--x=y z", "last"],
    },
    { type: "subprocess", cmd: "/bin/echo", args: ["second"] },
  ]);
});

Deno.test("variables are put in as systemd does: whole in braces, as words without", async () => {
  const line = `ExecStart=/usr/bin/printf [%%s] \${GREETING}! $WORDS "it's $WORDS" \${NONE} $NONE *`;
  const printed = await printedBy(`Environment="GREETING=a  b" "WORDS=x * y"\n${line}`);
  equal(printed, "[a  b!][x][*][y][it's $WORDS][][*]");
});

Deno.test("a prefix of : leaves dollars alone, and one of - makes every end a good one", async () => {
  equal(await printedBy("Environment=A=1\nExecStart=:/bin/echo ${A}"), "${A}\n");
  equal(await printedBy("ExecStart=-/bin/sh -c 'echo said; exit 3'"), "said\n");
  equal(await printedBy("ExecStart=-/no/such/program"), "");
  const { told } = await importService("ExecStart=!@/bin/sh shell -c true");
  deepEqual(
    told.map((note) => note.slice(0, 45)),
    [
      "job.service:2: The name that @ gives the prog",
      "job.service:2: The rights that + or ! give th",
    ].map((note) => note.slice(0, 45)),
  );
});

Deno.test("a command runs in its directory, and not at all where that is not there", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/it's here`;
  await Deno.mkdir(path);
  equal(await printedBy(`WorkingDirectory=${path}\nExecStart=/bin/sh -c pwd`), `${path}\n`);
  equal(await printedBy(`WorkingDirectory=-${path}/not\nExecStart=/bin/echo ran`), "ran\n");
  await rejects(printedBy(`WorkingDirectory=${path}/not\nExecStart=/bin/echo ran`), /not/);
});

Deno.test("what comes before and after a service's command is a task before and after it", async () => {
  const { workflow } = await importService("ExecStart=/bin/b\nExecStartPost=/bin/c\nExecStartPre=/bin/a\n");
  deepEqual(workflow.tasks.map(({ id, name, depends }) => [id, name, ...depends]), [
    ["prepare", "a"],
    ["run", "b", "prepare"],
    ["finish", "c", "run"],
  ]);
});

Deno.test("everything else that a unit asks for is told", async () => {
  const { told, workflow } = await importService(
    "ExecStart=/bin/a %H\nNice=10\nEnvironmentFile=-/etc/a\nMemoryMax=1G\nRuntimeMaxSec=2min\nnonsense\n[Install]\nAlias=b\n",
  );
  equal(workflow.tasks[0]?.timeoutMs, 120_000);
  deepEqual(told, [
    'job.service:7: "nonsense" is neither a section nor KEY=value in one.',
    "job.service:3: Nice=10 is not carried over.",
    "job.service:4: EnvironmentFile=-/etc/a is not carried over: put what the command needs of it into env, or into the environment of the agent.",
    "job.service:5: MemoryMax=1G is not carried over.",
    "job.service:2: The specifier %H is not known here and stays as it is.",
  ]);
});

Deno.test("what cannot be read is an error with its line, and nothing is imported", async () => {
  const { workflows, faults } = await importUnits({
    "a.service": '[Service]\nExecStart=/bin/echo "open\nEnvironment=NOTHING\n',
    "b.service": "[Service]\nType=oneshot\n",
    "c.service": "[Service]\nExecStart=/bin/true\n",
  }, ["a.service", "b.service", "c.service"]);
  equal(workflows.length, 0);
  deepEqual(faults, [
    'a.service:2: A " is not closed.',
    'a.service:3: Environment= holds "NOTHING", which is not NAME=value.',
    "b.service:1: There is no ExecStart= in [Service], so there is nothing to run.",
  ]);
});

Deno.test("whatever a unit holds, it is refused with sentences or makes a workflow that loads", async () => {
  const word = fc.oneof(
    fc.constantFrom(...[
      "$A",
      "${A}",
      "$$",
      "%i",
      "%%",
      "%H",
      ";",
      "\\;",
      "\\",
      '"',
      "'",
      "-",
      "@",
      ":",
      "\\x41",
      "a b",
      "=",
      "#",
    ]),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  const words = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
  const key = fc.constantFrom("ExecStart", "Environment", "WorkingDirectory", "TimeoutStartSec", "Description", "Type");
  const lines = fc.array(fc.tuple(key, words), { maxLength: 5 }).map((pairs) =>
    pairs.map(([key, words]) => `${key}=${words}`).join("\n")
  );
  await fc.assert(
    fc.asyncProperty(lines, words, async (service, calendar) => {
      await importUnits({
        "a.timer": `[Timer]\nOnCalendar=${calendar}\n`.replaceAll("\0", ""),
        "a.service": `[Service]\nExecStart=/bin/true\n${service}\n`.replaceAll("\0", ""),
      }, ["a.timer"]);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a service is found by its timer's Unit=, where it is named, and its timer beside it", async () => {
  const units = {
    "a.timer": "[Timer]\nOnCalendar=daily\nUnit=other.service\n",
    "elsewhere/other.service": "[Service]\nExecStart=/bin/a\n",
    "b.timer": "[Timer]\nOnCalendar=hourly\n",
    "b.service": "[Service]\nExecStart=/bin/b\n",
    "b.service.d/override.conf": "[Service]\nNice=5\n",
  };
  const { workflows } = await importUnits(units, ["a.timer", "elsewhere/other.service", "b.service"]);
  deepEqual(workflows.map(({ id, workflow }) => [id, workflow.cron]), [
    ["other", "0 0 0 * * *"],
    ["b", "0 0 * * * *"],
  ]);
  match(workflows[1]?.told[0] ?? "", /^b\.service:1: What .*b\.service\.d adds is not read/);
  await rejects(importUnits(units, ["a.timer"]), /The service other\.service of .*a\.timer is not beside it/);
  await rejects(importUnits(units, ["b.service.d/override.conf"]), /is neither a \.timer nor a \.service/);
  await rejects(importUnits(units, ["none.timer"]), /There is no file .*none\.timer/);
});
