/** `cdktr run`: a workflow here and now, in one process. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { shellWorkflow } from "../../system/workflows.ts";
import { type Block, specification } from "../specification.ts";

export const run: Block = {
  hundred: 1,
  title: "cdktr run",
  specifications: [
    specification(
      101,
      "A workflow runs here and now: its lines go to stdout, the summary to stderr, and it exits 0",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stdout, stderr } = await place.call(["run", "workflows/hello.yml"]);
        equal(code, 0, stderr);
        const lines = stdout.trim().split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
        deepEqual(lines, ["Task greet | hello, world", "Task greet ! and beware", "Task part  | goodbye"]);
        match(stderr, /\nCOMPLETED in [0-9.]+ m?s {2}\(run [0-9a-f-]{36}\)\n$/);
      },
    ),
    specification(
      102,
      "When a task fails, what depends on it is skipped, the rest goes on, and it exits 1",
      ["run", 1],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stdout, stderr } = await place.call(["run", "fails"]);
        equal(code, 1);
        match(stdout, /^\S+ Task load +! no such table$/m);
        match(stdout, /^\S+ Task aside +\| aside 12$/m);
        match(stderr, /^Task load +FAILED .* exited with code 3$/m);
        match(stderr, /^Task report +SKIPPED /m);
        match(stderr, /^FAILED in /m);
      },
    ),
    specification(
      103,
      "A workflow is named by its file, or by its id: the path below CDKTR_WORKFLOW_DIR, with dots",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_WORKFLOW_DIR: "definitions" });
        await Deno.mkdir(`${place.path}/definitions/etl`, { recursive: true });
        const yaml = shellWorkflow({ only: { run: 'echo "I am $CDKTR_WORKFLOW_ID"' } });
        await Deno.writeTextFile(`${place.path}/definitions/etl/daily.yaml`, yaml);
        match(await place.read(["run", "etl.daily"]), / \| I am etl\.daily\n$/);
        match(await place.read(["run", "definitions/etl/daily.yaml"]), / \| I am daily\n$/);
      },
    ),
    specification(
      104,
      "With --json each line is an object of stdout, and the last one is the run",
      ["run", 1],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stdout } = await place.call(["run", "fails", "--json"]);
        equal(code, 1);
        const objects = stdout.trim().split("\n").map((line) => JSON.parse(line));
        const last = objects.pop();
        deepEqual([...new Set(objects.map(({ type }) => type))], ["log"]);
        const load = objects.find(({ payload }) => payload.includes("no such table"));
        deepEqual([load.workflowId, load.taskName, load.level], ["fails", "Task load", "ERROR"]);
        deepEqual([last.type, last.state, last.runId], ["run", "FAILED", load.runId]);
        deepEqual(
          last.tasks.map(({ taskId, state }: Record<string, string>) => `${taskId} ${state}`).sort(),
          ["aside COMPLETED", "fetch COMPLETED", "load FAILED", "report SKIPPED"],
        );
      },
    ),
    specification(
      105,
      "Parameters are checked against those that the workflow declares, and reach its tasks",
      ["run", 0, 2, "INVALID_PARAMETERS"],
      async (outsider) => {
        const place = await outsider.place();
        match(await place.read(["run", "dated", "-p", "day=2026-03-01"]), /loading orders of 2026-03-01\n/);
        for (const wrong of [[], ["-p", "day=tomorrow"], ["-p", "day=2026-03-01", "-p", "tabel=orders"]]) {
          const { code, stdout } = await place.call(["run", "dated", ...wrong]);
          deepEqual([code, stdout], [2, ""]);
        }
      },
    ),
    specification(
      106,
      "A task finds the outputs of those above it: one by one in its environment, all of them in a file",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        const tasks = {
          extract: { run: `echo '{"rows": "12", "names": ["a", "b"]}' > "$CDKTR_OUTPUT"` },
          between: { run: "true", depends: ["extract"] },
          load: { run: 'echo "$CDKTR_OUTPUT_EXTRACT_ROWS"; cat "$CDKTR_INPUTS"', depends: ["between"] },
        };
        await place.write("outputs", shellWorkflow(tasks));
        const stdout = await place.read(["run", "outputs"]);
        match(stdout, / \| 12\n/);
        const [, json = ""] = /\| (\{.*\})\n/.exec(stdout) ?? [];
        deepEqual(JSON.parse(json), { extract: { rows: "12", names: '["a","b"]' } });
      },
    ),
    specification(
      107,
      "Tasks that do not depend on each other run side by side",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        // Each end of the pipe waits until the other one is opened.
        await place.shell("mkfifo pipe");
        const yaml = shellWorkflow({ a: { run: "echo met > pipe" }, b: { run: "cat pipe" } });
        await place.write("meeting", `timeout: 30s\n${yaml}`);
        match(await place.read(["run", "meeting"]), /Task b \| met\n/);
      },
    ),
    specification(
      108,
      "A task that fails is tried again as often as the workflow says, and told which try it is",
      ["run", 0, 1],
      async (outsider) => {
        const place = await outsider.place();
        const yaml = shellWorkflow({ only: { run: 'echo "try $CDKTR_TRY"; test "$CDKTR_TRY" = 3' } });
        await place.write("patient", `retries: { max: 2, delay: 10ms }\n${yaml}`);
        await place.write("hasty", `retries: { max: 1, delay: 10ms }\n${yaml}`);
        match(await place.read(["run", "patient"]), /\| try 1\n[^|]*\| try 2\n[^|]*\| try 3\n$/);
        const { code, stdout } = await place.call(["run", "hasty"]);
        equal(code, 1);
        match(stdout, /\| try 1\n[^|]*\| try 2\n[^|]*$/);
      },
    ),
    specification(
      109,
      "A task that exceeds its timeout is ended with all the processes it began, and the run fails",
      ["run", 1],
      async (outsider) => {
        const place = await outsider.place();
        const held = await place.held();
        const yaml = shellWorkflow({ only: { run: held.run } });
        await place.write("slow", yaml.replace("    depends", "    timeout: 1s\n    depends"));
        const called = place.start(["run", "slow"]);
        const { pid, childPid } = await held.begun();
        const { code, stderr } = await called.exit();
        equal(code, 1);
        match(stderr, /^Task only +FAILED .* timed out after 1 s$/m);
        for (const ended of [pid, childPid]) await place.gone(ended);
      },
    ),
    specification(
      110,
      "Tasks see the environment, then env of the workflow, then their own; their stdin is empty",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        await place.write(
          "env",
          [
            "name: Environment",
            "env: { B: workflow, C: workflow }",
            "tasks:",
            "  only:",
            "    name: Only",
            "    env: { C: task }",
            `    config: !Subprocess { cmd: sh, args: ["-c", 'echo "$A $B $C"; echo "read $(wc -c)"'] }`,
          ].join("\n"),
        );
        const { stdout } = await place.call(["run", "env"], { A: "shell", B: "shell", C: "shell" });
        match(stdout, /\| shell workflow task\n.*\| read 0\n$/);
      },
    ),
    specification(
      111,
      "Without a setting all that it keeps lies in ~/.cdktr, which its owner alone can read",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        delete place.env["CDKTR_APP_DATA_DIRECTORY"];
        await place.read(["run", "hello"]);
        deepEqual([...Deno.readDirSync(`${place.path}/home`)].map(({ name }) => name), [".cdktr"]);
        const { stdout } = await place.shell("find home/.cdktr -name state.db; find home/.cdktr -perm /077");
        equal(stdout, "home/.cdktr/state.db\n");
      },
    ),
    specification(
      112,
      "It opens no port, so that it runs beside whatever has them",
      ["run", 0],
      async (outsider) => {
        using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const port = String(listener.addr.port);
        const place = await outsider.place({
          CDKTR_PRINCIPAL_PORT: port,
          CDKTR_LOGS_LISTENING_PORT: port,
          CDKTR_LOGS_PUBLISHING_PORT: port,
        });
        match(await place.read(["run", "hello"]), /hello, world/);
      },
    ),
    specification(
      113,
      "What a task prints comes whole: bytes that are no UTF-8 as �, a line that is too long in marked pieces",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_LOG_LINE_MAX_BYTES: "256" });
        const line = "printf 'caf\\351\\n'; printf '%0300d\\n' 7; printf 'no line end'";
        await place.write("odd", shellWorkflow({ only: { run: line } }));
        const stdout = await place.read(["run", "odd"]);
        match(stdout, /\| caf\ufffd\n.*\| 0+ …\[continued\]\n.*\| 0+7\n.*\| no line end\n$/);
      },
    ),
    specification(
      114,
      "A .env here or above holds settings, and variables that its tasks see; the environment goes before it",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.writeTextFile(`${place.path}/.env`, "STAGE=production\nCITY=Ulm\nCDKTR_WORKFLOW_DIR=$HOME/flows\n");
        await Deno.mkdir(`${place.path}/home/flows`);
        const yaml = shellWorkflow({ only: { run: 'echo "$STAGE in $CITY"' } });
        await Deno.writeTextFile(`${place.path}/home/flows/stage.yml`, yaml);
        const { stdout, stderr } = await place.call(["run", "stage"], { CITY: "Bonn" });
        match(stdout, /\| production in Bonn\n$/, stderr);
      },
    ),
    specification(
      115,
      "Ctrl-C cancels the run, leaves none of its processes, and exits 130",
      ["run", 130],
      async (outsider) => {
        const place = await outsider.place();
        const held = await place.held();
        const called = place.start(["run", "held", ...held.args]);
        const { pid, childPid } = await held.begun();
        const { code, stderr } = await called.end("SIGINT");
        equal(code, 130, stderr);
        match(stderr, /^CANCELLED in /m);
        for (const ended of [pid, childPid]) await place.gone(ended);
      },
    ),
    specification(
      116,
      "A UvPython task is run by uv",
      ["run", 0],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.writeTextFile(`${place.path}/report.py`, 'import sys; print("python", sys.version_info.major)\n');
        const config = "config: !UvPython { script_path: report.py }";
        await place.write("report", `name: Report\ntasks:\n  only:\n    name: Only\n    ${config}\n`);
        const { code, stdout, stderr } = await place.call(["run", "report"], {
          PATH: `/usr/bin:/bin:${folderOf("uv")}`,
          UV_OFFLINE: "1",
          UV_PYTHON_DOWNLOADS: "never",
        });
        equal(code, 0, stdout + stderr);
        match(stdout, /\| python 3\n$/);
      },
      { needs: "uv" },
    ),
    specification(
      117,
      "A command that does not exist fails its task with a sentence, not the program",
      ["run", 1],
      async (outsider) => {
        const place = await outsider.place();
        const config = "config: !Subprocess { cmd: no-such-program }";
        await place.write("absent", `name: Absent\ntasks:\n  only:\n    name: Only\n    ${config}\n`);
        const { code, stderr } = await place.call(["run", "absent"]);
        equal(code, 1);
        match(stderr, /^Only +FAILED .*no-such-program/m);
        ok(!stderr.includes("error["), stderr);
      },
    ),
  ],
};

function folderOf(program: string): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.find((folder) => [...entriesOf(folder)].includes(program)) ?? "";
}

function entriesOf(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}
