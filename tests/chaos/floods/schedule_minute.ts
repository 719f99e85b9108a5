/** Very many schedules that are all due at once. */
import { ok } from "node:assert/strict";
import { Fleet } from "../fleet.ts";
import { Load } from "../load.ts";
import { same } from "../same.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { singleTask } from "../workflows.ts";

const schedules = { quick: 200, long: 2_000 };
/** From the start of the principal to the time they are due, at least: it has to read them first. */
const aheadMs = { quick: 8_000, long: 25_000 };
/** A schedule is so late at most when all are due at once. */
const lateMaxMs = 10_000;
const growthMaxMiB = 250;
const slots = 8;

export const scheduleMinute: Scenario = {
  name: "schedules due at once",
  promise: "schedules that are all due at once each trigger exactly one run, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const count = isLong ? schedules.long : schedules.quick;
  await using fleet = await Fleet.make();
  const due = new Date(Math.ceil((Date.now() + (isLong ? aheadMs.long : aheadMs.quick)) / 1_000) * 1_000);
  // Second, minute, hour, day and month, in UTC: once, and not again within the test.
  const cron = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ` +
    `${due.getUTCMonth() + 1} *`;
  for (let index = 0; index < count; index++) {
    await fleet.place.write(`s${index}`, singleTask("true", `cron: "${cron}"`));
  }
  await fleet.startPrincipal({ scheduler: true });
  await fleet.startAgent("a", { slots });
  await using client = fleet.client({ timeoutMs: 30_000 });
  const load = new Load(client);
  const { figures } = await watchOthers(fleet, { growthMaxMiB }, async () => {
    ok(Date.now() < due.getTime(), "reading the schedules took too long to watch them be due");
    await pause(due.getTime() - Date.now() + 500);
    await load.scheduledEnded(count);
  });
  const runs = (await load.list()).filter(({ trigger }) => trigger === "cron");
  same(runs.length, count, "runs that schedules triggered");
  same(new Set(runs.map(({ workflowId }) => workflowId)).size, count, "schedules that triggered");
  let latestMs = 0;
  for (const { idempotencyKey, workflowId, triggeredAtMs, state } of runs) {
    same(idempotencyKey, `cron:${workflowId}:${due.getTime()}`, "key of a scheduled run");
    same(state, "COMPLETED", `state of the run of ${workflowId}`);
    latestMs = Math.max(latestMs, triggeredAtMs - due.getTime());
  }
  ok(latestMs <= lateMaxMs, `a schedule was ${latestMs} ms late`);
  await fleet.end();
  return {
    done: `${count} schedules were due in the same second`,
    counts: { runs: runs.length, latestMs, ...figures },
    lost: count - runs.length,
  };
}
