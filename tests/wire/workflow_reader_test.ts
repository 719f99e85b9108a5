import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError, type ErrorCode } from "../../src/core/mod.ts";
import { parseWorkflowDocument, parseWorkflowDocuments } from "../../src/wire/workflow_reader.ts";
import { task, workflow } from "./graph.ts";

/** The least an original agent runs. */
const minimum = `{"id":"a","name":"A","path":"p","dag":{"name":"A","task_id_node_ix_map":{"t":0},
 "task_map":{"t":{"name":"T","config":{"Subprocess":{"cmd":"ls","args":[]}}}},
 "inner":{"nodes":["t"],"edge_property":"directed","edges":[]},"first_tasks":["t"]},"start_time":"2025-01-01T00:00:00Z"}`;

/** As the original wrote it, with `ghost` that no task defines. */
const captured = `{"id":"etl.daily","name":"Multi","description":"d","path":"workflows/etl/daily.yml",
 "dag":{"name":"Multi",
        "task_id_node_ix_map":{"task3":3,"task2":0,"ghost":2,"task1":1},
        "task_map":{
          "task2":{"name":"py","description":null,"depends":["task1","ghost"],
                   "config":{"UvPython":{"script_path":"./a.py","is_uv_project":null,"packages":["pandas>=2"],
                                          "uv_path":null,"working_directory":null}}},
          "task1":{"name":"cmd1","description":"first","depends":null,
                   "config":{"Subprocess":{"cmd":"echo","args":["hello","world"]}}},
          "task3":{"name":"t3","description":null,"depends":[],"config":{"Subprocess":{"cmd":"ls","args":[]}}}},
        "inner":{"nodes":["task2","task1","ghost","task3"],"node_holes":[],"edge_property":"directed",
                 "edges":[[1,0,0],[2,0,0]]},
        "first_tasks":["task1","task3"]},
 "cron":"0 1 * * * *","start_time":"2025-01-20T12:30:00+00:00"}`;

Deno.test("the least document an original agent runs is read", () => {
  assert.deepEqual(parseWorkflowDocument(minimum), {
    ...workflow({ ...task("t"), name: "T", config: { type: "subprocess", cmd: "ls", args: [] } }),
    id: "a",
    name: "A",
    path: "p",
    startTime: "2025-01-01T00:00:00Z",
  });
});

Deno.test("a captured document is read once its ghost is defined", () => {
  const defined = captured.replace(
    '"task_map":{',
    '"task_map":{"ghost":{"name":"g","config":{"Subprocess":{"cmd":"ls","args":[]}}},',
  );
  const read = parseWorkflowDocument(defined);
  assert.deepEqual(read.tasks.map(({ id, depends }) => [id, depends]), [
    ["task2", ["task1", "ghost"]],
    ["task1", []],
    ["ghost", []],
    ["task3", []],
  ]);
  assert.deepEqual(read.tasks[0]?.config, {
    type: "uv_python",
    scriptPath: "./a.py",
    packages: ["pandas>=2"],
    isUvProject: false,
    uvPath: null,
    workingDirectory: null,
  });
  assert.equal(read.cron, "0 1 * * * *");
  assert.equal(read.description, "d");
});

/** Nodes, their indexes, definitions and edges as given; everything else as in {@linkcode minimum}. */
function document(parts: {
  nodes: readonly string[];
  edges?: readonly unknown[];
  defined?: readonly string[];
  indexes?: Readonly<Record<string, number>>;
  holes?: readonly number[];
}): string {
  const definition = (id: string) => [id, { name: id, config: { Subprocess: { cmd: "ls", args: [] } } }] as const;
  return JSON.stringify({
    id: "a",
    name: "A",
    path: "p",
    dag: {
      name: "A",
      task_id_node_ix_map: parts.indexes ?? Object.fromEntries(parts.nodes.map((id, index) => [id, index])),
      task_map: Object.fromEntries((parts.defined ?? parts.nodes).map(definition)),
      inner: {
        nodes: parts.nodes,
        node_holes: parts.holes ?? [],
        edge_property: "directed",
        edges: parts.edges ?? [],
      },
      first_tasks: [],
    },
  });
}

Deno.test("dependencies are the edges of the graph, each once", () => {
  const read = parseWorkflowDocument(
    document({ nodes: ["x", "y", "z"], edges: [[2, 0, 0], [2, 0, 0], [1, 0, 0], [2, 1]] }),
  );
  assert.deepEqual(read.tasks.map(({ id, depends }) => [id, depends]), [["x", ["z", "y"]], ["y", ["z"]], ["z", []]]);
});

