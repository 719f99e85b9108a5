/** A copy of the data directory can be put back as docs/operations.md describes. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { History } from "../../src/history/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { call, temporaryDirectory } from "../cli/call.ts";
import { oneTask } from "../cli/principal_scene.ts";

/** A data directory in which workflows are run one after the other, without a principal that stays. */
async function place() {
  const directory = await temporaryDirectory();
  const kept = `${directory.path}/kept`;
  await Deno.writeTextFile(`${directory.path}/hello.yml`, oneTask);
  const run = async () => {
    const { exitCode, stdout, stderr } = await call(["run", `${directory.path}/hello.yml`], {
      workingDirectory: directory.path,
      environment: { CDKTR_APP_DATA_DIRECTORY: kept },
    });
    assert.equal(exitCode, 0, stderr);
    const [, runId = ""] = /\(run ([0-9a-f-]{36})\)/.exec(`${stdout}${stderr}`) ?? [];
    assert.notEqual(runId, "");
    return runId;
  };
  return { ...directory, kept, run };
}

/** The ids of runs, sorted: those the journal knows, and those of which the history tells how they ended. */
async function runsKnown(kept: string): Promise<{ journal: string[]; history: string[] }> {
  const journal = SqliteJournal.open(`${kept}/state.db`);
  const { runs } = await journal.runs({ limit: 100 });
  await journal.close();
  const history = await History.open({ path: `${kept}/app.db`, clock: systemClock, onProblem: () => {} });
  const { rows } = await history.sql("SELECT run_id FROM runs WHERE state = 'COMPLETED' ORDER BY 1");
  await history.close();
  return { journal: runs.map(({ runId }) => runId).sort(), history: rows.map(([runId]) => String(runId)) };
}

/** Puts a copy of a directory, of which nothing is in use, in the place of another. */
async function putInPlace(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success);
}

Deno.test("a copy of the data directory that is put back knows what it knew, and goes on from there", async () => {
  await using here = await place();
  const first = await here.run();
  await putInPlace(here.kept, `${here.path}/backup`);
  await here.run();
  await putInPlace(`${here.path}/backup`, here.kept);
  const third = await here.run();
  assert.deepEqual(await runsKnown(here.kept), { journal: [first, third], history: [first, third] });
});

Deno.test("an older journal beside a newer history goes on behind it, and loses nothing of what is decided now", async () => {
  await using here = await place();
  const first = await here.run();
  await Deno.copyFile(`${here.kept}/state.db`, `${here.path}/state.db`);
  const second = await here.run();
  await Deno.copyFile(`${here.path}/state.db`, `${here.kept}/state.db`);
  const third = await here.run();
  assert.deepEqual(await runsKnown(here.kept), { journal: [first, third], history: [first, second, third] });
});

Deno.test("without its journal a principal begins anew, and the history still tells of what was before", async () => {
  await using here = await place();
  const first = await here.run();
  await Deno.remove(`${here.kept}/state.db`);
  const second = await here.run();
  assert.deepEqual(await runsKnown(here.kept), { journal: [second], history: [first, second] });
});

Deno.test("a history that was moved away is made anew from the journal", async () => {
  await using here = await place();
  const first = await here.run();
  await Deno.remove(`${here.kept}/app.db`);
  const second = await here.run();
  assert.deepEqual(await runsKnown(here.kept), { journal: [first, second], history: [first, second] });
});
