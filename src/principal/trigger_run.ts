/** From a trigger to a durable run that agents are offered. */
import { runIdRandomBytes, type TriggerKind, type TriggerReply } from "../core/mod.ts";
import { beyondOriginal, featuresBeyondOriginal } from "../wire/mod.ts";
import type { Workflow } from "../workflow/mod.ts";
import { definitionOf } from "./definitions.ts";
import type { Services } from "./services.ts";

/** A wish to run a workflow. */
export interface RunWish {
  readonly workflow: Workflow;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  readonly reason: string;
}

/** Accepts the wish and resolves once the run cannot be lost any more. */
export async function triggerRun(services: Services, wish: RunWish): Promise<TriggerReply> {
  const { ledger, clock, random, runIds, workDesk } = services;
  const needsMore = Object.keys(wish.params).length > 0 || featuresBeyondOriginal(wish.workflow).length > 0;
  const { reply, committed } = ledger.executeNow("trigger", {
    runId: runIds.next(clock.nowMs(), random.bytes(runIdRandomBytes)),
    definition: definitionOf(wish.workflow),
    trigger: wish.trigger,
    params: wish.params,
    idempotencyKey: wish.idempotencyKey,
    requires: needsMore ? [beyondOriginal] : [],
    reason: wish.reason,
  });
  // Offered at once: the assignment shares the trigger's commit, and nothing leaves before that.
  workDesk.offer();
  await committed;
  return reply;
}
