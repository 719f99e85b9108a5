import assert from "node:assert/strict";
import fc from "fast-check";
import { fileLimits } from "../../src/workflow/limits.ts";
import { parseWorkflow } from "../../src/workflow/parse.ts";
import { noRetry } from "../../src/workflow/retry.ts";
import type { Task, TaskConfig, Workflow } from "../../src/workflow/schema.ts";
import { graphFile, problemsOf, smallFile, workflowOf } from "./samples.ts";

Deno.test("the complete example of the book is read field by field", () => {
  const workflow: Workflow = workflowOf(`
name: Data Pipeline
description: Extract, transform, and load customer data
cron: "0 0 2 * * *" # Run daily at 2 AM
start_time: 2025-01-20T02:00:00+00:00 # Optional: delayed first run
tasks:
  extract:
    name: Extract Customer Data
    description: Pull data from production database
    config:
      !Subprocess
      cmd: python
      args: ["scripts/extract.py", "--table", "customers"]
  transform:
    name: Transform Data
    depends: ["extract"]
    config:
      !UvPython
      script_path: scripts/transform.py
      packages:
        - pandas>=2.3.1
        - numpy>=1.26.0
`);
  const extract: Task = {
    id: "extract",
    name: "Extract Customer Data",
    description: "Pull data from production database",
    depends: [],
    env: {},
    timeoutMs: null,
    retry: noRetry,
    config: { type: "subprocess", cmd: "python", args: ["scripts/extract.py", "--table", "customers"] },
  };
  const uvPython: TaskConfig = {
    type: "uv_python",
    scriptPath: "scripts/transform.py",
    packages: ["pandas>=2.3.1", "numpy>=1.26.0"],
    isUvProject: false,
    uvPath: null,
    workingDirectory: null,
  };
  assert.deepEqual(workflow, {
    id: "w",
    path: "w.yml",
    name: "Data Pipeline",
    description: "Extract, transform, and load customer data",
    cron: "0 0 2 * * *",
    timezone: "UTC",
    startTime: "2025-01-20T02:00:00+00:00",
    env: {},
    timeoutMs: null,
    params: {},
    overlap: "allow",
    onCrash: "fail",
    catchup: 0,
    labels: [],
    priority: 0,
    logRetentionMs: null,
    tasks: [extract, {
      ...extract,
      id: "transform",
      name: "Transform Data",
      description: null,
      depends: ["extract"],
      config: uvPython,
    }],
  });
});

Deno.test("what goes beyond the original is read: env, timeout, retries, timezone", () => {
  const workflow = workflowOf(`
name: n
cron: "@daily"
timezone: Europe/Berlin
env: {A: 1, EMPTY: , VERSION: 1.10}
timeout: 1h30m
retries: 2
tasks:
  a: {name: a, timeout: 90, env: {B: yes}, config: {type: subprocess, cmd: x}}
  b: {name: b, timeout: 0.5, retries: 0, config: {type: uv_python, script_path: x, is_uv_project: true, uv_path: /u, working_directory: /w}}
`);
  const [a, b] = workflow.tasks;
  assert.deepEqual(
    [workflow.timezone, workflow.env, workflow.timeoutMs],
    ["Europe/Berlin", { A: "1", EMPTY: "", VERSION: "1.10" }, 5_400_000],
  );
  assert.deepEqual([a?.timeoutMs, a?.retry.max, a?.env], [90_000, 2, { B: "yes" }]);
  assert.deepEqual([b?.timeoutMs, b?.retry.max], [500, 0]);
  assert.deepEqual(b?.config, {
    type: "uv_python",
    scriptPath: "x",
    packages: [],
    isUvProject: true,
    uvPath: "/u",
    workingDirectory: "/w",
  });
});

Deno.test("scalars where text belongs count as they are written", () => {
  const workflow = workflowOf(
    "name: 12\ntasks:\n  1.0:\n    name: yes\n    config: !Subprocess\n      cmd: true\n" +
      "      args: [1, true, null, ~, 1.10, 007, 0x1F, 2025-01-20, yes, 'quoted', \"\\u00e9\"]\n",
  );
  assert.equal(workflow.name, "12");
  const [task] = workflow.tasks;
  assert.deepEqual([task?.id, task?.name], ["1.0", "yes"]);
  assert.ok(task?.config.type === "subprocess");
  assert.equal(task.config.cmd, "true");
  assert.deepEqual(task.config.args, [
    "1",
    "true",
    "null",
    "~",
    "1.10",
    "007",
    "0x1F",
    "2025-01-20",
    "yes",
    "quoted",
    "é",
  ]);
});

