import assert from "node:assert/strict";
import { systemClock } from "../../../src/clock/mod.ts";
import { History, type LogRow } from "../../../src/history/mod.ts";
import { HistoryCleaning } from "../../../src/principal/upkeep/history_cleaning.ts";
import { FakeClock, turn } from "../../fake_clock.ts";
import { workflowOf } from "../scene.ts";

const dayMs = 86_400_000;
const forever = { ageMs: null, bytes: null };

function lineOf(workflowId: string, timestampMs: number): LogRow {
  const run = { workflowId, workflowName: workflowId, runId: "r", taskName: "T", taskRunId: "t" };
  return { ...run, timestampMs, level: "INFO", payload: "STDOUT hi" };
}

/** Two workflows with a line ten days old each, and a cleaning that has begun. */
async function begin(logRetention: { ageMs: number | null; bytes: number | null }) {
  const clock = new FakeClock();
  const history = await History.open({ path: ":memory:", clock: systemClock, onProblem: () => {} });
  const told: string[] = [];
  const tell = (sentence: string) => void told.push(sentence);
  const cleaning = new HistoryCleaning({
    ...{ history, clock, logRetention, archiveRetention: forever },
    workflows: { list: () => [workflowOf("brief", "log_retention: 2d"), workflowOf("plain")] },
    report: { info: tell, warn: tell, error: tell },
  });
  const oldMs = clock.nowMs() - 10 * dayMs;
  history.appendLogs([lineOf("brief", oldMs), lineOf("plain", oldMs), lineOf("brief", clock.nowMs())]);
  await history.flush();
  const left = async () => (await history.queryLogs()).map(({ workflowId }) => workflowId);
  return { clock, history, cleaning, told, left };
}

Deno.test("what is older than its workflow, else the setting, keeps it is removed", async () => {
  const { history, cleaning, left } = await begin({ ageMs: 30 * dayMs, bytes: null });
  await using _ = history;
  assert.equal((await cleaning.clean()).deletedLines, 1);
  assert.deepEqual(await left(), ["plain", "brief"]);
});

Deno.test("it is done by itself, and told", async () => {
  const { clock, history, cleaning, told, left } = await begin({ ageMs: 5 * dayMs, bytes: null });
  await using _ = history;
  cleaning.start();
  clock.advance(5 * 60_000);
  for (let tries = 0; told.length === 0; tries++) {
    assert.ok(tries < 10_000, "something is told");
    await turn();
  }
  assert.match(told[0] ?? "", /cleaned the history: 0 log lines archived, 2 deleted/);
  assert.deepEqual(await left(), ["brief"]);
  await cleaning.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("a history that is not to be written is not cleaned either", async () => {
  const { history, cleaning } = await begin({ ageMs: dayMs, bytes: null });
  await using _ = history;
  history.pause("the disk is nearly full");
  await assert.rejects(cleaning.clean(), { code: "STORAGE" });
});
