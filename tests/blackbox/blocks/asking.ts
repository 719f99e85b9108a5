/** What can be asked about what happened: lines, SQL, reasons, health. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Block, specification } from "../specification.ts";

export const asking: Block = {
  hundred: 5,
  title: "cdktr logs, sql, archive, explain, status, agents and doctor",
  specifications: [
    specification(
      501,
      "`logs query` prints the stored lines of a run, oldest first, also after its end",
      ["logs query", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("hello");
        const stdout = await place.read(["logs", "query", "--run", runId]);
        match(stdout, /^[^\n]+ STDOUT hello, world\n[^\n]+ STDERR and beware\n[^\n]+ STDOUT goodbye\n$/);
        equal(await place.read(["logs", "query", "--run", runId.slice(0, 20)]), stdout);
      },
    ),
    specification(
      502,
      "`logs query` chooses by workflow, task, level, state, text and time; --limit keeps the newest",
      ["logs query", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("fails");
        const chosen = async (...args: string[]) => {
          const stdout = await place.read(["logs", "query", "--run", runId, "--json", ...args]);
          return stdout.trim().split("\n").map((line) => JSON.parse(line).payload.replace(/^STD... /, ""));
        };
        for (const task of ["Task aside", "aside"]) deepEqual(await chosen("--task", task), ["aside 12"]);
        deepEqual((await chosen("--level", "error"))[0], "no such table");
        deepEqual(await chosen("--grep", "fetch", "--workflow", "fails", "--status", "failed"), ["fetched"]);
        deepEqual((await chosen("--last", "1h")).sort(), (await chosen("--since", "2h")).sort());
        equal((await chosen("--limit", "1")).length, 1);
      },
    ),
    specification(
      503,
      "Where no line is found `logs query` prints nothing, says so on stderr, and exits 0",
      ["logs query", 0],
      async (outsider) => {
        const place = await outsider.served();
        const { code, stdout, stderr } = await place.call(["logs", "query", "--workflow", "hello", "--grep", "unsaid"]);
        deepEqual([code, stdout, stderr], [0, "", "There are no such lines.\n"]);
      },
    ),
    specification(
      504,
      "`logs query --run RUN --follow` prints the stored lines, then the live ones, each once, and ends with the run",
      ["logs query", 0],
      async (outsider) => {
        const place = await outsider.served();
        const held = await place.held();
        const runId = await place.trigger("held", held.args);
        await held.begun();
        const follow = place.start(["logs", "query", "--run", runId, "--follow"]);
        const { stdout: second } = await place.call(["logs", "query", "--run", runId]);
        equal(second, "");
        await held.release();
        const { code, stdout } = await follow.exit();
        equal(code, 0);
        match(stdout, /^[^\n]+ released: go\n[^\n]+ after\n$/);
      },
    ),
    specification(
      505,
      "`logs` alone prints the last day, with the original's flags; `logs --tail` prints live lines until Ctrl-C",
      ["logs", 0, 130],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("hello");
        const stdout = await place.read(["logs", "-w", "hello", "-i", runId, "-n", "2", "-v"]);
        match(stdout, /^[^\n]* and beware\n[^\n]* goodbye\n$/);
        match(stdout, /Task part/);
        const tail = place.start(["logs", "--tail", "-w", "counting"]);
        const folder = await place.folder();
        // Nothing tells when it listens: whoever begins to follow hears what comes from then on.
        const heard = tail.printed(/STDOUT counted$/);
        let isHeard = false;
        heard.then(() => isHeard = true, () => {});
        while (!isHeard) await place.triggerToEnd("counting", ["-p", `place=${folder}`]);
        await heard;
        equal((await tail.end("SIGINT")).code, 130);
      },
    ),
    specification(
      506,
      "`logs query` of a workflow or a task that nobody knows exits 3, with the names that are near",
      ["logs query", "NOT_FOUND", 3],
      async (outsider) => {
        const place = await outsider.served();
        const cases: [args: string[], says: RegExp][] = [
          [["--workflow", "hellow"], /^error\[NOT_FOUND\]: There is no workflow with the id "hellow"\.\n.*"hello"/],
          [
            ["--workflow", "fails", "--task", "asid"],
            /^error\[NOT_FOUND\]: The workflow fails has no task "asid"\.\n.*"aside"/,
          ],
        ];
        for (const [args, says] of cases) {
          const { code, stdout, stderr } = await place.call(["logs", "query", ...args]);
          deepEqual([code, stdout], [3, ""], args.join(" "));
          match(stderr, says);
        }
      },
    ),
    specification(
      511,
      "`sql` queries runs, tasks, logs and decisions, and prints a table, JSON or CSV",
      ["sql", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("fails");
        await place.read(["logs", "query", "--run", runId, "--follow"]);
        const query = `SELECT workflow_id, state FROM runs WHERE run_id = '${runId}'`;
        match(await place.read(["sql", query]), /^workflow_id +state *\nfails +FAILED *\n$/i);
        equal(await place.read(["sql", query, "--format", "csv"]), "workflow_id,state\nfails,FAILED\n");
        deepEqual(await place.readJson(["sql", query]), [{ workflow_id: "fails", state: "FAILED" }]);
      },
    ),
    specification(
      512,
      "`sql` reads a query from stdin, and writes Parquet to a file",
      ["sql", 0],
      async (outsider) => {
        const place = await outsider.served();
        const { code, stdout, stderr } = await place.shell(`echo 'SELECT 6 * 7 AS answer' | "$CDKTR" sql - --json`);
        equal(code, 0, stderr);
        deepEqual(JSON.parse(stdout), [{ answer: 42 }]);
        await place.read(["sql", "SELECT * FROM runs", "--format", "parquet", "--output", "runs.parquet"]);
        const bytes = await Deno.readFile(`${place.path}/runs.parquet`);
        equal(new TextDecoder().decode(bytes.subarray(0, 4)), "PAR1");
      },
    ),
    specification(
      513,
      "`sql` reads and nothing else: what would change something, or read files, is refused",
      ["sql", 2, "INVALID_ARGUMENT"],
      async (outsider) => {
        const place = await outsider.served();
        const queries = [
          "DELETE FROM runs",
          "CREATE TABLE mine (a INTEGER)",
          "SELECT * FROM read_text('/etc/passwd')",
          `COPY (SELECT 1) TO '${place.path}/copied'`,
          "SELEKT 1",
        ];
        for (const query of queries) {
          const { code, stdout, stderr } = await place.call(["sql", query]);
          deepEqual([code, stdout], [2, ""], `${query}: ${stderr}`);
        }
        equal((await place.shell("ls copied")).stdout, "");
      },
    ),
    specification(
      514,
      "`sql` says when rows were left out; a query that takes longer than its --timeout is ended, and others are answered",
      ["sql", 0, 6, "TIMED_OUT"],
      async (outsider) => {
        // A principal of its own: nobody else's questions are to wait for an endless one.
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const { stdout, stderr } = await place.call(["sql", "SELECT * FROM range(10)", "--json", "--max-rows", "3"]);
        equal(JSON.parse(stdout).length, 3);
        match(stderr, /^note: these are the first 3 rows of more/);
        const endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b";
        equal((await place.call(["sql", endless, "--timeout", "200ms"])).code, 6);
        deepEqual(await place.readJson(["sql", "SELECT 1 AS one"]), [{ one: 1 }]);
        equal((await principal.end()).code, 0);
      },
    ),
    specification(
      515,
      "`sql --tables` lists what can be queried, and needs no principal",
      ["sql", 0],
      async (outsider) => {
        const place = await outsider.place();
        const tables = await place.readJson(["sql", "--tables"]);
        const names = tables.map(({ name }: { name: string }) => name);
        for (const name of ["runs", "logs", "decisions", "agents"]) ok(names.includes(name), names.join());
        match(await place.read(["sql", "--tables"]), /^VIEW +COLUMN +TYPE +MEANING\n/);
      },
    ),
    specification(
      521,
      "`archive` moves log lines of older days into Parquet files, and says what it did on stderr",
      ["archive", 0],
      async (outsider) => {
        const place = await outsider.served();
        const { code, stdout, stderr } = await place.call(["archive"]);
        deepEqual([code, stdout], [0, ""]);
        match(stderr, /^No day is old enough to be archived\.\nThe database uses \S+ MiB, the archive \S+ MiB\.\n$/);
        equal((await place.readJson(["archive"])).archivedLines, 0);
      },
    ),
    specification(
      531,
      "`explain` says why a run ended as it did, and why one of its tasks did",
      ["explain", 0],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("fails");
        match(
          await place.read(["explain", runId]),
          /^Run \S+ of fails failed, because task load did: exited with code 3\.\n\n[^]*It ended FAILED: /,
        );
        match(await place.read(["explain", runId, "report"]), /^Task report of run \S+ was skipped, because task load/);
        match((await place.readJson(["explain", runId])).summary, /failed/);
      },
    ),
    specification(
      532,
      "`explain` says what a workflow did last, and why it did not run at a time",
      ["explain", 0, 3, "NOT_FOUND"],
      async (outsider) => {
        const place = await outsider.served();
        await place.triggerToEnd("hello");
        match(await place.read(["explain", "hello"]), /hello/);
        match(
          await place.read(["explain", "hello", "--at", "2020-01-01 12:00"]),
          /hello did not run at 2020-01-01T12:00/,
        );
        equal((await place.call(["explain", "nothing"])).code, 3);
      },
    ),
    specification(
      541,
      "`status` tells how the principal is, on lines for people or as one object",
      ["status", 0],
      async (outsider) => {
        const place = await outsider.served();
        const stdout = await place.read(["status"]);
        for (const label of ["Principal", "Workflows", "Queue", "Runs", "Agents", "History"]) {
          match(stdout, new RegExp(`^${label} +\\S`, "m"));
        }
        const { agents, problems } = await place.readJson(["status"]);
        equal(agents.length, 1);
        ok(Array.isArray(problems));
      },
    ),
    specification(
      551,
      "`agents list` shows the agents with their places and labels; where there is none it says so on stderr",
      ["agents list", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const none = await place.call(["agents", "list"]);
        deepEqual([none.code, none.stdout], [0, ""]);
        match(none.stderr, /^No agent is there\./);
        await place.startAgent(["--labels", "gpu,eu", "--max-concurrent", "3"]);
        match(await place.read(["agents", "list"]), /^AGENT .*\n\S+ .* 0 of 3 +(gpu,eu|eu,gpu) +\S+ m?s ago\n$/);
        deepEqual((await place.readJson(["agents", "list"]))[0].labels.toSorted(), ["eu", "gpu"]);
      },
    ),
    specification(
      561,
      "`doctor` looks here and at the principal, and exits 0 while nothing is an error",
      ["doctor", 0],
      async (outsider) => {
        const place = await outsider.served();
        match(await place.read(["doctor"]), /^ok +principal journal +/m);
        const { healthy, findings } = await place.readJson(["doctor", "--deep"]);
        equal(healthy, true);
        deepEqual([...new Set(findings.map(({ where }: { where: string }) => where))].sort(), ["here", "principal"]);
      },
    ),
    specification(
      562,
      "`doctor` exits 1 where no principal answers or a setting cannot be used, and says which",
      ["doctor", 1],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_PRINCIPAL_PORT: "1" });
        const alone = await place.call(["doctor"]);
        equal(alone.code, 1);
        match(alone.stdout, /^error +principal +The principal at 127\.0\.0\.1:1 does not answer\.$/m);
        const mistaken = await place.call(["doctor", "--json"], { CDKTR_RETRY_ATTEMPTS: "many" });
        equal(mistaken.code, 1);
        match(JSON.parse(mistaken.stdout).findings[0].detail, /CDKTR_RETRY_ATTEMPTS/);
      },
    ),
  ],
};
