/** Running a workflow: with a form where it takes parameters, else with a question. */
import { runOnOriginal } from "../client/mod.ts";
import { systemRandom } from "../clock/mod.ts";
import { makeRunId, runIdRandomBytes } from "../core/mod.ts";
import { Confirm } from "./dialogs/confirm.ts";
import { TriggerForm } from "./dialogs/trigger_form.ts";
import type { Shell } from "./screen.ts";

/** Asks for the parameters of a workflow, then runs it. */
export function askTrigger(shell: Shell, workflowId: string): void {
  const { session } = shell;
  const workflow = session.workflow(workflowId);
  if (workflow === undefined) {
    return shell.tell(`The principal has no workflow ${workflowId} any more.`, "bad");
  }
  if (session.dialect === "original") return askOriginalTrigger(shell, workflowId);
  const key = `ui:${makeRunId(shell.clock.nowMs(), systemRandom.bytes(runIdRandomBytes))}`;
  shell.ask(new TriggerForm(shell, workflow, key));
}

function askOriginalTrigger(shell: Shell, workflowId: string): void {
  const { client } = shell.session;
  shell.ask(
    new Confirm(shell, {
      question: `Run ${workflowId}?`,
      effects: [
        "It waits at the end of the queue for the next free agent. An original principal takes no parameters, and can " +
        "neither cancel a run nor pause one.",
      ],
      yes: "run it",
      run: () =>
        shell.perform(async (signal) => {
          await runOnOriginal(client, workflowId, { signal });
          return "Queued. An original principal tells no run id.";
        }),
    }),
  );
}
