import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import {
  encodeWorkflowDocument,
  encodeWorkflowDocuments,
  featuresBeyondOriginal,
} from "../../src/wire/workflow_document.ts";
import { parseWorkflowDocument, parseWorkflowDocuments } from "../../src/wire/workflow_reader.ts";
import { noRetry, type Workflow } from "../../src/workflow/mod.ts";
import { anyTasks, task, workflow } from "./graph.ts";

const rich: Workflow = {
  ...workflow(
    {
      ...task("task1"),
      name: "cmd1",
      description: "first",
      config: { type: "subprocess", cmd: "echo", args: ["hé", "\x01"] },
    },
    {
      ...task("task2", "task1"),
      name: "py",
      config: {
        type: "uv_python",
        scriptPath: "./a.py",
        packages: ["pandas>=2"],
        isUvProject: false,
        uvPath: null,
        workingDirectory: null,
      },
    },
    {
      ...task("task3"),
      name: "project",
      config: {
        type: "uv_python",
        scriptPath: "b.py",
        packages: [],
        isUvProject: true,
        uvPath: "/opt/uv",
        workingDirectory: "/srv",
      },
    },
  ),
  name: "Multi",
  description: "d",
  cron: "0 1 * * * *",
  startTime: "2025-01-20T12:30:00+00:00",
};

Deno.test("a document has the original's fields in the original's order, compact", () => {
  assert.equal(
    encodeWorkflowDocument(rich),
    '{"id":"etl.daily","name":"Multi","description":"d","path":"workflows/etl/daily.yml",' +
      '"dag":{"name":"Multi","task_id_node_ix_map":{"task1":0,"task2":1,"task3":2},"task_map":{' +
      '"task1":{"name":"cmd1","description":"first","depends":null,' +
      '"config":{"Subprocess":{"cmd":"echo","args":["hé","\\u0001"]}}},' +
      '"task2":{"name":"py","description":null,"depends":["task1"],' +
      '"config":{"UvPython":{"script_path":"./a.py","is_uv_project":null,"packages":["pandas>=2"],' +
      '"uv_path":null,"working_directory":null}}},' +
      '"task3":{"name":"project","description":null,"depends":null,' +
      '"config":{"UvPython":{"script_path":"b.py","is_uv_project":true,"packages":null,' +
      '"uv_path":"/opt/uv","working_directory":"/srv"}}}},' +
      '"inner":{"nodes":["task1","task2","task3"],"node_holes":[],"edge_property":"directed","edges":[[0,1,0]]},' +
      '"first_tasks":["task1","task3"]},"cron":"0 1 * * * *","start_time":"2025-01-20T12:30:00+00:00"}',
  );
});

Deno.test("a workflow without a start time gets one, for an original agent drops a run without", () => {
  const json = encodeWorkflowDocument(workflow(task("a")));
  assert.equal(json.endsWith('"cron":null,"start_time":"1970-01-01T00:00:00+00:00"}'), true);
});

Deno.test("a linearised document has a chain in all the places that speak of the graph", () => {
  const diamond = workflow(task("s"), task("l", "s"), task("r", "s"), task("e", "l", "r"), task("alone"));
  const plain = JSON.parse(encodeWorkflowDocument(diamond)).dag;
  assert.deepEqual(plain.inner.edges, [[0, 1, 0], [0, 2, 0], [1, 3, 0], [2, 3, 0]]);
  assert.deepEqual(plain.first_tasks, ["s", "alone"]);

  const linear = JSON.parse(encodeWorkflowDocument(diamond, { linearise: true })).dag;
  assert.deepEqual(linear.inner.edges, [[0, 1, 0], [1, 2, 0], [2, 3, 0]]);
  assert.deepEqual(linear.inner.nodes, plain.inner.nodes);
  assert.deepEqual(linear.first_tasks, ["s", "alone"]);
  assert.deepEqual(linear.task_map.e.depends, ["r"]);
});

Deno.test("the list of workflows is an object of documents by id", () => {
  assert.equal(encodeWorkflowDocuments([]), "{}");
  const other = { ...rich, id: 'o"ther' };
  assert.equal(
    encodeWorkflowDocuments([rich, other]),
    `{"etl.daily":${encodeWorkflowDocument(rich)},"o\\"ther":${encodeWorkflowDocument(other)}}`,
  );
  const { workflows, rejected } = parseWorkflowDocuments(encodeWorkflowDocuments([rich, other]));
  assert.deepEqual([...workflows], [["etl.daily", rich], ['o"ther', other]]);
  assert.equal(rejected.size, 0);
});

Deno.test("a dependency that no task defines is not sent, for an original agent would wait for ever", () => {
  for (const linearise of [false, true]) {
    assert.throws(
      () => encodeWorkflowDocument(workflow(task("a", "ghost")), { linearise }),
      (error) => error instanceof CdktrError && error.code === "INVALID_WORKFLOW",
    );
  }
});

Deno.test("a workflow survives its document", () => {
  const text = fc.string({ unit: "binary" });
  const words = { name: text, description: fc.option(text), path: text, cron: fc.option(text), startTime: text };
  fc.assert(fc.property(anyTasks, fc.record(words), (tasks, words) => {
    const before: Workflow = { ...workflow(...tasks), ...words };
    const after = parseWorkflowDocument(encodeWorkflowDocument(before));
    // The order of edges is that of the dependents, so the dependencies of each task keep theirs.
    assert.deepEqual(after, before);
  }));
});

Deno.test("what the principal sees to by itself needs no agent of ours", () => {
  const policies = { overlap: "queue", onCrash: "retry", catchup: 3, priority: 5, logRetentionMs: 1_000 } as const;
  assert.deepEqual(featuresBeyondOriginal({ ...rich, ...policies }), []);
  assert.equal(encodeWorkflowDocument({ ...rich, ...policies }), encodeWorkflowDocument(rich));
});

Deno.test("what an original agent cannot do is named", () => {
  assert.deepEqual(featuresBeyondOriginal(rich), []);
  const beyond: Workflow = {
    ...workflow(
      { ...task("a"), env: { A: "1" }, timeoutMs: 1_000, retry: { ...noRetry, max: 2 } },
      task("b", "a"),
      task("c", "a"),
      task("d", "b", "c"),
    ),
    env: { B: "" },
    timeoutMs: 5_000,
    timezone: "Europe/Berlin",
    labels: ["gpu"],
    params: {
      day: {
        ...{ type: "date", description: null, required: true, default: null },
        ...{ choices: null, pattern: null, min: null, max: null },
      },
    },
  };
  assert.deepEqual(featuresBeyondOriginal(beyond), [
    "env of the workflow",
    "timeout of the workflow",
    "params of the workflow",
    "labels of the workflow",
    "env of task 'a'",
    "timeout of task 'a'",
    "retries of task 'a'",
  ]);
});