Deno.test("an empty or null optional field is absent", () => {
  const nothing = "description:\ncron: ~\ntimezone: null\nstart_time: Null\nenv: NULL\ntimeout:\nretries: ~\n";
  const workflow = workflowOf(
    `name: n\n${nothing}tasks: {a: {name: a, depends: ~, env: , config: {type: subprocess, cmd: x, args: ~}}}`,
  );
  assert.deepEqual(
    [workflow.description, workflow.cron, workflow.timezone, workflow.startTime, workflow.timeoutMs],
    [null, null, "UTC", null, null],
  );
  assert.deepEqual(workflow.tasks[0]?.depends, []);
});

Deno.test("a tag may stand on the line of its key or on its own, and a type replaces it", () => {
  const forms = [
    "config: !Subprocess\n      cmd: x",
    "config:\n      !Subprocess\n      cmd: x",
    "config: !Subprocess {cmd: x}",
    "config: {type: subprocess, cmd: x}",
    "config: !Subprocess {type: subprocess, cmd: x}",
  ];
  for (const form of forms) {
    const [task] = workflowOf(`name: n\ntasks:\n  a:\n    name: a\n    ${form}\n`).tasks;
    assert.deepEqual(task?.config, { type: "subprocess", cmd: "x", args: [] }, form);
  }
});

Deno.test("tasks keep the order of the file, also with numbers as ids", () => {
  const { tasks } = workflowOf(
    graphFile({ "z": [], "t10": [], "a": [] }).replace("t10", '"10"').replace("  a:", "  2:"),
  );
  assert.deepEqual(tasks.map(({ id }) => id), ["z", "10", "2"]);
});

Deno.test("a dependency named twice counts once", () => {
  assert.deepEqual(workflowOf(graphFile({ a: [], b: ["a", "a"] })).tasks[1]?.depends, ["a"]);
});

Deno.test("aliases stand for what they refer to", () => {
  const { tasks } = workflowOf(`name: n
tasks:
  a: {name: a, env: &common {X: 1}, config: &run !Subprocess {cmd: x}}
  b: {name: b, env: *common, config: *run}
`);
  assert.deepEqual(tasks[1]?.env, { X: "1" });
  assert.deepEqual(tasks[1]?.config, tasks[0]?.config);
});

Deno.test("Windows line ends, a byte order mark and leading or trailing document marks are fine", () => {
  const plain = workflowOf(smallFile("n"));
  assert.deepEqual(workflowOf(smallFile("n").replaceAll("\n", "\r\n")), plain);
  assert.deepEqual(workflowOf(`\ufeff${smallFile("n")}`), plain);
  assert.deepEqual(workflowOf(`---\n${smallFile("n")}...\n`), plain);
});

