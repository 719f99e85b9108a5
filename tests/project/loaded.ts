/** What a workflow parser makes of an imported file: nothing imported may have a problem. */
import { deepEqual, ok } from "node:assert/strict";
import type { Imported } from "../../src/project/mod.ts";
import { parseWorkflow, scheduleOf, type Workflow } from "../../src/workflow/mod.ts";

/** The workflow in an imported file. Fails when it has an error or a warning. */
export function loaded({ id, text }: Imported): Workflow {
  const { workflow, problems } = parseWorkflow(text, { id, path: `${id}.yml` });
  deepEqual(problems, [], text);
  ok(workflow !== null);
  return workflow;
}

/** Its next fire times after `afterMs`. */
export function fireTimes(workflow: Workflow, afterMs: number, count: number): number[] {
  const schedule = scheduleOf(workflow);
  const times: number[] = [];
  for (
    let atMs = schedule?.next(afterMs) ?? null;
    atMs !== null && times.length < count;
    atMs = schedule?.next(atMs) ?? null
  ) {
    times.push(atMs);
  }
  return times;
}
