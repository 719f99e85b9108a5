/** From YAML files to workflows: schema, graph, schedule, and a directory store with hot reload. */
export { listWorkflowFiles } from "./directory.ts";
export { Schedule, scheduleOf } from "./cron.ts";
export { descendants, type GraphNode, topologicalOrder } from "./dag.ts";
export { durationMs } from "./duration.ts";
export { workflowJsonSchema } from "./json_schema.ts";
export { latestFireTimes } from "./fire_times.ts";
export { type LoadedFile, loadFile, validatePath } from "./load.ts";
export type { Param } from "./param.ts";
export { type ParsedWorkflow, parseWorkflow } from "./parse.ts";
export { formatProblem, hasErrors, type Problem, type ProblemCode } from "./problem.ts";
export { resolveParams } from "./resolve_params.ts";
export { noRetry, type Retry } from "./retry.ts";
export { type Task, type TaskConfig, type Workflow, workflowDefaults } from "./schema.ts";
export { type StoreChange, WorkflowStore, type WorkflowStoreOptions } from "./store.ts";
export { workflowFromJson } from "./stored.ts";
export { didYouMean } from "./suggestion.ts";
