/** A process that runs one task in a workplace, for a test to kill: `doomed_agent.ts DIRECTORY SESSION SCRIPT`. */
import { ProcessWorkplace } from "../../src/agent/mod.ts";
import { systemClock } from "../../src/clock/mod.ts";
import { parseWorkflow } from "../../src/workflow/mod.ts";

const [directory = "", session = "", script = ""] = Deno.args;
const yaml = `name: w\ntasks:\n  a: {name: A, config: !Subprocess {cmd: sh, args: ["-c", ${
  JSON.stringify(script)
}]}}\n`;
const { workflow } = parseWorkflow(yaml, { id: "w", path: "w.yml" });
const task = workflow?.tasks[0];
if (!workflow || !task) throw new Error("the workflow of the test is wrong");
const log = { info: () => {}, warn: () => {}, error: () => {} };
const workplace = new ProcessWorkplace({ directory, clock: systemClock, log });
await workplace.open(session);
const encoder = new TextEncoder();
await workplace.run({
  ...{ workflow, task, runId: "run-1", attempt: 1, tryNumber: 1, taskRunId: `task-run-of-${session}`, params: {} },
  ...{ inputs: new Map(), signal: new AbortController().signal, clock: systemClock },
  emit: (lines) => {
    for (const { payload } of lines) Deno.stdout.writeSync(encoder.encode(`${payload}\n`));
  },
});
