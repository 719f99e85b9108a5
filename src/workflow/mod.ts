/** From YAML files to workflows: schema, graph, schedule, and a directory store with hot reload. */
export * from "./definition.ts";
export { listWorkflowFiles } from "./directory.ts";
export { workflowJsonSchema } from "./json_schema.ts";
export { type LoadedFile, loadFile, validatePath } from "./load.ts";
export { type ParsedWorkflow, parseWorkflow } from "./parse.ts";
export { type StoreChange, WorkflowStore, type WorkflowStoreOptions } from "./store.ts";
