/** The agent: fetches work, runs its DAG, and reports. */
export { Agent, type AgentOptions } from "./agent.ts";
export { runWorkflow } from "./run_workflow.ts";
