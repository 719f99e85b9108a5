/** What surrounds workflows: a project to start from, and jobs of cron and systemd that become workflows. */
export { importCrontab } from "./crontab/workflows.ts";
export type { Imported, ImportResult } from "./imported.ts";
export { type Part, parts } from "./part.ts";
export { projectFiles } from "./project.ts";
export { readSource } from "./read_source.ts";
export { findUnits } from "./systemd/find_units.ts";
export { importSystemd } from "./systemd/workflows.ts";
export { demoWorkflow } from "./templates/demo_workflow.ts";
export { writeFile } from "./write_file.ts";
