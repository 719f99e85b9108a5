/** From YAML files to workflows: schema, graph, schedule, and a directory store with hot reload. */
export { Schedule, scheduleOf } from "./cron.ts";
export { type GraphNode, topologicalOrder } from "./dag.ts";
export { durationMs } from "./duration.ts";
export { workflowJsonSchema } from "./json_schema.ts";
export { type LoadedFile, loadFile, validatePath } from "./load.ts";
export { type ParsedWorkflow, parseWorkflow } from "./parse.ts";
export { formatProblem, hasErrors, type Problem, type ProblemCode } from "./problem.ts";
export { type Task, type TaskConfig, type Workflow } from "./schema.ts";
export { type StoreChange, WorkflowStore, type WorkflowStoreOptions } from "./store.ts";
export { workflowFromJson } from "./stored.ts";
