/** The verbs about runs: begin them, look at them, steer them. */
import {
  CdktrError,
  type CommandOf,
  type Definition,
  isFinal,
  type ReplyOf,
  type Run,
  type WishReply,
} from "../../core/mod.ts";
import type { ReplyTo, RequestOf } from "../../wire/mod.ts";
import { descendants, type Workflow } from "../../workflow/definition.ts";
import { type AttemptHistory, attemptsIn } from "./attempts.ts";
import { carriedOver } from "../carried_over.ts";
import { workflowOf } from "../definitions.ts";
import { findRun } from "./find_run.ts";
import type { Services } from "../services.ts";
import { triggerRun } from "./trigger_run.ts";

/** RUN */
export async function run(services: Services, request: RequestOf<"RUN">): Promise<ReplyTo<"RUN">> {
  const { workflowId, ...wish } = request;
  return await triggerRun(services, { workflow: findWorkflow(services, workflowId), ...wish });
}

/** SHOWWORKFLOW */
export function showWorkflow(
  services: Services,
  { workflowId }: RequestOf<"SHOWWORKFLOW">,
): ReplyTo<"SHOWWORKFLOW"> {
  return { workflow: findWorkflow(services, workflowId) };
}

function findWorkflow({ catalog }: Services, workflowId: string): Workflow {
  const workflow = catalog.source.get(workflowId);
  if (workflow !== undefined) return workflow;
  throw new CdktrError("NOT_FOUND", `There is no workflow with the id ${JSON.stringify(workflowId)}.`, {
    hint: "List them with `cdktr task list`; a file that is invalid shows up in `cdktr validate`.",
  });
}

/** SHOWRUN */
export async function showRun(services: Services, request: RequestOf<"SHOWRUN">): Promise<ReplyTo<"SHOWRUN">> {
  const found = await findRun(services, request.run);
  const { runId, attempt, definitionHash } = found;
  const tasks = await services.journal.tasks(runId, attempt);
  const kept = (await carriedOver(services.journal, runId, attempt)).map(({ taskId }) => taskId);
  const { earlier, waitingSinceMs } = await attemptsOf(services, found);
  const definition = await services.journal.definition(definitionHash);
  const workflow: unknown = JSON.parse(definition?.body ?? "null");
  return { run: found, tasks: [...tasks], kept, earlier: [...earlier], waitingSinceMs, workflow };
}

/** The first attempt needs no events, of which there may be many. */
async function attemptsOf({ journal }: Services, run: Run): Promise<AttemptHistory> {
  const { runId, attempt, assignedAtMs, triggeredAtMs } = run;
  const isFirst = attempt === 0 || (attempt === 1 && assignedAtMs !== null);
  if (isFirst) return { earlier: [], waitingSinceMs: triggeredAtMs };
  return attemptsIn((await journal.eventsOfRun(runId)).map(({ event }) => event));
}

/** WAITRUN */
export async function waitRun(
  services: Services,
  request: RequestOf<"WAITRUN">,
  gone: AbortSignal,
): Promise<ReplyTo<"WAITRUN">> {
  const found = await findRun(services, request.run);
  if (isFinal(found.state)) return { run: found };
  // A run that left the ledger has ended, though its end may not be durable yet.
  if (services.ledger.state.runs.has(found.runId)) await services.runWatch.wait(found.runId, request.waitMs, gone);
  else await services.ledger.settled();
  return { run: await findRun(services, found.runId) };
}

/** CANCEL */
export async function cancel(services: Services, request: RequestOf<"CANCEL">): Promise<ReplyTo<"CANCEL">> {
  const found = await findRun(services, request.run);
  const { task: taskId, reason } = request;
  if (taskId !== null) assertHasTask(workflowOf(await definitionOfRun(services, found)), found.runId, taskId);
  const outcome = await wish(services, "cancel", { runId: found.runId, taskId, reason });
  return { runId: found.runId, outcome: await told(services, found.runId, outcome, "cancelled", taskId) };
}

/** PAUSE */
export async function pause(services: Services, request: RequestOf<"PAUSE">): Promise<ReplyTo<"PAUSE">> {
  const { runId } = await findRun(services, request.run);
  const { paused, reason } = request;
  const outcome = await wish(services, "pause", { runId, paused, reason });
  if (outcome === "unchanged") return { runId, outcome };
  return { runId, outcome: await told(services, runId, outcome, paused ? "paused" : "resumed", null) };
}

/** RETRY */
export async function retry(services: Services, request: RequestOf<"RETRY">): Promise<ReplyTo<"RETRY">> {
  const { journal, ledger, workDesk } = services;
  const { fromTask, reason } = request;
  // What is decided and not written yet could make the journal's word on the run an old one.
  await ledger.settled();
  const found = await findRun(services, request.run);
  const { runId } = found;
  const definition = await definitionOfRun(services, found);
  const workflow = workflowOf(definition);
  if (fromTask !== null) assertHasTask(workflow, runId, fromTask);
  const { reply, committed } = ledger.executeNow("retry", {
    run: found,
    tasks: await journal.tasks(runId, found.attempt),
    definition,
    rerun: fromTask === null ? [] : [fromTask, ...descendants(workflow.tasks, fromTask)],
    reason,
  });
  workDesk.offer();
  await committed;
  return { runId, attempt: reply.attempt, kept: [...reply.kept] };
}

/** Decides a wish about a run and tells its agent, or hands out what it set free. */
async function wish<T extends "cancel" | "pause">(
  { ledger, workDesk }: Services,
  type: T,
  command: CommandOf<T>,
): Promise<ReplyOf<T>> {
  const { reply, committed } = ledger.executeNow<T>(type, command);
  workDesk.nudgeHolderOf(command.runId);
  workDesk.offer();
  await committed;
  return reply;
}

/** What became of a wish, for whoever had it. */
async function told(
  services: Services,
  runId: string,
  reply: WishReply,
  participle: string,
  taskId: string | null,
): Promise<"done" | "requested"> {
  const subject = taskId === null ? `Run ${runId}` : `Task ${JSON.stringify(taskId)} of run ${runId}`;
  switch (reply) {
    case "done":
    case "requested":
      return reply;
    case "cannot_reach_agent": {
      const { agentId } = await findRun(services, runId);
      throw new CdktrError(
        "CONFLICT",
        `${subject} cannot be ${participle}: its agent ${agentId} is an original cdktr.`,
        {
          hint: "An original agent takes no such order; end the task's process on its host.",
        },
      );
    }
    case "not_in_progress": {
      const { state } = await findRun(services, runId);
      throw new CdktrError("CONFLICT", `${subject} cannot be ${participle}: the run has ended ${state}.`);
    }
    case "task_has_ended":
      throw new CdktrError("CONFLICT", `${subject} cannot be ${participle}: it has ended already.`);
  }
}

function assertHasTask({ id, tasks }: Workflow, runId: string, taskId: string): void {
  if (tasks.some((task) => task.id === taskId)) return;
  throw new CdktrError("NOT_FOUND", `The workflow ${id} of run ${runId} has no task ${JSON.stringify(taskId)}.`, {
    hint: `Its tasks are ${tasks.slice(0, 20).map((task) => task.id).join(", ")}${tasks.length > 20 ? ", ..." : "."}`,
  });
}

async function definitionOfRun({ journal }: Services, { runId, definitionHash }: Run): Promise<Definition> {
  const definition = await journal.definition(definitionHash);
  if (definition !== undefined) return definition;
  throw new CdktrError("INTERNAL", `The definition of run ${runId} is gone.`);
}
