/** `cdktr runs`: what ran and runs, and steering it. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Block, specification } from "../specification.ts";
import type { Spot } from "../outsider.ts";

/** States of the tasks of a run, such as `load FAILED`, in order. */
async function taskStates(place: Spot, runId: string): Promise<string[]> {
  const { tasks } = await place.readJson(["runs", "show", runId]);
  return tasks.map(({ taskId, state }: Record<string, string>) => `${taskId} ${state}`).sort();
}

export const runs: Block = {
  hundred: 4,
  title: "cdktr runs",
  specifications: [
    specification(
      401,
      "`runs list` shows runs, newest first, and by state, workflow, trigger and time",
      ["runs list", 0],
      async (outsider) => {
        const place = await outsider.served();
        const well = await place.triggerToEnd("hello");
        const badly = await place.triggerToEnd("fails");
        const listed = async (...args: string[]) => {
          const { runs } = await place.readJson(["runs", "list", "-n", "1000", ...args]);
          return runs.map(({ runId }: { runId: string }) => runId).filter((id: string) => id === well || id === badly);
        };
        deepEqual(await listed(), [badly, well]);
        deepEqual(await listed("--state", "failed,crashed"), [badly]);
        deepEqual(await listed("--workflow", "hello", "--trigger", "manual", "--since", "1h"), [well]);
        deepEqual(await listed("--until", "1h"), []);
        deepEqual(await listed("--trigger", "cron"), []);
        const table = await place.read(["runs", "list", "-n", "1000"]);
        match(table, /^RUN +WORKFLOW +STATE +TRIGGER +TRIGGERED +TOOK\n/);
        match(table, new RegExp(`^${badly} +fails +FAILED +manual +\\S+Z +[0-9.]+ m?s$`, "m"));
      },
    ),
    specification(
      402,
      "`runs list` tells the cursor of the next page, until there is none",
      ["runs list", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const ids = await Promise.all([place.trigger("hello"), place.trigger("hello"), place.trigger("hello")]);
        const { stdout, stderr } = await place.call(["runs", "list", "--limit", "2"]);
        const [, cursor = ""] = /^There are more: add --cursor (\S+)\n$/.exec(stderr) ?? [];
        const rest = await place.readJson(["runs", "list", "--cursor", cursor]);
        equal(rest.cursor, null);
        const firstPage = stdout.split("\n").slice(1, -1).map((line) => line.split(" ")[0]);
        deepEqual([...firstPage, rest.runs[0].runId], ids.toSorted().reverse());
      },
    ),
    specification(
      403,
      "`runs show` tells of a run, its tasks, their outputs, and why what failed did",
      ["runs show", 0],
      async (outsider) => {
        const place = await outsider.served();
        const stdout = await place.read(["runs", "show", await place.triggerToEnd("fails")]);
        match(stdout, /^Workflow +fails \(For a test\)$/m);
        match(stdout, /^State +FAILED$/m);
        match(stdout, /^Reason +task "load" failed: exited with code 3$/m);
        match(stdout, /^load +FAILED +\S+ m?s +3 +1 +exited with code 3$/m);
        match(stdout, /^report +SKIPPED /m);
        match(stdout, /^fetch +rows +12$/m);
      },
    ),
    specification(
      404,
      "A run is named by any beginning of its id that no other has",
      ["runs show", 0, 2, 3, "AMBIGUOUS", "NOT_FOUND"],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const [one = "", other = ""] = [await place.trigger("hello"), await place.trigger("hello")];
        const common = [...one].findIndex((char, at) => char !== other[at]);
        equal((await place.readJson(["runs", "show", one.slice(0, common + 1)])).runId, one);
        const { code, stderr } = await place.call(["runs", "show", one.slice(0, common)]);
        equal(code, 2);
        ok(stderr.includes(one) && stderr.includes(other), stderr);
        equal((await place.call(["runs", "show", "ffffffff"])).code, 3);
      },
    ),
    specification(
      405,
      "`runs show --timeline` draws when each task ran, in ASCII where asked to or where the locale has no more",
      ["runs show", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("hello");
        const inAscii = await place.read(["runs", "show", runId, "--timeline", "--ascii"]);
        match(inAscii, /^\S+ Task greet .*#.* m?s$/m);
        match(inAscii, /^[\x20-\x7e\n]+$/);
        equal((await place.call(["runs", "show", runId, "--timeline"], { LC_ALL: "C" })).stdout, inAscii);
        match((await place.call(["runs", "show", runId, "--timeline"], { LC_ALL: "C.UTF-8" })).stdout, /█/);
      },
    ),
    specification(
      406,
      "`runs show --json` is one object with the run, its tasks and its earlier attempts",
      ["runs show", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("dated", ["-p", "day=2026-03-01"]);
        const shown = await place.readJson(["runs", "show", runId]);
        deepEqual([shown.runId, shown.state, shown.attempt, shown.earlier], [runId, "COMPLETED", 1, []]);
        deepEqual([shown.trigger, shown.params], ["manual", { day: "2026-03-01", table: "orders" }]);
        deepEqual(shown.tasks.map(({ exitCode, tryNumber }: Record<string, number>) => [exitCode, tryNumber]), [[
          0,
          1,
        ]]);
      },
    ),
    specification(
      407,
      "`runs watch RUN` prints each change as a line until the end, and exits 0 if the run completed, else 1",
      ["runs watch", 0, 1],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        const watch = place.start(["runs", "watch", runId]);
        await watch.printed(/^\S+ task only RUNNING$/);
        await held.begun();
        await held.release();
        const { code, stdout } = await watch.exit();
        equal(code, 0);
        match(stdout, /^\S+ task only COMPLETED in .*\n\S+ task after [^]*\n\S+ run \S+ COMPLETED in [^\n]*\n$/m);
        equal((await place.call(["runs", "watch", await place.trigger("fails")])).code, 1);
      },
    ),
    specification(
      408,
      "`runs watch` without a run tells of all that are under way, with --json an object a line, until Ctrl-C",
      ["runs watch", 130],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        const watch = place.start(["runs", "watch", "--json"]);
        await watch.printed(new RegExp(`"runId":"${runId}"`));
        await held.release();
        await watch.printed(new RegExp(`"runId":"${runId}".*"state":"COMPLETED"`));
        const { code, stdout } = await watch.end("SIGINT");
        equal(code, 130);
        for (const line of stdout.trim().split("\n")) equal(JSON.parse(line).type, "run");
      },
    ),
    specification(
      409,
      "`runs cancel` ends a run that goes on and one that waits, and tells the reason it was given",
      ["runs cancel", "runs show", 0],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const running = await place.trigger("held", held.args);
        const { pid, childPid } = await held.begun();
        equal(
          await place.read(["runs", "cancel", running, "--reason", "wrong day"]),
          `${running} is being cancelled\n`,
        );
        equal(await place.endOf(running), "CANCELLED");
        match(await place.read(["runs", "show", running]), /^Reason +.*wrong day$/m);
        for (const ended of [pid, childPid]) await place.gone(ended);
        const waiting = await place.trigger("labelled");
        equal(await place.read(["runs", "cancel", waiting]), `${waiting} is cancelled\n`);
      },
    ),
    specification(
      410,
      "`runs cancel --task` ends one task: what depends on it is skipped, the rest goes on, and the run fails",
      ["runs cancel", 0],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        const { outcome } = await place.readJson(["runs", "cancel", runId, "--task", "only"]);
        equal(outcome, "requested");
        equal(await place.endOf(runId), "FAILED");
        deepEqual(await taskStates(place, runId), ["after SKIPPED", "only CANCELLED"]);
      },
    ),
    specification(
      411,
      "A run that has ended cannot be cancelled or paused, and one that has not cannot be retried",
      ["runs cancel", "runs pause", "runs retry", 1, "CONFLICT"],
      async (outsider) => {
        const place = await outsider.served();
        const ended = await place.triggerToEnd("hello");
        const waiting = await place.trigger("labelled");
        for (const args of [["cancel", ended], ["pause", ended], ["retry", waiting]]) {
          const { code, stdout, stderr } = await place.call(["runs", ...args]);
          deepEqual([code, stdout], [1, ""]);
          match(stderr, /^error\[CONFLICT\]: [^\n]+\n/);
        }
        await place.read(["runs", "cancel", waiting]);
      },
    ),
    specification(
      412,
      "`runs retry` runs again what did not complete, in a new attempt of the same run",
      ["runs retry", 0],
      async (outsider) => {
        const place = await outsider.served();
        const folder = await place.folder();
        const runId = await place.triggerToEnd("mendable", ["-p", `place=${folder}`]);
        await Deno.writeTextFile(`${folder}/mended`, "");
        match(await place.read(["runs", "retry", runId]), /^\S+ waits for its attempt 2, and keeps 1 task\n$/);
        equal(await place.endOf(runId), "COMPLETED");
        equal(await Deno.readTextFile(`${folder}/ran`), "first\nload\nload\nlast\n");
      },
    ),
    specification(
      413,
      "`runs retry --from TASK` runs that task again though it completed, and all that depends on it",
      ["runs retry", 0],
      async (outsider) => {
        const place = await outsider.served();
        const folder = await place.folder();
        await Deno.writeTextFile(`${folder}/mended`, "");
        const runId = await place.triggerToEnd("mendable", ["-p", `place=${folder}`]);
        const { code, stdout } = await place.call(["runs", "retry", runId, "--from", "load", "--wait", "--json"]);
        equal(code, 0);
        deepEqual([JSON.parse(stdout).attempt, JSON.parse(stdout).state], [2, "COMPLETED"]);
        equal(await Deno.readTextFile(`${folder}/ran`), "first\nload\nlast\nload\nlast\n");
      },
    ),
    specification(
      414,
      "`runs retry --wait` exits 1 if the run failed again, and 6 if its --timeout was over first",
      ["runs retry", 1, 6, "TIMED_OUT"],
      async (outsider) => {
        const place = await outsider.served();
        const args = ["-p", `place=${await place.folder()}`];
        equal((await place.call(["runs", "retry", await place.triggerToEnd("mendable", args), "--wait"])).code, 1);
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        await held.release();
        equal(await place.endOf(runId), "COMPLETED");
        const again = await place.call(["runs", "retry", runId, "--from", "only", "--wait", "--timeout", "300ms"]);
        equal(again.code, 6, again.stderr);
        await held.begun();
        await place.read(["runs", "cancel", runId]);
        equal(await place.endOf(runId), "CANCELLED");
      },
    ),
    specification(
      415,
      "A paused run that waits is given to no agent until it is resumed",
      ["runs pause", "runs resume", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const paused = await place.trigger("hello");
        equal(await place.read(["runs", "pause", paused, "--reason", "moving"]), `${paused} is paused\n`);
        equal(await place.read(["runs", "pause", paused]), `${paused} is paused already\n`);
        await place.startAgent();
        await place.triggerToEnd("hello");
        match(await place.read(["runs", "show", paused]), /^State +PENDING, paused$/m);
        equal(await place.read(["runs", "resume", paused]), `${paused} is resumed\n`);
        equal(await place.endOf(paused), "COMPLETED");
      },
    ),
    specification(
      416,
      "Of a paused run that an agent has what runs is finished, and no further task starts until it is resumed",
      ["runs pause", "runs resume", 0],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        equal((await place.readJson(["runs", "pause", runId])).outcome, "requested");
        const watch = place.start(["runs", "watch", runId]);
        await watch.printed(/^\S+ task only RUNNING$/);
        // What is wished reaches the agent with an answer; one to a later run comes after it.
        await place.triggerToEnd("hello");
        await held.release();
        await watch.printed(/^\S+ task only COMPLETED/);
        await place.triggerToEnd("hello");
        match((await taskStates(place, runId)).join(), /^after (null|PENDING),only COMPLETED$/);
        await place.read(["runs", "resume", runId]);
        equal((await watch.exit()).code, 0);
      },
    ),
  ],
};
