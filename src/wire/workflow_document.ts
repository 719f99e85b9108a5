/** The original's JSON form of a workflow: the payload of FETCHWORKFLOW and the values of LSWORKFLOWS. Written here, read in `workflow_reader.ts`. */
import { CdktrError } from "../core/mod.ts";
import type { Task, TaskConfig, Workflow } from "../workflow/mod.ts";
import { lineariseFanIn } from "./linearise.ts";

/** Options of {@linkcode encodeWorkflowDocument}. */
export interface WorkflowDocumentOptions {
  /**
   * Whether to change the graph so that an agent of the original executes it rightly; see {@linkcode lineariseFanIn} for
   * what that costs.
   *
   * @default false
   */
  readonly linearise?: boolean;
}

/** The `start_time` of a workflow that has none: without one an original agent reports RUNNING and then drops the run for ever. */
const documentStartTime = "1970-01-01T00:00:00+00:00";

/**
 * A workflow as compact JSON, fields in the original's order.
 *
 * What the original has no fields for is left out: `timezone`, `env`, timeouts, retries, parameters, labels and what
 * the principal sees to by itself; see {@linkcode featuresBeyondOriginal}.
 *
 * @throws {CdktrError} INVALID_WORKFLOW for a dependency that no task defines and, when linearising, for a cycle. Neither
 * gets past the reading of a workflow file.
 */
export function encodeWorkflowDocument(workflow: Workflow, options: WorkflowDocumentOptions = {}): string {
  const tasks = options.linearise === true ? lineariseFanIn(workflow.tasks) : workflow.tasks;
  const indexOf = new Map(tasks.map((task, index) => [task.id, index]));
  return JSON.stringify({
    id: workflow.id,
    name: workflow.name,
    description: workflow.description,
    path: workflow.path,
    dag: {
      name: workflow.name,
      task_id_node_ix_map: Object.fromEntries(indexOf),
      task_map: Object.fromEntries(tasks.map((task) => [task.id, encodeTask(task)])),
      inner: {
        nodes: tasks.map((task) => task.id),
        node_holes: [],
        edge_property: "directed",
        edges: tasks.flatMap((task, index) => task.depends.map((id) => [nodeIndex(indexOf, id, task), index, 0])),
      },
      first_tasks: tasks.filter((task) => task.depends.length === 0).map((task) => task.id),
    },
    cron: workflow.cron,
    start_time: workflow.startTime ?? documentStartTime,
  });
}

/** The payload of an LSWORKFLOWS reply: documents by workflow id, graphs as they are. */
export function encodeWorkflowDocuments(workflows: Iterable<Workflow>): string {
  const members = [...workflows].map((workflow) =>
    `${JSON.stringify(workflow.id)}:${encodeWorkflowDocument(workflow)}`
  );
  return `{${members.join(",")}}`;
}

function nodeIndex(indexOf: ReadonlyMap<string, number>, dependency: string, task: Task): number {
  const index = indexOf.get(dependency);
  if (index !== undefined) return index;
  throw new CdktrError("INVALID_WORKFLOW", `Task '${task.id}' depends on '${dependency}', which is not defined.`);
}

function encodeTask(task: Task) {
  return {
    name: task.name,
    description: task.description,
    depends: task.depends.length === 0 ? null : task.depends,
    config: encodeConfig(task.config),
  };
}

/** Any other kind would make the whole document unreadable for an original peer. */
function encodeConfig(config: TaskConfig) {
  switch (config.type) {
    case "subprocess":
      return { Subprocess: { cmd: config.cmd, args: config.args } };
    case "uv_python":
      return {
        UvPython: {
          script_path: config.scriptPath,
          is_uv_project: config.isUvProject ? true : null,
          packages: config.packages.length === 0 ? null : config.packages,
          uv_path: config.uvPath,
          working_directory: config.workingDirectory,
        },
      };
  }
}

/**
 * What a workflow asks of an agent that agents of the original cannot do and would pass over in silence, each as a phrase
 * for people. Fan-in is not among them; that is what linearising is for. Nor is what the principal sees to by itself:
 * overlap, catchup, priority, how long lines are kept, and what follows a crash.
 */
export function featuresBeyondOriginal(workflow: Workflow): readonly string[] {
  const features: string[] = [];
  if (Object.keys(workflow.env).length > 0) features.push("env of the workflow");
  if (workflow.timeoutMs !== null) features.push("timeout of the workflow");
  if (Object.keys(workflow.params).length > 0) features.push("params of the workflow");
  if (workflow.labels.length > 0) features.push("labels of the workflow");
  for (const task of workflow.tasks) {
    if (Object.keys(task.env).length > 0) features.push(`env of task '${task.id}'`);
    if (task.timeoutMs !== null) features.push(`timeout of task '${task.id}'`);
    if (task.retry.max > 0) features.push(`retries of task '${task.id}'`);
  }
  return features;
}
