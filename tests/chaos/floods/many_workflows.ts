/** Very many files in the workflow directory, written while the principal runs and read again when it starts. */
import { ok } from "node:assert/strict";
import { Fleet } from "../fleet.ts";
import { same } from "../same.ts";
import { type Outcome, type Scenario, type Stage, until } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { singleTask } from "../workflows.ts";

const files = { quick: 1_000, long: 10_000 };
/** What a workflow may cost in memory, in KiB, with what is needed to read it. */
const growthMaxKiBEach = 60;
const growthFineMiB = 150;
const knownLimitMs = 120_000;
const startMaxMs = { quick: 20_000, long: 60_000 };
/** Written together. */
const batch = 100;

export const manyWorkflows: Scenario = {
  name: "workflows",
  promise: "very many workflows that appear while the principal runs are all found, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const count = isLong ? files.long : files.quick;
  await using fleet = await Fleet.make();
  const { place } = fleet;
  await fleet.startPrincipal();
  const growthMaxMiB = Math.max(growthFineMiB, count * growthMaxKiBEach / 1_024);
  const { brought, figures } = await watchOthers(fleet, { growthMaxMiB }, async () => {
    const beganMs = performance.now();
    for (let first = 0; first < count; first += batch) {
      await Promise.all(
        Array.from({ length: batch }, (_, index) => place.write(`w${first + index}`, singleTask("true"))),
      );
    }
    await using client = fleet.client({ timeoutMs: 30_000 });
    await until("every workflow to be known", knownLimitMs, async () => await knownOf(client) === count + 1);
    return Math.round(performance.now() - beganMs);
  });
  await fleet.end();
  const beganMs = performance.now();
  await fleet.startPrincipal();
  const startMs = Math.round(performance.now() - beganMs);
  await using client = fleet.client({ timeoutMs: 30_000 });
  same(await knownOf(client), count + 1, "workflows after a restart");
  ok(startMs <= (isLong ? startMaxMs.long : startMaxMs.quick), `a start with ${count} workflows took ${startMs} ms`);
  await fleet.end();
  return {
    done: `${count} files were written into the directory`,
    counts: { workflows: count, knownAfterMs: brought, startMs, ...figures },
    lost: 0,
  };
}

/** How many workflows the principal knows. */
async function knownOf(client: ReturnType<Fleet["client"]>): Promise<number> {
  return (await client.call("STATUS", {})).workflowCount;
}
