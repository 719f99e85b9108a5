/** Accepting a trigger, and bringing a run back that has ended. */
import type { Retry, RetryReply, Trigger, TriggerReply } from "./command.ts";
import type { Decision } from "./decision.ts";
import { cancelRun } from "./end.ts";
import { CdktrError } from "./error.ts";
import type { Event } from "./event.ts";
import { tasksKept } from "./kept.ts";
import { type Definition, isFinal } from "./run.ts";
import type { State } from "./state.ts";

/** Runs that may be in progress at a time. Each takes about a kilobyte of memory. */
export const runsInProgressMax = 1_000_000;

/**
 * A trigger makes one run, unless its idempotency key was seen within a day, or another run of the workflow is in progress
 * and the overlap policy is `skip`.
 *
 * @throws {CdktrError} LIMIT_EXCEEDED when {@linkcode runsInProgressMax} runs are in progress already.
 */
export function trigger(state: State, command: Trigger, nowMs: number): Decision<TriggerReply> {
  const { runId, idempotencyKey, dueMs, definition, policy, params, requires, reason } = command;
  const earlier = idempotencyKey === null ? undefined : state.triggerOfKey(idempotencyKey, nowMs);
  if (earlier !== undefined) {
    const { runId, isSkipped } = earlier;
    return { events: [], reply: { runId, duplicate: true, skipped: isSkipped ? skippedFor(runId) : null } };
  }

  const { workflowId } = definition;
  const inTheWay = policy.overlap === "skip" ? state.firstRunOf(workflowId) : undefined;
  if (inTheWay !== undefined) {
    const skipped = skippedFor(inTheWay.runId);
    const event: Event = {
      ...{ type: "trigger_skipped", atMs: nowMs, workflowId, trigger: command.trigger, idempotencyKey, dueMs },
      ...{ blockingRunId: inTheWay.runId, reason: `${reason}, but ${skipped}` },
    };
    return { events: [event], reply: { runId: inTheWay.runId, duplicate: false, skipped } };
  }
  refuseIfFull(state);

  const replaced = policy.overlap === "replace" ? state.runsOfWorkflow(workflowId) : [];
  const events: Event[] = [
    ...storeUnlessKnown(state, definition, nowMs),
    {
      ...{ type: "run_triggered", atMs: nowMs, runId, workflowId, definitionHash: definition.hash },
      ...{ trigger: command.trigger, params, idempotencyKey, dueMs, requires, ...policy, reason },
    },
    // Not before: the last run of a definition takes it along.
    ...replaced.flatMap((run) => cancelRun(state, run, `run ${runId} of the workflow takes its place`, nowMs)),
  ];
  return { events, reply: { runId, duplicate: false, skipped: null } };
}

function skippedFor(runId: string): string {
  return `run ${runId} of the workflow had not ended, and its overlap policy is skip`;
}

/**
 * Brings a run back that has ended. What completed is kept, but for the tasks that are to run again.
 *
 * @throws {CdktrError} CONFLICT when it has not ended, or there would be nothing to run; LIMIT_EXCEEDED as for a trigger.
 */
export function retry(state: State, command: Retry, nowMs: number): Decision<RetryReply> {
  const { run, tasks, definition, rerun, reason } = command;
  const { runId, attempt } = run;
  const present = state.runs.get(runId)?.state ?? run.state;
  if (!isFinal(present)) {
    throw new CdktrError("CONFLICT", `Run ${runId} cannot be retried: it is ${present}.`, {
      hint: `Only a run that has ended can run again; \`cdktr runs cancel ${runId}\` ends it.`,
    });
  }
  if (present === "COMPLETED" && rerun.length === 0) {
    throw new CdktrError("CONFLICT", `Run ${runId} cannot be retried: it has completed, so nothing is left to run.`, {
      hint: "Name the task to begin from with --from, or trigger the workflow anew.",
    });
  }
  refuseIfFull(state);
  const kept = tasksKept(tasks, rerun);
  const event: Event = {
    ...{ type: "run_requeued", atMs: nowMs, runId, attempt, cause: "retry", kept },
    ...{ restored: { run, tasks }, reason },
  };
  return {
    events: [...storeUnlessKnown(state, definition, nowMs), event],
    reply: { attempt: attempt + 1, kept },
  };
}

function storeUnlessKnown(state: State, definition: Definition, nowMs: number): Event[] {
  if (state.definition(definition.hash) !== undefined) return [];
  return [{ type: "definition_stored", atMs: nowMs, ...definition }];
}

function refuseIfFull({ runs }: State): void {
  if (runs.size < runsInProgressMax) return;
  throw new CdktrError("LIMIT_EXCEEDED", `The queue is full: ${runsInProgressMax} runs have not ended.`, {
    hint: "Start more agents, or find out with `cdktr runs list --state PENDING` what keeps triggering.",
  });
}
