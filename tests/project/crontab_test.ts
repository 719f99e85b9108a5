import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { importCrontab } from "../../src/project/mod.ts";
import { fireTimes, loaded } from "./loaded.ts";

const options = { file: "jobs", isSystem: false, timezone: "UTC" };

function importAll(text: string, changed: Partial<typeof options> = {}) {
  const { workflows, faults } = importCrontab(text, { ...options, ...changed });
  deepEqual(faults, []);
  return workflows.map((imported) => ({ ...imported, workflow: loaded(imported) }));
}

/** The only job of a crontab. */
function importOne(text: string, changed: Partial<typeof options> = {}) {
  const [job, ...others] = importAll(text, changed);
  equal(others.length, 0);
  if (job === undefined) throw new Error("no job");
  return job;
}

function faultsOf(text: string, isSystem = false): string[] {
  const { workflows, faults } = importCrontab(text, { ...options, isSystem });
  equal(workflows.length, 0);
  return faults.map(({ file, line, sentence }) => `${file}:${line}: ${sentence}`);
}

/** A field as crontab(5) describes it: its text, and the values it means. */
interface Meant {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

function fieldOf(low: number, high: number, names: readonly string[] = []): fc.Arbitrary<Meant> {
  const value = fc.integer({ min: low, max: high });
  const written = (number: number) =>
    fc.constantFrom(
      String(number),
      String(number).padStart(2, "0"),
      ...names[number - low] ? [names[number - low] ?? ""] : [],
    );
  const step = fc.option(fc.integer({ min: 1, max: high + 20 }), { nil: null });
  const every = (first: number, last: number, by: number | null) => {
    const values = [];
    for (let at = first; at <= last; at += by ?? 1) values.push(at);
    return values;
  };
  const single = value.chain((at) => written(at).map((text) => ({ text, values: [at] })));
  const star = step.map((by) => ({ text: by === null ? "*" : `*/${by}`, values: every(low, high, by) }));
  const range = fc.tuple(value, value, step).chain(([a, b, by]) => {
    const [first, last] = [Math.min(a, b), Math.max(a, b)];
    return fc.tuple(written(first), written(last)).map(([from, to]) => ({
      text: `${from}-${to}${by === null ? "" : `/${by}`}`,
      values: every(first, last, by),
    }));
  });
  return fc.array(fc.oneof({ weight: 2, arbitrary: single }, star, { weight: 2, arbitrary: range }), {
    minLength: 1,
    maxLength: 3,
  }).map((elements) => ({
    text: elements.map(({ text }) => text).join(","),
    values: new Set(elements.flatMap(({ values }) => values)),
  }));
}

const dayMs = 86_400_000;

/**
 * When cron starts a job, by the rules of crontab(5) and the code of Vixie cron, in UTC: a field that begins with a star is
 * no restriction, and of two restricted days either may match. Looks at each day of 12 years.
 */
function cronTimes(
  [minute, hour, dayOfMonth, month, dayOfWeek]: readonly Meant[],
  afterMs: number,
  count: number,
): number[] {
  const times: number[] = [];
  if (!minute || !hour || !dayOfMonth || !month || !dayOfWeek) throw new Error("five fields");
  const midnightMs = Math.floor(afterMs / dayMs) * dayMs;
  for (let day = 0; day < 12 * 366 && times.length < count; day++) {
    const date = new Date(midnightMs + day * dayMs);
    const isDom = dayOfMonth.values.has(date.getUTCDate());
    const isDow = dayOfWeek.values.has(date.getUTCDay()) || (date.getUTCDay() === 0 && dayOfWeek.values.has(7));
    const isOpen = dayOfMonth.text.startsWith("*") || dayOfWeek.text.startsWith("*");
    if (!month.values.has(date.getUTCMonth() + 1) || !(isOpen ? isDom && isDow : isDom || isDow)) continue;
    for (let at = 0; at < 1440; at++) {
      if (!hour.values.has(Math.floor(at / 60)) || !minute.values.has(at % 60)) continue;
      const atMs = date.getTime() + at * 60_000;
      if (atMs > afterMs) times.push(atMs);
    }
  }
  return times.slice(0, count);
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["Sun", "Mon", "Tue", "WED", "thu", "fri", "sat"];
const anyFields = fc.tuple(
  fieldOf(0, 59),
  fieldOf(0, 23),
  fc.oneof(fc.constant<Meant>({ text: "*", values: new Set(Array(32).keys()) }), fieldOf(1, 31)),
  fc.oneof(fc.constant<Meant>({ text: "*", values: new Set(Array(13).keys()) }), fieldOf(1, 12, months)),
  fc.oneof(fc.constant<Meant>({ text: "*", values: new Set(Array(8).keys()) }), fieldOf(0, 7, weekdays)),
);

Deno.test("an imported job fires exactly when cron would have started it", () => {
  fc.assert(
    fc.property(anyFields, fc.integer({ min: 0, max: 1000 }), (fields, days) => {
      const line = `${fields.map(({ text }) => text).join(" ")} true`;
      const afterMs = Date.UTC(2026, 0, 1) + days * dayMs + 12_345;
      const expected = cronTimes(fields, afterMs, 20);
      const { workflow, notes } = importOne(line);
      // A day that never comes is a schedule to cron.
      if (expected.length === 0 && workflow.cron === null) return equal(notes.length, 1);
      // Within the years that were looked at.
      deepEqual(fireTimes(workflow, afterMs, expected.length), expected, `${line} became ${workflow.cron}`);
    }),
    { numRuns: 400 },
  );
});

Deno.test("what runs is the shell with the command as it stands", () => {
  const { workflow, id } = importOne(`0 3 * * 1-5  cd /srv && nice /opt/backup.sh "a  b" >/dev/null 2>&1 # nightly`);
  equal(id, "backup");
  equal(workflow.cron, "0 3 * * 1-5");
  equal(workflow.timezone, "UTC");
  deepEqual(workflow.tasks.map(({ config }) => config), [{
    type: "subprocess",
    cmd: "/bin/sh",
    args: ["-c", `cd /srv && nice /opt/backup.sh "a  b" >/dev/null 2>&1 # nightly`],
  }]);
});

for (
  const [what, command, printed] of [
    ["quotes and backslashes", String.raw`printf '%s|' "a  b" 'c\d' e\ f`.replaceAll("%", "\\%"), "a  b|c\\d|e f|"],
    [
      "what follows a percent sign, line by line, as stdin",
      "cat; echo end%one%two \\% three",
      "one\ntwo % three\nend\n",
    ],
    ["an escaped percent sign", String.raw`printf \%s '100\% a\\b \d'`, String.raw`100% a\\b \d`],
    ["a percent sign with nothing behind it as no stdin", "cat; echo done%", "done\n"],
  ] as const
) {
  Deno.test(`the shell is given ${what}`, async () => {
    const config = importOne(`* * * * * ${command}`).workflow.tasks[0]?.config;
    if (config?.type !== "subprocess") throw new Error("no command");
    const { stdout } = await new Deno.Command(config.cmd, { args: [...config.args], stdin: "null" }).output();
    equal(new TextDecoder().decode(stdout), printed);
  });
}

Deno.test("the exit code of a command that reads is its own", async () => {
  const config = importOne("* * * * * read a; exit 7%x").workflow.tasks[0]?.config;
  if (config?.type !== "subprocess") throw new Error("no command");
  equal((await new Deno.Command(config.cmd, { args: [...config.args], stdin: "null" }).output()).code, 7);
});

Deno.test("variables count for the jobs below them; those for cron itself are told", () => {
  const [first, second] = importAll([
    "* * * * * one",
    "MAILTO=ops@example.org",
    'GREETING = "  hello  "',
    "SHELL=/bin/bash",
    "CRON_TZ=Europe/Berlin",
    "A.B=1",
    "constructor=odd",
    "TZ=UTC",
    "* * * * * two",
  ].join("\n"));
  deepEqual(first?.workflow.env, {});
  deepEqual(Object.entries(second?.workflow.env ?? {}), [
    ["GREETING", "  hello  "],
    ["SHELL", "/bin/bash"],
    ["constructor", "odd"],
    ["TZ", "UTC"],
  ]);
  equal(second?.workflow.timezone, "Europe/Berlin");
  deepEqual(second?.workflow.tasks[0]?.config, { type: "subprocess", cmd: "/bin/bash", args: ["-c", "two"] });
  deepEqual(second?.notes.map(({ line, sentence }) => `${line}: ${sentence.slice(0, 40)}`), [
    "2: MAILTO=ops@example.org is not carried ov",
    '6: The variable "A.B" is not carried over: ',
    "8: TZ=UTC is for the command alone: cron do",
  ]);
});

Deno.test("the comment right above a job describes it, and the titles of the fields do not", () => {
  const [first, second] = importAll(
    "# Edit this file\n# to introduce tasks\n# m h  dom mon dow   command\n# Nightly backup:\n#  all of it\n0 3 * * * backup\n0 4 * * * other\n",
  );
  equal(first?.workflow.description, "Nightly backup:\nall of it");
  equal(second?.workflow.description, null);
});

Deno.test("names for schedules are carried over, and @reboot has none", () => {
  const names = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
  for (const name of names) equal(importOne(`${name} true`).workflow.cron, name);
  const { workflow, notes } = importOne("@reboot /usr/bin/start");
  equal(workflow.cron, null);
  match(notes[0]?.sentence ?? "", /^@reboot has no equivalent/);
});

Deno.test("a random value becomes one of those that it may be, always the same", () => {
  const [minutes, hours] = [new Set<string>(), new Set<string>()];
  for (let number = 0; number < 200; number++) {
    const line = `10~14 ~ 1 1 * job-${number}`;
    const { workflow, notes } = importOne(line);
    equal(importOne(line).workflow.cron, workflow.cron);
    equal(notes.length, 2);
    const [minute = "", hour = ""] = workflow.cron?.split(" ") ?? [];
    minutes.add(minute);
    hours.add(hour);
  }
  deepEqual([...minutes].sort(), ["10", "11", "12", "13", "14"]);
  equal(hours.size, 24);
});

Deno.test("what only cdktr knows keeps the meaning it has there, and is told", () => {
  for (const field of ["0 0 L * *", "0 0 15W * *", "0 0 * * 1#3", "0 0 * * 5L"]) {
    const { workflow, notes } = importOne(`${field} true`);
    equal(workflow.cron, field);
    match(notes[0]?.sentence ?? "", /is no part of crontab\(5\)/);
  }
});

Deno.test("a schedule that never comes is no schedule, and is told", () => {
  const { workflow, notes } = importOne("0 0 31 2 * true");
  equal(workflow.cron, null);
  match(notes[0]?.sentence ?? "", /never fires\. So it has no schedule\.$/);
});

Deno.test("a system's crontab names a user before each command", () => {
  const { workflow, notes } = importOne("17 * * * * root\tcd / && run-parts --report /etc/cron.hourly", {
    isSystem: true,
  });
  deepEqual(workflow.tasks[0]?.config, {
    type: "subprocess",
    cmd: "/bin/sh",
    args: ["-c", "cd / && run-parts --report /etc/cron.hourly"],
  });
  deepEqual(notes.map(({ sentence }) => sentence), ["It ran as root; a task runs as the user of its agent."]);
});

Deno.test("jobs of one name get ids of their own", () => {
  deepEqual(importAll("@daily /a/sync.sh\n@daily /b/sync.sh\n@daily /c/sync.py\n@daily !!").map(({ id }) => id), [
    "sync",
    "sync_2",
    "sync_3",
    "job",
  ]);
});

Deno.test("all that cron would refuse is told with its line, and nothing is imported", () => {
  deepEqual(
    faultsOf([
      "60 * * * * true",
      "* * * * *",
      "* * *",
      "0 0 * foo * true",
      "5/10 * * * * true",
      "*/0 * * * * true",
      "30-10 * * * * true",
      "0 0 * * sat-sun true",
      "1,,2 * * * * true",
      "@sometimes true",
      "0 0 0 * * true",
      "1~2/3 * * * * true",
      "0 5 * * * true",
    ].join("\n")),
    [
      'jobs:1: The minute "60" has the value "60", where cron takes 0 to 59.',
      "jobs:2: There is no command.",
      "jobs:3: There are 3 fields, where 5 and a command belong.",
      'jobs:4: The month "foo" has the value "foo", where cron takes 1 to 12 or jan to dec.',
      'jobs:5: The minute "5/10" has a step behind a single value, where cron wants a range or *.',
      'jobs:6: The minute "*/0" has the step "0".',
      'jobs:7: The minute "30-10" has the range "30-10", which runs backwards.',
      'jobs:8: The day of week "sat-sun" has the range "sat-sun", which runs backwards.',
      'jobs:9: The minute "1,,2" has an empty value, where cron takes 0 to 59.',
      'jobs:10: "@sometimes" is no name that cron knows.',
      'jobs:11: The day of month "0" has the value "0", where cron takes 1 to 31.',
      'jobs:12: The minute "1~2/3" has a step behind a random value.',
    ],
  );
  deepEqual(faultsOf("0 5 * * * root\n", true), ["jobs:1: There is no command behind the time and the user."]);
});

Deno.test("whatever a crontab holds, it is refused with sentences or makes workflows that load", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "*",
      "0",
      "*/5",
      "@daily",
      "#",
      "-",
      "A=b",
      "%",
      "\\",
      "'",
      '"',
      ":",
      "&",
      "!",
      "[",
      "{",
      "|",
      ">",
      "\t",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const line = fc.oneof(
    fc.array(word, { maxLength: 9 }).map((words) => words.join(" ")),
    fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => `0 5 * * * ${words.join(" ")}`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const { workflows } = importCrontab(lines.join("\n").replaceAll("\0", ""), options);
      workflows.forEach(loaded);
    }),
    { numRuns: 1000 },
  );
});