Deno.test("`depends` and `first_tasks` are not believed", () => {
  const misleading = minimum.replace('"name":"T",', '"name":"T","depends":["other"],').replace(
    '"first_tasks":["t"]',
    '"first_tasks":["other"]',
  );
  assert.deepEqual(parseWorkflowDocument(misleading).tasks[0]?.depends, []);
});

Deno.test("fields nobody knows are passed over at every level", () => {
  const extended = minimum.replaceAll("{", '{"new":{"x":[1]},')
    .replace('"task_id_node_ix_map":{"new":{"x":[1]},', '"task_id_node_ix_map":{')
    .replace('"task_map":{"new":{"x":[1]},', '"task_map":{');
  assert.deepEqual(parseWorkflowDocument(extended), parseWorkflowDocument(minimum));
});

const refused: readonly (readonly [why: string, json: string, code: ErrorCode, problem: RegExp])[] = [
  ["no JSON", "OK", "UNSUPPORTED", /did not send JSON/],
  ["null", "null", "UNSUPPORTED", /expected object/],
  ["no id", minimum.replace('"id"', '"key"'), "UNSUPPORTED", /at id/],
  ["no path", minimum.replace('"path"', '"where"'), "UNSUPPORTED", /at path/],
  ["another kind of task", minimum.replace("Subprocess", "Docker"), "UNSUPPORTED", /at dag\.task_map\.t\.config/],
  ["no args", minimum.replace(',"args":[]', ""), "UNSUPPORTED", /at dag\.task_map\.t\.config/],
  ["a null edge", document({ nodes: ["t"], edges: [null] }), "UNSUPPORTED", /at dag\.inner\.edges\.0/],
  ["a negative index", document({ nodes: ["t"], edges: [[-1, 0, 0]] }), "UNSUPPORTED", /at dag\.inner\.edges\.0\.0/],
  ["holes", document({ nodes: ["t"], holes: [0] }), "UNSUPPORTED", /at dag\.inner\.node_holes/],
  ["a ghost", captured, "INVALID_WORKFLOW", /'etl\.daily': task 'task2' depends on 'ghost', which is not defined/],
  ["a ghost nobody needs", document({ nodes: ["t", "g"], defined: ["t"] }), "INVALID_WORKFLOW", /names the task 'g'/],
  ["no tasks", document({ nodes: [] }), "INVALID_WORKFLOW", /has no tasks/],
  [
    "a task outside the graph",
    document({ nodes: ["t"], defined: ["t", "u"] }),
    "INVALID_WORKFLOW",
    /no node for task 'u'/,
  ],
  [
    "wrong indexes",
    document({ nodes: ["t", "u"], indexes: { t: 1, u: 0 } }),
    "INVALID_WORKFLOW",
    /no node for task 't'/,
  ],
  ["a node twice", document({ nodes: ["t", "t"], indexes: { t: 0 } }), "INVALID_WORKFLOW", /two nodes for task 't'/],
  [
    "an edge to nowhere",
    document({ nodes: ["t"], edges: [[0, 7, 0]] }),
    "INVALID_WORKFLOW",
    /from 0 to 7 leads outside/,
  ],
  ["a cycle", document({ nodes: ["t", "u"], edges: [[0, 1, 0], [1, 0, 0]] }), "INVALID_WORKFLOW", /'a':.*in a circle/],
  ["a task that waits for itself", document({ nodes: ["t"], edges: [[0, 0, 0]] }), "INVALID_WORKFLOW", /in a circle/],
];

for (const [why, json, code, problem] of refused) {
  Deno.test(`a document is refused in one clear sentence: ${why}`, () => {
    assert.throws(() => parseWorkflowDocument(json), (error) => {
      assert.ok(error instanceof CdktrError);
      assert.equal(error.code, code);
      assert.match(error.message, problem);
      assert.match(error.message, /^[A-Z][^\n]*\.$/);
      return true;
    });
  });
}

Deno.test("one document that cannot be used does not hide the others", () => {
  const { workflows, rejected } = parseWorkflowDocuments(`{"bad":${captured},"good":${minimum},"odd":7}`);
  assert.deepEqual([...workflows.keys()], ["good"]);
  assert.deepEqual([...rejected].map(([key, error]) => [key, error.code]), [
    ["bad", "INVALID_WORKFLOW"],
    ["odd", "UNSUPPORTED"],
  ]);
  assert.throws(() => parseWorkflowDocuments("[]"), CdktrError);
});

Deno.test("any JSON at all is read or refused with an error of ours", () => {
  const readers = [parseWorkflowDocument, parseWorkflowDocuments];
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), fc.constantFrom(...readers), (json, read) => {
    try {
      read(json);
    } catch (error) {
      assert.ok(error instanceof CdktrError);
    }
  }));
});
