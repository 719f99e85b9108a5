import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { OutputClosed } from "../../../src/cli/output.ts";
import { temporaryDirectory } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const files = { etl: oneTask, "etl.other": oneTask };
const mainPath = fileURLToPath(new URL("../../../main.ts", import.meta.url));

/** Calls back at the first stdout that holds `text`. */
function when(text: string, act: () => void): (stdout: string) => void {
  let isDone = false;
  return (stdout) => {
    if (isDone || !stdout.includes(text)) return;
    isDone = true;
    act();
  };
}

/** The texts tasks printed, as they stand in the output. */
function texts(stdout: string): string[] {
  return stdout.split("\n").filter(Boolean).map((line) => line.replace(/^.* STD(OUT|ERR) /, ""));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, number) => String(number));
}

/** Lets everything else that is ready go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("--follow --run prints what is stored, then what comes, and ends with the run once its lines are out", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  const otherRunId = await scene.trigger("etl");
  scene.print(runId, "stored");
  scene.print(otherRunId, "of another run");
  const finish = async () => {
    scene.print(otherRunId, "of another run, live");
    scene.print(otherRunId, "of another workflow, live", { workflowId: "etl.other" });
    scene.print(runId, "live");
    await scene.reportRun(attempt, "COMPLETED");
    scene.print(runId, "after the end was reported");
  };
  const { exitCode, stdout, stderr } = await scene.call(["logs", "query", "--run", runId.slice(0, 33), "--follow"], {
    onStdout: when("stored", () => void finish()),
  });
  deepEqual([exitCode, stderr], [0, ""]);
  deepEqual(texts(stdout), ["stored", "live", "after the end was reported"]);
});

Deno.test("--follow --task takes an id, too, and live lines of the task come by its name", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportTask(attempt, "only", "RUNNING");
  scene.print(runId, "stored", { taskName: "Only", taskRunId: "only-1" });
  const finish = async () => {
    scene.print(runId, "of another task", { taskName: "Other", taskRunId: "other-1" });
    scene.print(runId, "live", { taskName: "Only", taskRunId: "only-1" });
    await scene.reportRun(attempt, "COMPLETED");
  };
  const { stdout, stderr } = await scene.call(["logs", "query", "-i", runId, "--task", "only", "--follow"], {
    onStdout: when("stored", () => void finish()),
  });
  equal(stderr, "");
  deepEqual(texts(stdout), ["stored", "live"]);
});

Deno.test("--follow of a task that nobody knows says so, and waits for its lines all the same", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  let said = "";
  const called = scene.call(["logs", "query", "--run", runId, "--task", "onyl", "--follow"], {
    onStderr: (stderr) => said = stderr,
  });
  await scene.reportRun(attempt, "COMPLETED");
  equal((await called).exitCode, 0);
  equal(said, `note: The run ${runId} has no task "onyl". There are only.\n`);
});

Deno.test("--follow of a run that has ended prints its lines and ends", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  scene.print(runId, "stored");
  await scene.reportRun(await scene.fetch(), "FAILED");
  const { exitCode, stdout } = await scene.call(["logs", "query", "--run", runId, "-f"]);
  deepEqual([exitCode, texts(stdout)], [0, ["stored"]]);
});

Deno.test("where stored lines end and live ones begin none is missing and none comes twice", async () => {
  for (let round = 0; round < 5; round++) {
    await using scene = await PrincipalScene.start(files);
    const runId = await scene.trigger("etl");
    const attempt = await scene.fetch();
    let printed = 0;
    let isFollowed = false;
    const print = async () => {
      // Bursts of lines with one and the same time, before, while and after the follower comes.
      for (let burst = 0; burst < 400 && (burst < 200 || !isFollowed || printed < 5000); burst++) {
        const timeMs = Date.now();
        for (let count = 0; count < 10 + round * 10; count++) scene.print(runId, String(printed++), { timeMs });
        await turn();
      }
      await scene.reportRun(attempt, "COMPLETED");
    };
    const printing = print();
    for (let turns = 0; turns < 30; turns++) await turn();
    const { exitCode, stdout, stderr } = await scene.call(
      ["logs", "query", "--run", runId, "-f", "-n", "100000"],
      { onStdout: () => void (isFollowed = true) },
    );
    await printing;
    deepEqual([exitCode, stderr], [0, ""]);
    deepEqual(texts(stdout), numbers(printed));
  }
});

Deno.test("lines that are alike are printed as often as they were", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  const timeMs = Date.now();
  for (let count = 0; count < 7; count++) scene.print(runId, "again", { timeMs });
  const finish = async () => {
    for (let count = 0; count < 5; count++) scene.print(runId, "again", { timeMs });
    await scene.reportRun(attempt, "COMPLETED");
  };
  const { stdout } = await scene.call(["logs", "query", "--run", runId, "-f"], {
    onStdout: when("again", () => void finish()),
  });
  deepEqual(texts(stdout), Array.from({ length: 12 }, () => "again"));
});

Deno.test("--follow filters live lines as stored ones, and ends quietly when its reader has gone", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  for (const taskName of ["Load", "Check"]) scene.print(runId, `stored ${taskName}`, { taskName });
  const printMore = () => {
    scene.print(runId, "other workflow, error", { workflowId: "etl.other", taskName: "Check", stream: "stderr" });
    scene.print(runId, "other task, error", { stream: "stderr" });
    scene.print(runId, "other level, error", { taskName: "Check" });
    scene.print(runId, "other text", { taskName: "Check", stream: "stderr" });
    scene.print(runId, "other time, error", { taskName: "Check", stream: "stderr", timeMs: 1 });
    scene.print(runId, "right, error", { taskName: "Check", stream: "stderr" });
    scene.print(runId, "last error", { taskName: "Check", stream: "stderr" });
  };
  scene.print(runId, "first error", { taskName: "Check", stream: "stderr" });
  const onFirst = when("first", printMore);
  const { exitCode, stdout, stderr } = await scene.call(
    ["logs", "query", "-f", "-w", "etl", "--task", "Check", "--level", "error", "--grep", "error", "--last", "1h"],
    {
      onStdout: (text) => {
        onFirst(text);
        if (text.includes("last error")) throw new OutputClosed();
      },
    },
  );
  deepEqual([exitCode, stderr], [0, ""]);
  deepEqual(texts(stdout), ["first error", "right, error", "last error"]);
});

Deno.test("a follower outlives a restart of the principal: it says so, and no line is missing or comes twice", async () => {
  await using directory = await temporaryDirectory();
  await using scene = await PrincipalScene.start(files, { historyPath: `${directory.path}/app.db` });
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  scene.print(runId, "0");
  const lost = Promise.withResolvers<void>();
  const restart = async () => {
    scene.print(runId, "1");
    await scene.restart({ meanwhile: () => lost.promise, beforeListening: () => scene.print(runId, "2") });
    scene.print(runId, "3");
    await scene.reportRun(attempt, "COMPLETED");
  };
  let restarting: Promise<void> | null = null;
  const { exitCode, stdout, stderr } = await scene.call(["logs", "query", "--run", runId, "-f"], {
    onStdout: when(" 0\n", () => void (restarting = restart())),
    onStderr: () => lost.resolve(),
  });
  await restarting;
  equal(exitCode, 0);
  match(stderr, /^note: no live lines: the principal's log port cannot be reached; trying on\n/);
  deepEqual(texts(stdout), numbers(4));
});

Deno.test("the flat form with -t prints live lines only", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  scene.print(runId, "stored");
  let isHeard = false;
  const calling = scene.call(["logs", "-t", "-w", "etl"], {
    onStdout: (stdout) => {
      isHeard = stdout.includes("live");
      if (isHeard) throw new OutputClosed();
    },
  });
  // Nothing tells when it listens: lines come until one is heard.
  while (!isHeard) {
    scene.print(runId, "live");
    await turn();
  }
  const { exitCode, stdout } = await calling;
  equal(exitCode, 0);
  deepEqual([...new Set(texts(stdout))], ["live"]);
});

Deno.test("the flat form with -t and -n prints so many stored lines first", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  for (const number of numbers(3)) scene.print(runId, number);
  const onStored = when("STDOUT 2", () => scene.print(runId, "live"));
  const { exitCode, stdout } = await scene.call(["logs", "-t", "-n", "2"], {
    onStdout: (stdout) => {
      onStored(stdout);
      if (stdout.includes("live")) throw new OutputClosed();
    },
  });
  equal(exitCode, 0);
  deepEqual(texts(stdout), ["1", "2", "live"]);
});

Deno.test({
  name: "Ctrl-C ends a follower with 130, and every line it was given is out",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using scene = await PrincipalScene.start(files);
    const runId = await scene.trigger("etl");
    scene.print(runId, "stored");
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--quiet", "-A", mainPath, "logs", "query", "-f"],
      env: scene.environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let stdout = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += part;
      if (stdout.includes("stored") && !stdout.includes("live")) scene.print(runId, "live");
      if (stdout.includes("live")) child.kill("SIGINT");
    }
    const stderr = await new Response(child.stderr).text();
    deepEqual([(await child.status).code, stderr], [130, ""]);
    ok(stdout.includes("STDOUT stored\n") && stdout.endsWith("STDOUT live\n"), stdout);
  },
});
