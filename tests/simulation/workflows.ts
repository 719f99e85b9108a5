/** The workflows of the simulated worlds. A task's arguments say how it behaves: longest time in ms, failures in percent, lines. */
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";

const oneTask = "tasks: {only: {name: Only, config: !Subprocess {cmd: simulated, args: [1500, 10, 3]}}}";

const texts: Readonly<Record<string, string>> = {
  short: `name: Short\n${oneTask}`,
  urgent: `name: Urgent\npriority: 10\n${oneTask}`,
  labelled: `name: Labelled\nlabels: [gpu]\n${oneTask}`,
  skipping: `name: Skipping\noverlap: skip\n${oneTask}`,
  queueing: `name: Queueing\noverlap: queue\n${oneTask}`,
  replacing: `name: Replacing\noverlap: replace\n${oneTask}`,
  diamond: `
name: Diamond
on_crash: retry
tasks:
  top: {name: Top, config: !Subprocess {cmd: simulated, args: [2000, 5, 5]}}
  left: {name: Left, depends: [top], config: !Subprocess {cmd: simulated, args: [5000, 10, 5]}}
  right: {name: Right, depends: [top], config: !Subprocess {cmd: simulated, args: [5000, 10, 5]}}
  bottom: {name: Bottom, depends: [left, right], config: !Subprocess {cmd: simulated, args: [1000, 5, 2]}}
`,
  flaky: `
name: Flaky
on_crash: retry
tasks:
  only:
    name: Only
    retries: {max: 3, delay: 500ms, factor: 3, jitter: 0.5}
    config: !Subprocess {cmd: simulated, args: [3000, 50, 4]}
  after: {name: After, depends: [only], timeout: 4s, config: !Subprocess {cmd: simulated, args: [5000, 10, 4]}}
`,
  long: `
name: Long
on_crash: retry
timeout: 2m
tasks:
  one: {name: One, config: !Subprocess {cmd: simulated, args: [40000, 5, 20]}}
  two: {name: Two, depends: [one], config: !Subprocess {cmd: simulated, args: [40000, 5, 20]}}
`,
  frequent: `name: Frequent\ncron: "*/20 * * * * *"\noverlap: skip\n${oneTask}`,
  complete: `name: Complete\ncron: "0 * * * * *"\ncatchup: 1000\n${oneTask}`,
  nightly: `name: Nightly\ncron: "30 2 * * *"\ntimezone: Europe/Berlin\ncatchup: 1000\n${oneTask}`,
};

/** Every workflow, read from its text once. */
export const workflows: readonly Workflow[] = Object.entries(texts).map(([id, text]) => {
  const { workflow, problems } = parseWorkflow(text, { id, path: `workflows/${id}.yml` });
  if (workflow === null) throw new Error(`the workflow ${id} is wrong: ${problems[0]?.message}`);
  return workflow;
});

/** The workflow of that id. */
export function workflowOf(id: string): Workflow {
  const found = workflows.find((workflow) => workflow.id === id);
  if (found === undefined) throw new Error(`there is no workflow ${id}`);
  return found;
}
