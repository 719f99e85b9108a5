/** `cdktr task`: what a principal can run, and running it there. */
import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { shellWorkflow } from "../../system/workflows.ts";
import { type Block, specification } from "../specification.ts";

export const task: Block = {
  hundred: 3,
  title: "cdktr task",
  specifications: [
    specification(
      301,
      "`task list` shows the workflows with their schedules, one a line below a heading",
      ["task list", 0],
      async (outsider) => {
        const place = await outsider.place();
        const yaml = shellWorkflow({ only: { run: "true" } });
        await place.write("daily", `cron: "0 6 * * *"\ntimezone: Europe/Berlin\n${yaml}`);
        await place.startPrincipal();
        const stdout = await place.read(["task", "list"]);
        match(stdout, /^WORKFLOW +NAME +SCHEDULE +TIMEZONE +NEXT +TASKS\n/);
        match(stdout, /^daily +For a test +0 6 \* \* \* +Europe\/Berlin +\S+T06:00:00\S* +1$/m);
        match(stdout, /^hello +For a test +2$/m);
      },
    ),
    specification(
      302,
      "`task list --json` prints the same, and the problems of files that cannot be used",
      ["task list", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("broken", "name: Broken\n");
        await place.startPrincipal();
        const { workflows, problems } = await place.readJson(["task", "list"]);
        equal(workflows.find(({ id }: { id: string }) => id === "hello").taskCount, 2);
        match(problems.join("\n"), /broken\.yml/);
      },
    ),
    specification(
      303,
      "`task run` prints the id of the run and nothing else, and does not wait for its end",
      ["task run", 0],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const { code, stdout, stderr } = await place.call(["task", "run", "held", ...held.args]);
        equal(code, 0);
        match(stdout, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\n$/);
        equal(stderr, "");
        await held.begun();
        await held.release();
        const { stdout: json } = await place.call(["task", "run", "hello", "--json"]);
        deepEqual(Object.keys(JSON.parse(json)), ["runId"]);
      },
    ),
    specification(
      304,
      "With --wait it exits 0 if the run completed and 1 if it did not, with a summary on stderr",
      ["task run", 0, 1],
      async (outsider) => {
        const place = await outsider.served();
        const well = await place.call(["task", "run", "hello", "--wait"]);
        equal(well.code, 0);
        match(well.stderr, /^COMPLETED in /m);
        const badly = await place.call(["task", "run", "fails", "--wait"]);
        equal(badly.code, 1);
        match(badly.stderr, /^Task load +FAILED .* exited with code 3$/m);
      },
    ),
    specification(
      305,
      "With --wait and --json it prints the run as it ended, with its tasks",
      ["task run", 1],
      async (outsider) => {
        const place = await outsider.served();
        const { code, stdout } = await place.call(["task", "run", "fails", "--wait", "--json"]);
        equal(code, 1);
        const { state, workflowId, tasks } = JSON.parse(stdout);
        deepEqual([state, workflowId, tasks.length], ["FAILED", "fails", 4]);
      },
    ),
    specification(
      306,
      "A --timeout that is over before the run has ended gives 6, and the run goes on",
      ["task run", 6, "TIMED_OUT"],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const args = ["task", "run", "held", "--wait", "--timeout", "500ms", ...held.args];
        const { code, stdout } = await place.call(args);
        equal(code, 6);
        await held.begun();
        await held.release();
        equal(await place.endOf(stdout.trim()), "COMPLETED");
      },
    ),
    specification(
      307,
      "Ctrl-C ends the wait with 130, and the run goes on",
      ["task run", 130],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const waiting = place.start(["task", "run", "held", "--wait", ...held.args]);
        const [runId] = await waiting.printed(/^\S+$/);
        await held.begun();
        const { code, stderr } = await waiting.end("SIGINT");
        equal(code, 130);
        match(stderr, /^It goes on\. /m);
        await held.release();
        equal(await place.endOf(runId), "COMPLETED");
      },
    ),
    specification(
      308,
      "A second trigger with the same --idempotency-key starts nothing and gives the first run",
      ["task run", 0],
      async (outsider) => {
        const place = await outsider.served();
        const args = ["-p", `place=${await place.folder()}`, "--idempotency-key", `delivery of ${place.path}`];
        const first = await place.triggerToEnd("counting", args);
        equal(await place.triggerToEnd("counting", args), first);
        const [, folder = ""] = args[1]?.split("=") ?? [];
        equal(await Deno.readTextFile(`${folder}/ran`), `${first} \n`);
        notEqual(await place.trigger("counting", args.slice(0, 2)), first);
      },
    ),
    specification(
      309,
      "Parameters that do not fit the workflow are refused with 2 before anything is started",
      ["task run", 2, "INVALID_PARAMETERS"],
      async (outsider) => {
        const place = await outsider.served();
        const wrong = [[], ["-p", "day=soon"], ["-p", "day=2026-03-01", "-p", "tabel=x"], ["-p", "day"]];
        for (const args of wrong) {
          const { code, stdout, stderr } = await place.call(["task", "run", "dated", ...args]);
          deepEqual([code, stdout], [2, ""], stderr);
          match(stderr, /^error\[INVALID_PARAMETERS\]: .*\b(day|tabel)\b.*\n {2}hint: /);
        }
      },
    ),
    specification(
      310,
      "With overlap: skip a trigger beside a run that has not ended starts nothing, prints no id, and gives 4",
      ["task run", 4],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const running = await place.trigger("skipping", held.args);
        await held.begun();
        const { code, stdout, stderr } = await place.call(["task", "run", "skipping", ...held.args]);
        deepEqual([code, stdout], [4, ""]);
        match(stderr, /^Nothing was started: [^\n]+\.\n$/);
        const asJson = await place.call(["task", "run", "skipping", "--json", ...held.args]);
        const { runId, inTheWay } = JSON.parse(asJson.stdout);
        deepEqual([asJson.code, runId, inTheWay], [4, null, running]);
        await held.release();
        equal(await place.endOf(running), "COMPLETED");
      },
    ),
    specification(
      311,
      "With overlap: queue a run waits for those before it, with replace it cancels them",
      ["task run", "explain"],
      async (outsider) => {
        const place = await outsider.served();
        const [first, second] = [await place.held(), await place.held()];
        const before = await place.trigger("queueing", first.args);
        await first.begun();
        const after = await place.trigger("queueing", second.args);
        match(await place.read(["explain", after]), new RegExp(before));
        await first.release();
        await second.begun();
        await second.release();
        equal(await place.endOf(after), "COMPLETED");

        const [old, young] = [await place.held(), await place.held()];
        const replaced = await place.trigger("replacing", old.args);
        await old.begun();
        const newest = await place.trigger("replacing", young.args);
        equal(await place.endOf(replaced), "CANCELLED");
        await young.begun();
        await young.release();
        equal(await place.endOf(newest), "COMPLETED");
      },
    ),
    specification(
      312,
      "A workflow that does not exist gives 3 and names it",
      ["task run", 3, "NOT_FOUND"],
      async (outsider) => {
        const place = await outsider.served();
        const { code, stdout, stderr } = await place.call(["task", "run", "etl.nightly"]);
        deepEqual([code, stdout], [3, ""]);
        match(stderr, /^error\[NOT_FOUND\]: .*"?etl\.nightly"?/);
      },
    ),
  ],
};
