/** The environment variables of a task. */

/** What the variables are made from. */
export interface EnvironmentSource {
  readonly workflow: { readonly id: string; readonly env: Readonly<Record<string, string>> };
  readonly task: { readonly id: string; readonly env: Readonly<Record<string, string>> };
  readonly runId: string;
  /** Attempt of the run, from 1. */
  readonly attempt: number;
  /** Parameters of the run. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Variables of a task over those it inherits from the agent; later ones win:
 *
 * 1. `PYTHONUNBUFFERED=1`, unless the agent has it set: Python would else hold its lines back until it ends, since it
 *    writes to a pipe. It means nothing to other programs.
 * 2. `env` of the workflow, then `env` of the task.
 * 3. `CDKTR_WORKFLOW_ID`, `CDKTR_RUN_ID`, `CDKTR_TASK_ID`, `CDKTR_ATTEMPT`, and `CDKTR_PARAM_<KEY>` for each parameter,
 *    its key in upper case.
 *
 * @param inherits Whether the agent's environment has a variable.
 */
export function taskEnvironment(
  source: EnvironmentSource,
  inherits: (name: string) => boolean = (name) => Deno.env.has(name),
): Record<string, string> {
  const params = Object.entries(source.params).map(([key, value]) => [`CDKTR_PARAM_${key.toUpperCase()}`, value]);
  return {
    ...(inherits("PYTHONUNBUFFERED") ? {} : { PYTHONUNBUFFERED: "1" }),
    ...source.workflow.env,
    ...source.task.env,
    CDKTR_WORKFLOW_ID: source.workflow.id,
    CDKTR_RUN_ID: source.runId,
    CDKTR_TASK_ID: source.task.id,
    CDKTR_ATTEMPT: String(source.attempt),
    ...Object.fromEntries(params),
  };
}
