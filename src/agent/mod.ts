/** The agent: fetches work, runs its DAG, and reports. */
export { Agent, type AgentOptions } from "./agent.ts";
export type { Executor, TaskTry, TryOutcome, Workplace } from "./executor.ts";
export { ProcessWorkplace } from "./process_workplace.ts";
export { WorkflowRun } from "./workflow_run.ts";
export { systemFiles } from "./spool/files.ts";
export { findCommand } from "./executors/find_command.ts";
