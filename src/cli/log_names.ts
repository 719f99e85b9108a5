/** What log lines are chosen by: workflows by their ids, tasks by their names, which lines have, or by their ids. */
import type { PrincipalClient } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { RequestOf, WireLogLine } from "../wire/mod.ts";
import { didYouMean, workflowFromJson } from "../workflow/definition.ts";
import { shownTasks } from "./shown_tasks.ts";

/** Runs whose tasks are remembered, at most. */
const rememberedRuns = 1000;
/** Tasks that a hint lists, at most. */
const listedTasks = 20;

/** Tells of live lines whether they are of the task of this name or id. What a run calls its tasks is asked for once. */
export function ofTask(client: PrincipalClient, nameOrId: string): (line: WireLogLine) => Promise<boolean> {
  const nameByRun = new Map<string, string | null>();
  return async ({ runId, taskName }) => {
    if (taskName === nameOrId) return true;
    let name = nameByRun.get(runId);
    if (name === undefined) {
      if (nameByRun.size >= rememberedRuns) nameByRun.clear();
      try {
        name = (await tasksOfRun(client, runId)).find(({ id }) => id === nameOrId)?.name ?? null;
      } catch (error) {
        if (!(error instanceof CdktrError)) throw error;
        if (error.code !== "NOT_FOUND") return false; // Asked again at its next line.
        name = null;
      }
      nameByRun.set(runId, name);
    }
    return taskName === name;
  };
}

/** What was asked for. */
export interface LogNames {
  readonly workflow?: string | undefined;
  /** A run that exists: its id, or a unique beginning of it. */
  readonly run?: string | undefined;
  /** Its name or its id. */
  readonly task?: string | undefined;
}

/**
 * Looks whether anything is known by these names: a workflow by its file, a run or a line, a task by a definition or a line.
 *
 * @throws {CdktrError} NOT_FOUND, with what was probably meant.
 */
export async function refuseUnknownNames(client: PrincipalClient, names: LogNames): Promise<void> {
  const { workflow, run, task } = names;
  if (workflow === undefined && task === undefined) return;
  const { workflows } = await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 });
  const ids = workflows.map(({ id }) => id);
  if (workflow !== undefined && !ids.includes(workflow) && !await hadRuns(client, workflow)) {
    throw new CdktrError("NOT_FOUND", `There is no workflow with the id ${JSON.stringify(workflow)}.`, {
      hint: `${didYouMean(workflow, ids)} List them with \`cdktr task list\`.`.trim(),
    });
  }
  // Where there is a line, this is a single question; definitions are many.
  if (task === undefined || await hasLine(client, { workflowId: workflow, run, taskName: task })) return;
  const present = ids.filter((id) => workflow === undefined || id === workflow);
  const tasks = run === undefined ? await tasksOfWorkflows(client, present) : await tasksOfRun(client, run);
  if (tasks.some(({ id, name }) => id === task || name === task)) return;
  const owner = run !== undefined
    ? `The run ${run}`
    : workflow !== undefined
    ? `The workflow ${workflow}`
    : "No workflow";
  const verb = owner === "No workflow" ? "has a task" : "has no task";
  const taskIds = [...new Set(tasks.map(({ id }) => id))];
  const listed = taskIds.slice(0, listedTasks).join(", ");
  const hint = tasks.length === 0
    ? "`cdktr task list` lists the workflows."
    : `${didYouMean(task, tasks.flatMap(({ id, name }) => [id, name ?? id]))} There are ${listed}${
      taskIds.length > listedTasks ? ", ..." : "."
    }`;
  throw new CdktrError("NOT_FOUND", `${owner} ${verb} ${JSON.stringify(task)}.`, { hint: hint.trim() });
}

interface KnownTask {
  readonly id: string;
  readonly name: string | null;
}

async function tasksOfRun(client: PrincipalClient, run: string): Promise<KnownTask[]> {
  return shownTasks(await client.call("SHOWRUN", { run })).tasks.map(({ taskId, name }) => ({ id: taskId, name }));
}

async function tasksOfWorkflows(client: PrincipalClient, ids: readonly string[]): Promise<KnownTask[]> {
  const tasks: KnownTask[] = [];
  for (const workflowId of ids) {
    tasks.push(...workflowFromJson((await client.call("SHOWWORKFLOW", { workflowId })).workflow).tasks);
  }
  return tasks;
}

/** Lines are kept longer than runs. */
async function hadRuns(client: PrincipalClient, workflowId: string): Promise<boolean> {
  const { runs } = await client.call("RUNS", { workflowId, limit: 1 });
  return runs.length > 0 || await hasLine(client, { workflowId });
}

async function hasLine(client: PrincipalClient, of: Pick<RequestOf<"LOGS">, "workflowId" | "run" | "taskName">) {
  return (await client.call("LOGS", { ...of, order: "newest", limit: 1 })).lines.length > 0;
}
