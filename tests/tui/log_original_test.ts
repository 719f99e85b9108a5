import assert from "node:assert/strict";
import { OriginalLogs } from "../../src/tui/log_original.ts";
import type { LogSelection } from "../../src/tui/log_source.ts";
import { PrincipalScene } from "../cli/principal_scene.ts";
import { FakeClock } from "../fake_clock.ts";

Deno.test("lines of an original principal are read back from its formatted ones, filters and all", async () => {
  await using scene = await PrincipalScene.start({});
  const clock = new FakeClock();
  const timeMs = clock.nowMs();
  scene.print("brave-run", "one", { timeMs, taskName: "Load it" });
  scene.print("brave-run", "Two [odd] = 2", { timeMs: timeMs + 1, stream: "stderr" });
  scene.print("other-run", "three", { timeMs: timeMs + 2 });
  await scene.client.call("LOGS", { order: "newest", limit: 1 });
  clock.advance(1000);
  const source = new OriginalLogs(scene.client, clock);
  const { signal } = new AbortController();
  const request = { order: "newest", after: null, limit: 10 } as const;
  const ofRun: LogSelection = { workflowId: "etl", runId: "brave-run", tasks: null, levels: null };
  const { lines, mayHaveMore } = await source.page(ofRun, request, signal);
  assert.equal(mayHaveMore, false);
  assert.deepEqual(lines.at(-1), {
    workflowId: "etl",
    workflowName: "ETL",
    runId: "brave-run",
    taskName: "Load it",
    taskRunId: "load-1",
    timestampMs: timeMs,
    level: "INFO",
    payload: "STDOUT one",
  });
  const payloads = async (change: Partial<LogSelection>, contains?: string) => {
    const found = await source.page(
      { ...ofRun, ...change },
      contains === undefined ? request : { ...request, contains },
      signal,
    );
    return found.lines.map(({ payload }) => payload);
  };
  assert.deepEqual(await payloads({}), ["STDERR Two [odd] = 2", "STDOUT one"]);
  assert.deepEqual(await payloads({ levels: ["ERROR"] }), ["STDERR Two [odd] = 2"]);
  assert.deepEqual(await payloads({}, "two"), ["STDERR Two [odd] = 2"]);
});
