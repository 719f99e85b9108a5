/** Running a workflow: with a form where it takes parameters, else with a question. */
import { systemRandom } from "../clock/mod.ts";
import { makeRunId, runIdRandomBytes } from "../core/mod.ts";
import { TriggerForm } from "./dialogs/trigger_form.ts";
import type { Shell } from "./screen.ts";

/** Asks for the parameters of a workflow, then runs it. */
export function askTrigger(shell: Shell, workflowId: string): void {
  const workflow = shell.session.workflow(workflowId);
  if (workflow === undefined) {
    return shell.tell(`The principal has no workflow ${workflowId} any more.`, "bad");
  }
  const key = `ui:${makeRunId(shell.clock.nowMs(), systemRandom.bytes(runIdRandomBytes))}`;
  shell.ask(new TriggerForm(shell, workflow, key));
}
