/** Accepting a trigger. */
import type { Trigger, TriggerReply } from "./command.ts";
import type { Decision } from "./decision.ts";
import { CdktrError } from "./error.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";

/** Runs that may wait at a time. Each takes about a kilobyte of memory. */
export const queuedRunsMax = 1_000_000;

/**
 * A trigger makes one run, unless its idempotency key was seen within a day.
 *
 * @throws {CdktrError} LIMIT_EXCEEDED when {@linkcode queuedRunsMax} runs wait already.
 */
export function trigger(state: State, command: Trigger, nowMs: number): Decision<TriggerReply> {
  const { idempotencyKey, definition } = command;
  const earlier = idempotencyKey === null ? undefined : state.runOfKey(idempotencyKey, nowMs);
  if (earlier !== undefined) return { events: [], reply: { runId: earlier, duplicate: true } };

  if (state.queue.size >= queuedRunsMax) {
    throw new CdktrError("LIMIT_EXCEEDED", `The queue is full: ${queuedRunsMax} runs wait for an agent.`, {
      hint: "Start more agents, or find out with `cdktr runs list --state PENDING` what keeps triggering.",
    });
  }

  const events: Event[] = [];
  if (state.definition(definition.hash) === undefined) {
    events.push({ type: "definition_stored", atMs: nowMs, ...definition });
  }
  events.push({
    type: "run_triggered",
    atMs: nowMs,
    runId: command.runId,
    workflowId: definition.workflowId,
    definitionHash: definition.hash,
    trigger: command.trigger,
    params: command.params,
    idempotencyKey,
    requires: command.requires,
    reason: command.reason,
  });
  return { events, reply: { runId: command.runId, duplicate: false } };
}
