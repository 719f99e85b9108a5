/** What several tests of this room need. */

import assert from "node:assert/strict";
import { formatProblem } from "../../src/workflow/problem.ts";
import { parseWorkflow } from "../../src/workflow/parse.ts";
import type { Workflow } from "../../src/workflow/schema.ts";

/** A small workflow file whose only task is called `name`. */
export function smallFile(name: string): string {
  return `name: ${name}\ntasks:\n  only:\n    name: ${name}\n    config: !Subprocess {cmd: echo, args: [${name}]}\n`;
}

/** A small workflow file with further fields, one line each or more. */
export function fileWith(fields: string): string {
  return `name: w\n${fields}\ntasks: {only: {name: o, config: {type: subprocess, cmd: x}}}\n`;
}

/** A file with one task for each id, each with the given dependencies. */
export function graphFile(tasks: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(tasks).map(([id, depends]) =>
    `  ${id}: {name: ${id}, depends: [${depends.join(", ")}], config: {type: subprocess, cmd: echo}}\n`
  );
  return `name: graph\ntasks:\n${lines.join("")}`;
}

/** The problems of a file, one line each, without the file's name. */
export function problemsOf(content: string | Uint8Array): string[] {
  return parseWorkflow(content, { id: "w", path: "w.yml" }).problems.map((problem) =>
    formatProblem(problem).replace("w.yml:", "")
  );
}

/** The workflow in a file without any problem. */
export function workflowOf(content: string | Uint8Array): Workflow {
  const { workflow, problems } = parseWorkflow(content, { id: "w", path: "w.yml" });
  assert.deepEqual(problems, []);
  assert.ok(workflow !== null);
  return workflow;
}
