/** The environment variables of a task. */

import { type Outputs, outputVariable } from "../outputs.ts";

/** What the variables are made from. */
export interface EnvironmentSource {
  readonly workflow: { readonly id: string; readonly env: Readonly<Record<string, string>> };
  readonly task: { readonly id: string; readonly env: Readonly<Record<string, string>> };
  readonly runId: string;
  /** Attempt of the run, from 1. */
  readonly attempt: number;
  readonly taskRunId: string;
  /** Try at the task within the attempt, from 1. */
  readonly tryNumber: number;
  /** Parameters of the run. */
  readonly params: Readonly<Record<string, string>>;
  /** Outputs of the tasks above, by task id. */
  readonly inputs: ReadonlyMap<string, Outputs>;
  /** The file that the task may write its outputs to. */
  readonly outputPath: string;
  /** The file that holds `inputs` as JSON. */
  readonly inputsPath: string;
}

/**
 * Variables of a task over those it inherits from the agent; later ones win:
 *
 * 1. `PYTHONUNBUFFERED=1`, unless the agent has it set: Python would else hold its lines back until it ends, since it
 *    writes to a pipe. It means nothing to other programs.
 * 2. `env` of the workflow, then `env` of the task.
 * 3. `CDKTR_OUTPUT_<TASK>_<KEY>` for each output of the tasks above, in upper case.
 * 4. `CDKTR_PARAM_<KEY>` for each parameter, its key in upper case.
 * 5. `CDKTR_WORKFLOW_ID`, `CDKTR_RUN_ID`, `CDKTR_ATTEMPT`, `CDKTR_TASK_ID`, `CDKTR_TASK_RUN_ID`, `CDKTR_TRY`, and the
 *    paths `CDKTR_OUTPUT` and `CDKTR_INPUTS`.
 *
 * @param inherits Whether the agent's environment has a variable.
 */
export function taskEnvironment(
  source: EnvironmentSource,
  inherits: (name: string) => boolean = (name) => Deno.env.has(name),
): Record<string, string> {
  const params = Object.entries(source.params).map(([key, value]) => [`CDKTR_PARAM_${key.toUpperCase()}`, value]);
  const inputs = [...source.inputs].flatMap(([taskId, outputs]) =>
    Object.entries(outputs).map(([key, value]) => [outputVariable(taskId, key), value])
  );
  return {
    ...(inherits("PYTHONUNBUFFERED") ? {} : { PYTHONUNBUFFERED: "1" }),
    ...source.workflow.env,
    ...source.task.env,
    ...Object.fromEntries(inputs),
    ...Object.fromEntries(params),
    CDKTR_WORKFLOW_ID: source.workflow.id,
    CDKTR_RUN_ID: source.runId,
    CDKTR_ATTEMPT: String(source.attempt),
    CDKTR_TASK_ID: source.task.id,
    [taskRunVariable]: source.taskRunId,
    CDKTR_TRY: String(source.tryNumber),
    CDKTR_OUTPUT: source.outputPath,
    CDKTR_INPUTS: source.inputsPath,
  };
}

/** Names the try at a task; all processes of the try carry it, unless they clear their environment. */
export const taskRunVariable = "CDKTR_TASK_RUN_ID";
