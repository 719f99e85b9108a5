/** What the pages tell people to type can be typed, and a copy of the data directory can be put back as described. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { History } from "../../src/history/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { call, temporaryDirectory } from "../cli/call.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { argumentsOf, endless } from "../cli/shell_line.ts";

const pages = ["README.md", "docs/cli.md", "docs/operations.md", "docs/tui.md"];

/** The lines that call cdktr in the shell blocks of a page. */
async function commandsIn(page: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../../${page}`, import.meta.url));
  const blocks = [...text.matchAll(/^```(?:sh)?\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => [...block.matchAll(/^(?:\$ )?(cdktr .*)$/gm)].map(([, line = ""]) => line));
}

Deno.test("every command that a page of the documentation shows can be typed", async (t) => {
  await using scene = await PrincipalScene.start({ "etl.daily": oneTask, daily: oneTask });
  await using directory = await temporaryDirectory();
  const runId = await scene.trigger("etl.daily");
  for (const page of pages) {
    const commands = await commandsIn(page);
    assert.ok(commands.length > 0, `${page} shows commands`);
    for (const command of commands.filter((line) => !endless.test(line))) {
      await t.step(`${page}: ${command}`, async () => {
        const argv = argumentsOf(command).map((word) => word.replace(/^01[0-9a-f]{6}-[0-9a-f]{4}$/, runId));
        const waiting = argv.includes("--wait") ? ["--timeout", "1ms"] : [];
        const { stderr } = await scene.call([...argv, ...waiting], {
          workingDirectory: directory.path,
          environment: { CDKTR_APP_DATA_DIRECTORY: `${directory.path}/kept`, CDKTR_WORKFLOW_DIR: directory.path },
        });
        // Understood; it goes no further without a terminal.
        if (argv[0] === "ui") return assert.match(stderr, /needs a terminal/);
        assert.equal(/error\[(?:INVALID_ARGUMENT|INVALID_SETTING|INTERNAL)\].*/.exec(stderr)?.[0], undefined);
      });
    }
  }
});

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
