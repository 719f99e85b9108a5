/** From a trigger to a durable run that agents are offered. */
import { runIdRandomBytes, type TriggerKind, type TriggerReply } from "../../core/mod.ts";
import { beyondOriginal, featuresBeyondOriginal, labelOffer } from "../../wire/mod.ts";
import { resolveParams, type Workflow } from "../../workflow/definition.ts";
import { definitionOf } from "../definitions.ts";
import type { Services } from "../services.ts";

/** A wish to run a workflow. */
export interface RunWish {
  readonly workflow: Workflow;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  /** The time its schedule was due, Unix milliseconds; null when no schedule asks. */
  readonly dueMs: number | null;
  readonly reason: string;
}

/**
 * Accepts the wish and resolves once the run cannot be lost any more.
 *
 * @throws {CdktrError} INVALID_PARAMETERS when the parameters do not fit the workflow; what the ledger throws.
 */
export async function triggerRun(services: Services, wish: RunWish): Promise<TriggerReply> {
  const { ledger, clock, random, runIds, workDesk } = services;
  const { workflow, trigger, idempotencyKey, dueMs, reason } = wish;
  const params = resolveParams(workflow, wish.params);
  const { priority, overlap, onCrash } = workflow;
  const { reply, committed } = ledger.executeNow("trigger", {
    runId: runIds.next(clock.nowMs(), random.bytes(runIdRandomBytes)),
    definition: definitionOf(workflow),
    ...{ trigger, params, idempotencyKey, dueMs, reason },
    requires: needsOf(workflow, params),
    policy: { priority, overlap, onCrash },
  });
  // Offered at once: the assignment shares the trigger's commit, and nothing leaves before that. What an overlap policy
  // ended on an agent is told to it on the same occasion.
  if (overlap === "replace") workDesk.nudgeHoldersOf(workflow.id);
  workDesk.offer();
  await committed;
  return reply;
}

/** What an agent must offer to get a run of the workflow. */
function needsOf(workflow: Workflow, params: Readonly<Record<string, string>>): string[] {
  const needsMore = Object.keys(params).length > 0 || featuresBeyondOriginal(workflow).length > 0;
  return [...(needsMore ? [beyondOriginal] : []), ...workflow.labels.map(labelOffer)];
}
