/** What each exit code says, whichever command it comes from. */
import { deepEqual, equal, match } from "node:assert/strict";
import { type Block, specification } from "../specification.ts";

export const exits: Block = {
  hundred: 8,
  title: "Exit codes",
  specifications: [
    specification(
      800,
      "0: done, of all that was asked for",
      [0],
      async (outsider) => {
        const place = await outsider.place();
        for (const args of [["--version"], ["--help"], ["help", "runs"], ["validate"]]) {
          equal((await place.call(args)).code, 0);
        }
        match(await place.read(["--version"]), /^cdktr \d+\.\d+\.\d+\n$/);
        equal(await place.read(["runs", "list", "--version"]), await place.read(["-V"]));
      },
    ),
    specification(
      801,
      "1: a run failed, files have errors, or something else went wrong",
      [1],
      async (outsider) => {
        const place = await outsider.place();
        equal((await place.call(["run", "fails"])).code, 1);
        await place.write("broken", "name: Broken\n");
        equal((await place.call(["validate"])).code, 1);
        equal((await place.call(["init", "workflows/broken.yml/below"])).code, 1);
      },
    ),
    specification(
      802,
      "2: the command line, a setting, a workflow file or a parameter cannot be used",
      [2],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("broken", "name: Broken\n");
        equal((await place.call(["runs", "list", "--fast"])).code, 2);
        equal((await place.call(["status"], { CDKTR_PRINCIPAL_PORT: "99999" })).code, 2);
        equal((await place.call(["run", "workflows/broken.yml"])).code, 2);
        equal((await place.call(["run", "hello", "-p", "day"])).code, 2);
      },
    ),
    specification(
      803,
      "3: no workflow, run, task or file of that name",
      [3],
      async (outsider) => {
        const place = await outsider.served();
        equal((await place.call(["run", "nothing"])).code, 3);
        equal((await place.call(["run", "workflows/nothing.yml"])).code, 3);
        equal((await place.call(["runs", "show", "00000000-0000-7000-8000-000000000000"])).code, 3);
        const runId = await place.triggerToEnd("hello");
        equal((await place.call(["runs", "retry", runId, "--from", "nothing"])).code, 3);
      },
    ),
    specification(
      804,
      "4: nothing was started, because another run of the workflow has not ended",
      [4],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        await place.trigger("skipping", ["-p", "place=none"]);
        equal((await place.call(["task", "run", "skipping", "--wait"])).code, 4);
      },
    ),
    specification(
      805,
      "5: the principal does not answer; every command that asks one says so alike, and within seconds",
      [5, "UNREACHABLE"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_PRINCIPAL_PORT: "1" });
        const calls = [
          ["task", "list"],
          ["task", "run", "hello"],
          ["runs", "list"],
          ["runs", "show", "0"],
          ["runs", "watch", "0"],
          ["runs", "watch"],
          ["runs", "cancel", "0"],
          ["runs", "retry", "0"],
          ["runs", "pause", "0"],
          ["runs", "resume", "0"],
          ["explain", "0"],
          ["logs", "query"],
          ["logs"],
          ["sql", "SELECT 1"],
          ["status"],
          ["agents", "list"],
          ["archive"],
        ];
        for (const args of calls) {
          const { code, stdout, stderr } = await place.call(args);
          deepEqual([code, stdout], [5, ""], args.join(" "));
          match(
            stderr,
            /^error\[UNREACHABLE\]: The principal at 127\.0\.0\.1:1 does not answer\.\n {2}hint: [^\n]+\n$/,
          );
        }
      },
    ),
    specification(
      806,
      "6: a wait ended before what it waited for",
      [6],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const { code, stdout, stderr } = await place.call(["task", "run", "hello", "--wait", "--timeout", "200ms"]);
        equal(code, 6);
        match(stderr, /^error\[TIMED_OUT\]: Run \S+ is still PENDING after 0\.2 s\.\n {2}hint: It goes on\. /);
        equal((await place.readJson(["runs", "show", stdout.trim()])).state, "PENDING");
      },
    ),
    specification(
      830,
      "130: ended by Ctrl-C before it was done",
      ["run", "logs query", 130],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const run = place.start(["run", "held", ...held.args], { CDKTR_TASK_GRACE_MS: "1000" });
        await held.begun();
        const follow = place.start(["logs", "query", "--follow", "--workflow", "hello", "-n", "1"]);
        await place.triggerToEnd("hello");
        await follow.printed(/\S/);
        for (const process of [run, follow]) equal((await process.end("SIGINT")).code, 130);
      },
    ),
    specification(
      843,
      "143: ended by a request to terminate before it was done",
      ["run", "runs watch", 143],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const run = place.start(["run", "held", ...held.args], { CDKTR_TASK_GRACE_MS: "1000" });
        const { pid, childPid } = await held.begun();
        const waiting = await place.trigger("labelled");
        const watch = place.start(["runs", "watch", waiting]);
        await watch.printed(/PENDING/);
        for (const process of [run, watch]) equal((await process.end("SIGTERM")).code, 143);
        for (const ended of [pid, childPid]) await place.gone(ended);
        await place.read(["runs", "cancel", waiting]);
      },
    ),
  ],
};
