/** What a workflow is, without the reading of files: for those who get it from a principal, and need not wait for a YAML parser. */
export { Schedule, scheduleOf } from "./cron.ts";
export { descendants, type GraphNode, topologicalOrder } from "./dag.ts";
export { durationMs } from "./duration.ts";
export { latestFireTimes } from "./fire_times.ts";
export type { Param } from "./param.ts";
export { formatProblem, hasErrors, type Problem, type ProblemCode } from "./problem.ts";
export { resolveParams } from "./resolve_params.ts";
export { noRetry, type Retry } from "./retry.ts";
export { type Task, type TaskConfig, type Workflow, workflowDefaults } from "./schema.ts";
export { workflowFromJson } from "./stored.ts";
export { didYouMean } from "./suggestion.ts";