Deno.test("all of a file's errors come at once, each with its place", () => {
  const problems = problemsOf(`name: Data
cron: "61 * * * *"
timezone: Europe/Berln
start_time: 2025-01-20
timeout: soon
retries: many
env: {1A: 2, B: [1]}
tasks:
  a:
    depends: b
    config: {cmd: x}
  b:
    name: [1]
    depends: [c, bb, b]
    retries: 3.5
    config: !Subprocess
  c:
    name: C
    depends: [b]
    config: !UvPython
      script_path: x
      packages: pandas
      is_uv_project: maybe
  d: {name: "a\\x01b", config: !subprocess {cmd: "a\\0b", args: {}}}
  e: {name: ""}
  f:
  g: text
  a: {name: again}
`);
  const places = problems.map((problem) => problem.replace(/^(\d+:\d+: \w+: )(.{0,44}).*$/s, "$1$2"));
  assert.deepEqual(places, [
    '2:7: error: cron "61 * * * *" cannot be read (invalid va',
    '3:11: error: timezone "Europe/Berln" is not a known time ',
    '4:13: error: start_time "2025-01-20" is not a timestamp; ',
    '5:10: error: timeout "soon" is not a duration; expected s',
    '6:10: error: retries "many" is not usable; expected a who',
    '7:7: error: The key "1A" in env cannot name an environme',
    "7:17: error: env.B is a list; expected text.",
    "9:3: error: tasks.a.name is missing; expected text.",
    '10:14: error: tasks.a.depends is the text "b"; expected a ',
    "11:5: error: tasks.a.config does not say what to run; exp",
    "13:11: error: tasks.b.name is a list; expected text.",
    "14:14: error: Tasks wait for each other, so none of them c",
    '14:18: error: The task "b" depends on "bb", which does not',
    '14:22: error: The task "b" depends on itself.',
    '15:14: error: tasks.b.retries "3.5" is not usable; expecte',
    "16:5: error: tasks.b.config.cmd is missing; expected text",
    '22:17: error: tasks.c.config.packages is the text "pandas"',
    '23:22: error: tasks.c.config.is_uv_project is the text "ma',
    '24:13: error: tasks.d.name "a\\u0001b" contains a control c',
    "24:43: error: The tag !subprocess is not known; allowed ar",
    '24:49: error: tasks.d.config.cmd "a\\u0000b" contains a NUL',
    "24:63: error: tasks.d.config.args is a mapping; expected a",
    "25:3: error: tasks.e.config is missing; expected a mappin",
    "25:13: error: tasks.e.name is empty; expected text.",
    "26:5: error: tasks.f has no value; expected a mapping.",
    '27:6: error: tasks.g is the text "text"; expected a mappi',
    "28:3: error: tasks.a is given twice, first in line 9.",
  ]);
});

Deno.test("a problem carries its parts for programs", () => {
  const { workflow, problems } = parseWorkflow(graphFile({ load: ["extrct"], extract: [] }), {
    id: "etl.daily",
    path: "workflows/etl/daily.yml",
  });
  assert.equal(workflow, null);
  assert.deepEqual(problems, [{
    severity: "error",
    file: "workflows/etl/daily.yml",
    line: 3,
    column: 32,
    path: "tasks.load.depends[0]",
    value: "extrct",
    expected: "the id of another task of this file",
    message: 'The task "load" depends on "extrct", which does not exist. Did you mean "extract"?',
    code: "unknown-dependency",
  }]);
});

Deno.test("an unknown field is a warning that suggests the right one, and the file loads", () => {
  const { workflow, problems } = parseWorkflow(
    "name: n\nscedule: '@daily'\ntasks:\n  a: {name: a, config: {type: subprocess, cmd: x, command: y}}\n" +
      "  b: {name: b, dependencies: [a], config: {type: uv_python, script_path: x, pakages: [y]}}\n",
    { id: "w", path: "w.yml" },
  );
  assert.equal(workflow?.tasks.length, 2);
  assert.deepEqual(problems.map(({ severity, code, message }) => [severity, code, message]), [
    ["warning", "unknown-field", 'scedule is no known field and is ignored. Did you mean "cron"?'],
    ["warning", "unknown-field", 'tasks.a.config.command is no known field and is ignored. Did you mean "cmd"?'],
    ["warning", "unknown-field", 'tasks.b.dependencies is no known field and is ignored. Did you mean "depends"?'],
    ["warning", "unknown-field", 'tasks.b.config.pakages is no known field and is ignored. Did you mean "packages"?'],
  ]);
});

Deno.test("cycles are named along their tasks", () => {
  assert.deepEqual(problemsOf(graphFile({ a: ["b"], b: ["c"], c: ["a"], x: ["y"], y: ["x"], z: ["z"] })), [
    "3:25: error: Tasks wait for each other, so none of them can start: a -> b -> c -> a.",
    "6:25: error: Tasks wait for each other, so none of them can start: x -> y -> x.",
    '8:26: error: The task "z" depends on itself.',
  ]);
});

