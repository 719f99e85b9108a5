/** Reads the original's JSON form of a workflow, for our agent and client towards an original principal. */
import * as z from "zod";
import { CdktrError } from "../core/mod.ts";
import { noRetry, type Task, type Workflow, workflowDefaults } from "../workflow/definition.ts";
import { topologicalOrder } from "./linearise.ts";
import { checkShape, parsePayload } from "./payload.ts";

const optionalText = z.string().nullish().transform((text) => text ?? null);
const nodeIndex = z.int().nonnegative();

/** A JSON object as a map by key. `z.record` would drop the key `__proto__`, which is a task id like any other. */
function mapOf<Value extends z.ZodType>(value: Value) {
  return z.preprocess(
    (json) => typeof json === "object" && json !== null && !Array.isArray(json) ? new Map(Object.entries(json)) : json,
    z.map(z.string(), value),
  );
}

const configSchema = z.union([
  z.object({ Subprocess: z.object({ cmd: z.string(), args: z.array(z.string()) }) }).transform(({ Subprocess }) => ({
    type: "subprocess" as const,
    cmd: Subprocess.cmd,
    args: Subprocess.args,
  })),
  z.object({
    UvPython: z.object({
      script_path: z.string(),
      is_uv_project: z.boolean().nullish(),
      packages: z.array(z.string()).nullish(),
      uv_path: optionalText,
      working_directory: optionalText,
    }),
  }).transform(({ UvPython }) => ({
    type: "uv_python" as const,
    scriptPath: UvPython.script_path,
    packages: UvPython.packages ?? [],
    isUvProject: UvPython.is_uv_project ?? false,
    uvPath: UvPython.uv_path,
    workingDirectory: UvPython.working_directory,
  })),
], "Invalid task config: neither Subprocess nor UvPython with its fields");

const documentSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: optionalText,
  path: z.string(),
  cron: optionalText,
  start_time: optionalText,
  dag: z.object({
    task_id_node_ix_map: mapOf(nodeIndex),
    task_map: mapOf(z.object({ name: z.string(), description: optionalText, config: configSchema })),
    inner: z.object({
      nodes: z.array(z.string()),
      // A hole would shift every index after it.
      node_holes: z.array(nodeIndex).max(0).optional(),
      edges: z.array(z.tuple([nodeIndex, nodeIndex]).rest(z.unknown())),
    }),
  }),
});

type Document = z.output<typeof documentSchema>;

/**
 * Reads a workflow document.
 *
 * The dependencies are those of the graph (`inner`), which is what agents of the original execute; `depends` is for display
 * and not looked at, nor is `first_tasks`, which the graph implies. Absent optional fields and unknown ones are fine. What
 * the original has no fields for gets its default: UTC, no `env`, no timeout, no retries, and so on.
 *
 * @throws {CdktrError} UNSUPPORTED when the text is not such a document; INVALID_WORKFLOW when it is one that cannot run: no
 * tasks, a dependency that no task defines, a cycle, a graph that contradicts itself.
 */
export function parseWorkflowDocument(json: string): Workflow {
  return toWorkflow(parsePayload(documentSchema, json, "the workflow"));
}

/** What an LSWORKFLOWS reply holds. */
export interface WorkflowDocuments {
  /** By key, which is what RUNTASK takes and which differs from the document's id in rare cases. */
  readonly workflows: ReadonlyMap<string, Workflow>;
  /** By key, why a document could not be used. */
  readonly rejected: ReadonlyMap<string, CdktrError>;
}

/**
 * Reads the payload of an LSWORKFLOWS reply. A document that cannot be used does not hide the others.
 *
 * @throws {CdktrError} UNSUPPORTED when it is not a JSON object.
 */
export function parseWorkflowDocuments(payload: string): WorkflowDocuments {
  const workflows = new Map<string, Workflow>();
  const rejected = new Map<string, CdktrError>();
  for (const [key, document] of parsePayload(mapOf(z.unknown()), payload, "the list of workflows")) {
    try {
      workflows.set(key, toWorkflow(checkShape(documentSchema, document, `workflow '${key}'`)));
    } catch (error) {
      if (!(error instanceof CdktrError)) throw error;
      rejected.set(key, error);
    }
  }
  return { workflows, rejected };
}

function toWorkflow(document: Document): Workflow {
  const tasks = toTasks(document);
  try {
    topologicalOrder(tasks);
  } catch (cause) {
    if (!(cause instanceof CdktrError)) throw cause;
    throw new CdktrError("INVALID_WORKFLOW", `Cannot run workflow '${document.id}': ${cause.message}`, { cause });
  }
  return {
    id: document.id,
    name: document.name,
    description: document.description,
    path: document.path,
    cron: document.cron,
    timezone: "UTC",
    startTime: document.start_time,
    env: {},
    timeoutMs: null,
    ...workflowDefaults,
    tasks,
  };
}

/** The tasks of a document, in the order of its nodes. */
function toTasks(document: Document): Task[] {
  const invalid = (why: string) =>
    new CdktrError("INVALID_WORKFLOW", `Cannot run workflow '${document.id}': ${why}.`, {
      hint: "Correct the workflow file on the principal.",
    });
  const { nodes, edges } = document.dag.inner;
  const { task_map: definitions, task_id_node_ix_map: indexes } = document.dag;
  if (nodes.length === 0) throw invalid("it has no tasks");
  for (const id of definitions.keys()) {
    const index = indexes.get(id);
    if (index === undefined || nodes[index] !== id) throw invalid(`its graph has no node for task '${id}'`);
  }

  const depends = nodes.map(() => new Set<string>());
  for (const [from, to] of edges) {
    const dependency = nodes[from], dependent = nodes[to];
    if (dependency === undefined || dependent === undefined) {
      throw invalid(`an edge from ${from} to ${to} leads outside its ${nodes.length} nodes`);
    }
    if (!definitions.has(dependency)) {
      throw invalid(`task '${dependent}' depends on '${dependency}', which is not defined`);
    }
    depends[to]?.add(dependency);
  }

  return nodes.map((id, index) => {
    const definition = definitions.get(id);
    if (definition === undefined) throw invalid(`its graph names the task '${id}', which is not defined`);
    if (indexes.get(id) !== index) throw invalid(`its graph has two nodes for task '${id}'`);
    return {
      id,
      name: definition.name,
      description: definition.description,
      depends: [...depends[index] ?? []],
      env: {},
      timeoutMs: null,
      retry: noRetry,
      config: definition.config,
    };
  });
}
