/** `cdktr start`, signals, and what is left after a `kill -9`. */
import { deepEqual, equal, match } from "node:assert/strict";
import { shellWorkflow } from "../../system/workflows.ts";
import { type Block, specification } from "../specification.ts";

export const start: Block = {
  hundred: 2,
  title: "cdktr start, signals and durability",
  specifications: [
    specification(
      201,
      "A principal says what it serves and where, and a request to terminate ends it with 0",
      ["start principal", 0],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const port = Number(place.env["CDKTR_PRINCIPAL_PORT"]);
        using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
        const { code, stdout, stderr } = await principal.end("SIGTERM");
        equal(code, 0, stderr);
        equal(stdout, "");
      },
    ),
    specification(
      202,
      "Ctrl-C ends a principal, and an agent, in good order with 0",
      ["start principal", "start agent", 0],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const agent = await place.startAgent();
        equal((await agent.end("SIGINT")).code, 0);
        equal((await principal.end("SIGINT")).code, 0);
      },
    ),
    specification(
      203,
      "A principal and an agent that meet over TCP run what is triggered, and its lines are stored at the principal",
      ["start principal", "start agent", "task run", "logs query", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const elsewhere = await outsider.place(place.env);
        elsewhere.env["CDKTR_APP_DATA_DIRECTORY"] = `${elsewhere.path}/kept`;
        await elsewhere.startAgent(["--suffix", "north"]);
        const runId = await place.triggerToEnd("hello");
        const { agentId, state } = await place.readJson(["runs", "show", runId]);
        equal(state, "COMPLETED");
        match(agentId, /north$/);
        match(await place.read(["logs", "query", "--run", runId]), /hello, world\n/);
      },
    ),
    specification(
      204,
      "A principal with an agent in its process runs what is triggered, and finishes it before it ends",
      ["start principal", "task run", 0],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal(["--with-agent"]);
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        principal.kill("SIGTERM");
        await principal.said(/1 run to be finished first/);
        await held.release();
        equal((await principal.exit()).code, 0);
        await place.startPrincipal();
        equal((await place.readJson(["runs", "show", runId])).state, "COMPLETED");
      },
    ),
    specification(
      205,
      "The principal triggers workflows by their schedules, unless it is told not to",
      ["start principal", "runs list"],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("often", `cron: "* * * * * *"\n${shellWorkflow({ only: { run: "echo often" } })}`);
        const quiet = await place.startPrincipal();
        equal((await place.readJson(["task", "list"])).workflows.filter((one: { cron: string }) => one.cron).length, 1);
        await quiet.end();
        const principal = place.start(["start", "principal", "--with-agent"]);
        await principal.said(/ of often ended COMPLETED/);
        const [, port = ""] = await principal.said(/serves \d+ workflows on [^ ]*:(\d+)/);
        const { runs } = await place.readJson(["runs", "list", "--principal-port", port]);
        deepEqual([...new Set(runs.map((run: Record<string, string>) => `${run["workflowId"]} ${run["trigger"]}`))], [
          "often cron",
        ]);
      },
    ),
    specification(
      206,
      "kill -9 of a principal loses nothing that it accepted: after its next start each run happens once",
      ["start principal", "task run"],
      async (outsider) => {
        const place = await outsider.place();
        const folder = await place.folder();
        const principal = await place.startPrincipal();
        const triggers = ["1", "2", "3"].map((n) =>
          place.trigger("counting", ["-p", `place=${folder}`, "-p", `n=${n}`])
        );
        const accepted = await Promise.all(triggers);
        equal((await principal.end("SIGKILL")).signal, "SIGKILL");
        await place.startPrincipal();
        await place.startAgent();
        for (const runId of accepted) equal(await place.endOf(runId), "COMPLETED");
        const ran = (await Deno.readTextFile(`${folder}/ran`)).trim().split("\n").map((line) => line.split(" ")[0]);
        deepEqual(ran.sort(), accepted.toSorted());
      },
    ),
    specification(
      207,
      "What an agent does while its principal is gone is told to the next one, lines too; it runs once",
      ["start principal", "start agent", "logs query"],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        await principal.end("SIGKILL");
        await held.release();
        await agent.said(/of held ended COMPLETED/);
        await place.startPrincipal();
        equal(await place.endOf(runId), "COMPLETED");
        equal((await place.readJson(["runs", "show", runId])).attempt, 1);
        match(await place.read(["logs", "query", "--run", runId, "--follow"]), /released: go\n.*after\n$/);
      },
    ),
    specification(
      208,
      "After kill -9 of an agent its run is CRASHED, and the next agent there ends what the dead one left running",
      ["start agent", "explain"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "3000", CDKTR_TASK_GRACE_MS: "1000" });
        await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        const { pid, childPid } = await held.begun();
        await agent.end("SIGKILL");
        equal(await place.endOf(runId), "CRASHED");
        match(await place.read(["explain", runId]), / crashed: agent .* was silent for /);
        await place.startAgent();
        for (const left of [pid, childPid]) await place.gone(left);
        const next = await place.triggerToEnd("hello");
        equal((await place.readJson(["runs", "show", next])).state, "COMPLETED");
      },
    ),
    specification(
      209,
      "With on_crash: retry a run whose agent was killed runs again on the next one",
      ["start agent", "runs show"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "3000", CDKTR_TASK_GRACE_MS: "1000" });
        await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const runId = await place.trigger("reliable", held.args);
        await held.begun();
        await agent.end("SIGKILL");
        await place.startAgent();
        await held.begun();
        await held.release();
        equal(await place.endOf(runId), "COMPLETED");
        const { attempt, earlier } = await place.readJson(["runs", "show", runId]);
        deepEqual([attempt, earlier.map(({ state }: { state: string }) => state)], [2, ["CRASHED"]]);
      },
    ),
    specification(
      210,
      "A data directory has one principal at a time: a second one, and `cdktr run`, are refused, and the first goes on",
      ["start principal", "run", 1, "CONFLICT"],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        for (const second of [["start", "principal", "--port", "0"], ["run", "hello"]]) {
          const { code, stdout, stderr } = await place.call(second);
          deepEqual([code, stdout], [1, ""]);
          match(
            stderr,
            /^error\[CONFLICT\]: The journal .*state\.db is in use by `cdktr start principal`, process \d+ on \S+ since \S+, which serves 127\.0\.0\.1:\d+\.\n/,
          );
        }
        await place.trigger("hello");
        equal((await principal.end()).code, 0);
      },
    ),
    specification(
      211,
      "An agent that is told to stop takes no more work, finishes what runs, and exits 0",
      ["start agent", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const running = await place.trigger("held", held.args);
        await held.begun();
        agent.kill("SIGTERM");
        await agent.said(/stopping: 1 run to be finished first/);
        const waiting = await place.trigger("hello");
        await held.release();
        equal((await agent.exit()).code, 0);
        equal((await place.readJson(["runs", "show", running])).state, "COMPLETED");
        equal((await place.readJson(["runs", "show", waiting])).state, "PENDING");
      },
    ),
    specification(
      212,
      "A second signal cancels what an agent runs; it leaves no process behind and exits 0",
      ["start agent", 0],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_TASK_GRACE_MS: "1000" });
        await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        const { pid, childPid } = await held.begun();
        agent.kill("SIGTERM");
        await agent.said(/a second signal cancels what runs/);
        equal((await agent.end("SIGTERM")).code, 0);
        equal((await place.readJson(["runs", "show", runId])).state, "CANCELLED");
        for (const ended of [pid, childPid]) await place.gone(ended);
      },
    ),
    specification(
      213,
      "A run goes only to an agent that has all labels that its workflow asks for",
      ["start agent", "explain"],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        await place.startAgent(["--labels", "eu"]);
        const runId = await place.trigger("labelled");
        await place.triggerToEnd("hello");
        equal((await place.readJson(["runs", "show", runId])).state, "PENDING");
        match(await place.read(["explain", runId]), /gpu/);
        await place.startAgent(["--labels", "eu,gpu", "--suffix", "2"]);
        equal(await place.endOf(runId), "COMPLETED");
      },
    ),
    specification(
      214,
      "Changed files count without a restart; one that became invalid is told of, and its last good version stays",
      ["start principal", "task run"],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal(["--with-agent"]);
        const shown = async () => await place.read(["logs", "query", "--run", await place.triggerToEnd("hello")]);
        match(await shown(), /hello, world/);
        await place.write("hello", "name: Broken\n");
        await principal.said(/workflows: .*hello\.yml/);
        match(await shown(), /hello, world/);
        const listing = await place.call(["task", "list"]);
        match(listing.stdout, /^hello /m);
        match(listing.stderr, /hello\.yml/);
      },
    ),
    specification(
      215,
      "Bytes that are no ZeroMQ on its ports do not disturb a principal",
      ["start principal", "status", 0],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const ports = ["CDKTR_PRINCIPAL_PORT", "CDKTR_LOGS_LISTENING_PORT", "CDKTR_LOGS_PUBLISHING_PORT"];
        for (const text of ["GET / HTTP/1.1\r\nHost: there\r\n\r\n", "\xff".repeat(100_000), ""]) {
          for (const port of ports) {
            using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(place.env[port]) });
            await connection.write(new TextEncoder().encode(text)).catch(() => 0);
          }
        }
        match(await place.read(["status"]), /^Queue +empty$/m);
        equal((await principal.end()).code, 0);
      },
    ),
    specification(
      216,
      "An agent whose principal does not answer tries for as long as the settings say, then exits 5",
      ["start agent", 5, "UNREACHABLE"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_RETRY_ATTEMPTS: "2", CDKTR_DEFAULT_ZMQ_TIMEOUT_MS: "100" });
        const { code, stderr } = await place.call(["start", "agent", "--principal-port", "1"]);
        equal(code, 5);
        match(stderr, /does not answer\. Trying again\.\n/);
      },
    ),
    specification(
      217,
      "What waits in the queue is there after a restart, in its order",
      ["start principal", "runs list", 0],
      async (outsider) => {
        const place = await outsider.place();
        const folder = await place.folder();
        const principal = await place.startPrincipal();
        for (const n of ["1", "2", "3"]) await place.trigger("counting", ["-p", `place=${folder}`, "-p", `n=${n}`]);
        equal((await principal.end()).code, 0);
        await (await place.startPrincipal()).said(/recovered 3 waiting and 0 other runs/);
        const { runs } = await place.readJson(["runs", "list"]);
        deepEqual(runs.map(({ params }: { params: Record<string, string> }) => params["n"]), ["3", "2", "1"]);
        await place.startAgent(["--max-concurrent", "1"]);
        for (const { runId } of runs) await place.endOf(runId);
        match(await Deno.readTextFile(`${folder}/ran`), /^\S+ 1\n\S+ 2\n\S+ 3\n$/);
      },
    ),
    specification(
      218,
      "A journal whose file was removed under a principal is written anew when it ends, with all that was decided",
      ["start principal", 0],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const runId = await place.trigger("hello");
        await Deno.remove(`${place.path}/kept/state.db`);
        await principal.said(/The file of the journal .*state\.db was removed/);
        equal((await principal.end()).code, 0);
        const again = await place.startPrincipal();
        await place.startAgent();
        equal(await place.endOf(runId), "COMPLETED");
        await again.end();
      },
    ),
    specification(
      219,
      "When an agent that was killed is started again, the runs of the killed one end without waiting for the timeout",
      ["start agent", "explain", "agents list"],
      async (outsider) => {
        const place = await outsider.place({
          CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "3600000",
          CDKTR_TASK_GRACE_MS: "1000",
        });
        await place.startPrincipal();
        const agent = await place.startAgent();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        await agent.end("SIGKILL");
        await place.startAgent();
        equal(await place.endOf(runId), "CRASHED");
        match(await place.read(["explain", runId]), / crashed: agent .* was killed and started again/);
        equal((await place.readJson(["agents", "list"])).length, 1);
      },
    ),
  ],
};
