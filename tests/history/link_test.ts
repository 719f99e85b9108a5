import assert from "node:assert/strict";
import { line, lines, openHistory, Problems, withDirectory } from "./fixtures.ts";

function spawn(module: string): () => Worker {
  return () => new Worker(new URL(module, import.meta.url), { type: "module" });
}

Deno.test("an error nobody caught in the worker: opened again, every row stored once, running queries told", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const problems = new Problems();
    await using history = await openHistory({
      path,
      onProblem: problems.add,
      spawnWorker: spawn("./stumbling_worker.ts"),
    });
    history.appendLogs(lines(3_000));
    await history.flush();
    history.appendLogs([line("stumble")]);
    history.appendLogs(lines(3_000));
    await history.flush();
    assert.deepEqual(problems.codes, ["RESTARTED", "RECOVERED"]);
    const expected = [...lines(3_000), line("stumble"), ...lines(3_000)].map((row) => row.payload);
    assert.deepEqual((await history.queryLogs()).map((row) => row.payload), expected);
    assert.equal(history.health.state, "ok");
  });
});

Deno.test("a worker that ends for good: history says so, takes rows without error, and closes", async () => {
  const problems = new Problems();
  const history = await openHistory({
    path: ":memory:",
    onProblem: problems.add,
    spawnWorker: spawn("./dying_worker.ts"),
  });
  history.appendLogs([line("die")]);
  history.flush().catch(() => {});
  await problems.until("ENDED");
  assert.equal(history.health.state, "ended");
  history.appendLogs(lines(10));
  await assert.rejects(history.queryLogs(), { code: "STORAGE" });
  await history.close();
  assert.deepEqual(problems.codes, ["ENDED", "ROWS_DROPPED"]);
});

Deno.test("a worker that cannot be started is an error of opening", async () => {
  await assert.rejects(openHistory({ path: ":memory:", spawnWorker: spawn("./missing_worker.ts") }), {
    code: "INTERNAL",
    message: /could not be started/,
  });
});

Deno.test("one process opens a file once at a time, however its path is written", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const history = await openHistory({ path });
    const refusal = { code: "STORAGE", message: /open in this process already/ };
    await assert.rejects(openHistory({ path }), refusal);
    await assert.rejects(openHistory({ path: `${directory}/../${directory.split("/").at(-1)}/app.db` }), refusal);
    await Deno.symlink(path, `${directory}/link.db`);
    await assert.rejects(openHistory({ path: `${directory}/link.db` }), refusal);
    await history.close();
    await (await openHistory({ path })).close();
  });
});