const single: readonly [behaviour: string, content: string | Uint8Array, expected: RegExp][] = [
  ["an empty file", "", /^1:1: error: The file is empty; expected a mapping with name and tasks\.$/],
  ["only a comment", "# nothing\n", /^1:1: error: The file is empty/],
  ["a list", "[1, 2]", /^1:1: error: The file is a list; expected a mapping\.$/],
  ["text", "hello", /^1:1: error: The file is the text "hello"/],
  ["no tasks", "name: x\ntasks: {}\n", /^2:8: error: tasks has no task; expected at least one task\.$/],
  ["tasks without value", "name: x\ntasks:\n", /^2:7: error: tasks has no value/],
  ["two documents", `${smallFile("a")}---\n${smallFile("b")}`, /^6:1: error: Here a second document begins/],
  ["a tab", "name: x\ntasks:\n\ta: 1\n", /^3:1: error: A tab indents this line/],
  ["an open quote", "name: 'x\n", /error: This is not valid YAML: Missing closing 'quote/],
  ["an undefined alias", "name: *nope\n", /^1:7: error: The alias \*nope refers to an anchor that is not defined/],
  ["an alias inside itself", "name: &a [*a]\n", /^1:11: error: The alias \*a stands inside what it refers to/],
  ["a key that is a list", "? [a]\n: b\n", /^1:3: error: A key is not plain text/],
  ["bytes that are no UTF-8", new Uint8Array([110, 10, 97, 255, 10]), /^2:2: error: Here the file is not UTF-8 text/],
  ["UTF-16", new Uint8Array([255, 254, 110, 0]), /^1:1: error: The file is encoded as UTF-16/],
  ["an unknown tag", smallFile("x").replace("!Subprocess", "!!python/object"), /The tag !!python\/object is not known/],
  [
    "a tag elsewhere",
    `x: !Subprocess {}\n${smallFile("x")}`,
    /The tag !Subprocess belongs on a task's config, not on x/,
  ],
  ["a tag against the type", smallFile("x").replace("{cmd", "{type: uv_python, cmd"), /says another type/],
  ["31 February", `cron: 0 0 31 2 *\n${smallFile("x")}`, /never fires; expected a date that exists/],
  ["no time at all", `timeout: 0s\n${smallFile("x")}`, /is no time at all; expected a duration above zero/],
  ["a long timeout", `timeout: 400d\n${smallFile("x")}`, /is too long; expected a duration of at most 366 days/],
  ["an offset as zone", `timezone: "+01:00"\n${smallFile("x")}`, /is not a known time zone/],
  ["a long name", smallFile("x".repeat(257)), /is too long; expected at most 256 characters/],
  ["a blank name", smallFile("' '"), /is blank/],
  [
    "a control character in an id",
    smallFile("x").replace("only", '"a\\u0001"'),
    /The key "a\\u0001" in tasks contains/,
  ],
  ["a long id", smallFile("x").replace("only", "o".repeat(257)), /in tasks is too long/],
  ["half a surrogate pair", smallFile("x").replace("[x]", '["\\ud800"]'), /contains half of a surrogate pair/],
  ["__proto__ as id", smallFile("x").replace("only", "__proto__"), /__proto__ cannot be a key in tasks/],
];
for (const [behaviour, content, expected] of single) {
  Deno.test(`refused with a clear sentence: ${behaviour}`, () => {
    const problems = problemsOf(content);
    assert.ok(problems.some((problem) => expected.test(problem)), problems.join("\n"));
    assert.equal(parseWorkflow(content, { id: "w", path: "w.yml" }).workflow, null);
  });
}

Deno.test("a merge key is refused where it stands", () => {
  const content = smallFile("x").replace("config:", "<<: {retries: 1}\n    config:");
  assert.deepEqual(problemsOf(content), [
    "5:5: error: The merge key << in tasks.only is not supported; write the fields out, or use an alias for a whole value.",
  ]);
});

Deno.test("an id from a file name that cannot go over the wire is refused", () => {
  const { workflow, problems } = parseWorkflow(smallFile("x"), { id: "a\x01b", path: "a\x01b.yml" });
  assert.equal(workflow, null);
  assert.match(problems[0]?.message ?? "", /^The workflow id "a\\u0001b", .*rename the file\.$/);
});

Deno.test("10,000 tasks in one chain load within seconds", () => {
  const tasks = Array.from(
    { length: 10_000 },
    (_, index) =>
      `  t${index}:\n    name: Task ${index}\n    depends: [${index === 9_999 ? "" : `t${index + 1}`}]\n` +
      "    config:\n      !Subprocess\n      cmd: echo\n      args: [a, b]\n",
  );
  const startMs = performance.now();
  const workflow = workflowOf(`name: big\ntasks:\n${tasks.join("")}`);
  const tookMs = performance.now() - startMs;
  assert.equal(workflow.tasks.length, 10_000);
  assert.ok(tookMs < 15_000, `took ${tookMs} ms`);
});

Deno.test("a large file full of errors is judged as quickly, and the problems are counted", () => {
  const tasks = Array.from(
    { length: 10_000 },
    (_, index) => `  t${index}: {dependencies: [a], depends: [zz${index}]}\n`,
  );
  const problems = problemsOf(`name: big\ntasks:\n${tasks.join("")}`);
  assert.equal(problems.length, fileLimits.maxProblems + 1);
  assert.match(problems.at(-1) ?? "", /error: 39900 more problems are not listed\.$/);
});

Deno.test("more tasks than the limit are refused", () => {
  const count = fileLimits.maxTasks + 1;
  const tasks = Array.from(
    { length: count },
    (_, index) => `  t${index}: {name: x, config: {type: subprocess, cmd: x}}\n`,
  );
  assert.deepEqual(problemsOf(`name: big\ntasks:\n${tasks.join("")}`), [
    `3:3: error: tasks has ${count} tasks; expected at most ${fileLimits.maxTasks} tasks.`,
  ]);
});

Deno.test("an alias bomb is refused without being written out", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 20; level++) {
    lines.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(", ")}]`);
  }
  const problems = problemsOf(lines.join("\n"));
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? "",
    /: error: With its aliases written out the file has more than 33554432 characters\.$/,
  );
});

Deno.test("nesting of any depth and kind is refused without exhausting the stack", () => {
  for (const opening of ["[", "- ", "? ", "{a: ", "[{", "- - ["]) {
    const [problem] = problemsOf(opening.repeat(200_000));
    assert.match(problem ?? "", /nested more than 64 levels deep/, opening);
  }
  const indented = Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("");
  assert.match(problemsOf(indented)[0] ?? "", /nested more than 64 levels deep/);
});

Deno.test("a file above the limit is not parsed", () => {
  const [problem] = problemsOf(new Uint8Array(fileLimits.maxFileBytes + 1));
  assert.equal(
    problem,
    `1:1: error: The file has ${fileLimits.maxFileBytes + 1} bytes; at most ${fileLimits.maxFileBytes} are read.`,
  );
});

/** Pieces from which a random text looks like YAML often enough to get somewhere. */
const yamlPiece = fc.constantFrom(
  ..."name: |tasks:|config:|depends:|cmd: x|args:|\n|\n  |\n    |- |? |: |[|]|{|}|, |&a |*a|!Subprocess |!UvPython |!!str |!x |\"|'|#|---|...|%YAML 1.2\n|<<: |~|null|\t|\r\n|\0|\x01|\ud800|\ufeff|é|1|true|a|b"
    .split("|"),
  "|",
  "|\n",
  ">-\n",
);

Deno.test("no text makes the parser throw, and a workflow comes out only without errors", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(yamlPiece, { maxLength: 60 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (content) => {
      const { workflow, problems } = parseWorkflow(content, { id: "w", path: "w.yml" });
      const hasError = problems.some(({ severity }) => severity === "error");
      assert.equal(workflow === null, hasError);
      for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("no bytes make the parser throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    parseWorkflow(bytes, { id: "w", path: "w.yml" });
  }));
});

Deno.test("no damage to a good file makes the parser throw", () => {
  const good = smallFile("x");
  const damage = fc.record({ at: fc.nat(good.length), remove: fc.nat(20), insert: yamlPiece });
  fc.assert(
    fc.property(fc.array(damage, { maxLength: 3 }), (damages) => {
      let content = good;
      for (const { at, remove, insert } of damages) {
        content = content.slice(0, at) + insert + content.slice(at + remove);
      }
      const { workflow, problems } = parseWorkflow(content, { id: "w", path: "w.yml" });
      assert.equal(workflow === null, problems.some(({ severity }) => severity === "error"));
    }),
    { numRuns: 1_000 },
  );
});
