import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { call, temporaryDirectory } from "../call.ts";
import { type Attempt, oneTask, PrincipalScene } from "../principal_scene.ts";
import { Terminal } from "../terminal.ts";

const mainPath = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const diamond = `name: Daily ETL
tasks:
  load: {name: Load, config: {type: subprocess, cmd: echo}}
  clean: {name: Clean, depends: [load], config: {type: subprocess, cmd: echo}}
`;
const files = { etl: diamond, "etl.other": oneTask };
const utf8 = { LANG: "en_GB.UTF-8" };

/** Calls back at the first output that holds `text`. */
function when(text: string, act: () => void): (output: string) => void {
  let isDone = false;
  return (output) => {
    if (isDone || !output.includes(text)) return;
    isDone = true;
    act();
  };
}

async function begun(scene: PrincipalScene): Promise<Attempt> {
  await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "RUNNING");
  return attempt;
}

/** Load runs for two seconds and completes, clean fails. */
async function finish(scene: PrincipalScene, attempt: Attempt): Promise<void> {
  const nowMs = Date.now();
  await scene.reportTask(attempt, "load", "RUNNING", { happenedAtMs: nowMs - 3000 });
  await scene.reportTask(attempt, "load", "COMPLETED", { happenedAtMs: nowMs - 1000 });
  await scene.reportTask(attempt, "clean", "FAILED", { reason: "exit code 3\nand more", happenedAtMs: nowMs });
  await scene.reportRun(attempt, "FAILED", "task clean failed");
}

Deno.test("without a terminal each change is a line without control characters, and a failed run exits 1", async () => {
  await using scene = await PrincipalScene.start(files);
  const attempt = await begun(scene);
  const { exitCode, stdout, stderr } = await scene.call(["runs", "watch", attempt.runId.slice(0, 30)], {
    onStdout: when("RUNNING", () => void finish(scene, attempt)),
  });
  deepEqual([exitCode, stderr], [1, ""]);
  equal(/[\x00-\x09\x0b-\x1f]/.test(stdout), false);
  const lines = stdout.trimEnd().split("\n");
  ok(lines.every((line) => /^\d\d:\d\d:\d\d (run|task) /.test(line)), stdout);
  match(lines[0] ?? "", new RegExp(` run ${attempt.runId} RUNNING on ada@lab/AG$`));
  ok(lines.some((line) => / task load COMPLETED in 2\.0 s$/.test(line)), stdout);
  ok(lines.some((line) => / task clean FAILED: exit code 3\\nand more$/.test(line)), stdout);
  match(lines.at(-1) ?? "", / run \S+ FAILED in .*: task clean failed$/);
});

Deno.test("a run that has ended is told as it is, and one that completed exits 0", async () => {
  await using scene = await PrincipalScene.start(files);
  const attempt = await begun(scene);
  await scene.reportRun(attempt, "COMPLETED");
  const { exitCode, stdout } = await scene.call(["runs", "watch", attempt.runId]);
  equal(exitCode, 0);
  match(stdout, /^\d\d:\d\d:\d\d run \S+ COMPLETED in [^\n]*\n$/);
});

Deno.test("--json prints one object a change", async () => {
  await using scene = await PrincipalScene.start(files);
  const attempt = await begun(scene);
  const { exitCode, stdout } = await scene.call(["runs", "watch", attempt.runId, "--json"], {
    columns: 80,
    onStdout: when("RUNNING", () => void finish(scene, attempt)),
  });
  equal(exitCode, 1);
  const changes: Record<string, unknown>[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  deepEqual([changes[0]?.["type"], changes[0]?.["state"]], ["run", "RUNNING"]);
  deepEqual([changes.at(-1)?.["type"], changes.at(-1)?.["state"]], ["run", "FAILED"]);
  const clean = changes.find(({ taskId }) => taskId === "clean");
  deepEqual([clean?.["state"], clean?.["runId"], clean?.["reason"]], [
    "FAILED",
    attempt.runId,
    "exit code 3\nand more",
  ]);
});

Deno.test("on a terminal the tasks are drawn in place, and the summary takes their place at the end", async () => {
  await using scene = await PrincipalScene.start(files);
  const attempt = await begun(scene);
  const frames: string[] = [];
  const began = async () => {
    await scene.reportTask(attempt, "load", "RUNNING");
  };
  const atFirst = when("waiting", () => void began());
  const running = when("Load       RUNNING", () => void finish(scene, attempt));
  const { exitCode, stdout, stderr } = await scene.call(["runs", "watch", attempt.runId], {
    columns: 60,
    environment: utf8,
    onStdout: (text) => {
      frames.push(Terminal.shown(text, 60).join("\n"));
      atFirst(text);
      running(Terminal.shown(text, 60).join("\n").replace(/Load +RUNNING/, "Load       RUNNING"));
    },
  });
  deepEqual([exitCode, stderr], [1, ""]);
  ok(frames.some((frame) => /^[⠀-⣿] etl {2}RUNNING {4}·{12} 0\/2 .*\n {2}○ Load.* waiting/.test(frame)), frames[0]);
  ok(frames.some((frame) => /\n {2}[⠀-⣿] Load +RUNNING +\d/.test(frame)));
  const terminal = new Terminal(60, 24);
  terminal.write(stdout);
  equal(terminal.isCursorShown, true);
  const end = terminal.lines();
  match(end[0] ?? "", /^TASK +STATE +TIME +REASON$/);
  match(end.join("\n"), /\n\nFAILED in .*task clean failed/);
});

Deno.test("more tasks than rows: those that run are shown, the others counted", async () => {
  const many = Array.from({ length: 40 }, (_, at) => `  t${at}: {name: T${at}, config: {type: subprocess, cmd: echo}}`);
  await using scene = await PrincipalScene.start({ etl: `name: Many\ntasks:\n${many.join("\n")}\n` });
  const attempt = await begun(scene);
  await scene.reportTask(attempt, "t33", "RUNNING");
  const frames: string[][] = [];
  await scene.call(["runs", "watch", attempt.runId, "--ascii"], {
    columns: 60,
    rows: 10,
    onStdout: (text) => {
      if (frames.length === 0) void scene.reportRun(attempt, "COMPLETED");
      frames.push(Terminal.shown(text, 60, 10));
    },
  });
  const [frame = []] = frames;
  ok(frame.length < 10);
  ok(frame.some((line) => /T33 +RUNNING/.test(line)), frame.join("\n"));
  equal(frame.at(-1), "  ... and 33 more");
});

Deno.test("a principal that goes away and comes back is waited for", async () => {
  await using directory = await temporaryDirectory();
  await using scene = await PrincipalScene.start(files, { historyPath: `${directory.path}/app.db` });
  const attempt = await begun(scene);
  let isBack = () => {};
  let reported = Promise.resolve();
  const lost = new Promise<void>((resolve) => isBack = resolve);
  const { exitCode, stdout, stderr } = await scene.call(["runs", "watch", attempt.runId], {
    environment: { CDKTR_DEFAULT_ZMQ_TIMEOUT_MS: "1000" },
    onStdout: when("RUNNING", () => {
      reported = scene.restart({ meanwhile: () => lost, beforeListening: () => {} })
        .then(() => scene.reportRun(attempt, "COMPLETED"));
    }),
    onStderr: when("waiting for the principal", () => isBack()),
  });
  await reported;
  equal(exitCode, 0, stderr);
  match(stderr, /^note: waiting for the principal: .*\nnote: the principal answers again\n$/);
  match(stdout.trimEnd().split("\n").at(-1) ?? "", /COMPLETED/);
});

Deno.test("a principal that does not answer at first exits 5, a run that is not there 3", async () => {
  const scene = await PrincipalScene.start(files);
  equal((await scene.call(["runs", "watch", "nonsense"])).exitCode, 3);
  await scene[Symbol.asyncDispose]();
  equal((await scene.call(["runs", "watch", "x"])).exitCode, 5);
  equal((await scene.call(["runs", "watch"])).exitCode, 5);
});

function start(scene: PrincipalScene, args: readonly string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-A", mainPath, ...args],
    env: scene.environment,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function readUntil(reader: ReadableStreamDefaultReader<string>, isEnough: (text: string) => boolean) {
  let text = "";
  while (!isEnough(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  return text;
}

Deno.test({
  name: "all runs: those under way, those that begin and end meanwhile, until Ctrl-C",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using scene = await PrincipalScene.start(files);
    const attempt = await begun(scene);
    const child = start(scene, ["runs", "watch"]);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    match(
      await readUntil(reader, (text) => text.includes("\n")),
      new RegExp(` run ${attempt.runId} of etl RUNNING on `),
    );
    const other = await scene.trigger("etl.other");
    await scene.client.call("CANCEL", { run: other, task: null, reason: "not now" });
    await scene.reportRun(attempt, "FAILED", "why");
    const rest = await readUntil(reader, (text) => text.includes("FAILED") && text.includes("CANCELLED"));
    match(rest, new RegExp(`run ${other} of etl\\.other CANCELLED: not now`));
    match(rest, new RegExp(`run ${attempt.runId} of etl FAILED.*: why`));
    child.kill("SIGINT");
    equal((await child.status).code, 130);
    await reader.cancel();
    await child.stderr.cancel();
  },
});

Deno.test({
  name: "Ctrl-C ends the watch with 130 and says that the run goes on",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using scene = await PrincipalScene.start(files);
    const attempt = await begun(scene);
    const child = start(scene, ["runs", "watch", attempt.runId]);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    await readUntil(reader, (text) => text.includes("RUNNING"));
    child.kill("SIGINT");
    match(await new Response(child.stderr).text(), new RegExp(`^It goes on\\. Look at it with .*${attempt.runId}`));
    equal((await child.status).code, 130);
    await reader.cancel();
  },
});

Deno.test("a command that waits shows progress where stderr is a terminal, and nothing of it elsewhere", async () => {
  await using scene = await PrincipalScene.start(files);
  const serve = async () => {
    const attempt = await scene.fetch();
    await scene.reportRun(attempt, "RUNNING");
    await scene.reportTask(attempt, "only", "RUNNING");
    return attempt;
  };
  const serving = serve();
  let hasEnded = false;
  const { exitCode, stdout, stderr } = await scene.call(["task", "run", "etl.other", "--wait"], {
    columns: 60,
    talkIsTerminal: true,
    environment: utf8,
    onStderr: (text) => {
      if (hasEnded || !/Only +RUNNING/.test(text)) return;
      hasEnded = true;
      void serving.then(async (attempt) => {
        await scene.reportTask(attempt, "only", "COMPLETED");
        await scene.reportRun(attempt, "COMPLETED");
      });
    },
  });
  equal(exitCode, 0);
  match(stdout, /^[0-9a-f-]{36}\n$/);
  const screen = Terminal.shown(stderr, 60);
  match(screen.join("\n"), /^TASK +STATE +TIME +REASON\nOnly +COMPLETED[^\n]*\n\nCOMPLETED in /);

  const other = serve().then((attempt) => scene.reportRun(attempt, "COMPLETED"));
  const plain = await scene.call(["task", "run", "etl.other", "--wait"]);
  await other;
  match(plain.stderr, /^TASK +STATE/);
  equal(plain.stderr.includes("\x1b"), false);
});

Deno.test("cdktr run keeps its progress below the lines its tasks print", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/demo.yml`;
  const script = "for i in 1 2 3 4; do echo line $i; sleep 0.2; done";
  await Deno.writeTextFile(
    path,
    `name: Demo\ntasks:\n  speak: {name: Speak, config: {type: subprocess, cmd: sh, args: [-c, "${script}"]}}\n`,
  );
  const terminal = new Terminal(100, 24);
  let seenOut = 0;
  let seenTalk = 0;
  const frames: string[] = [];
  const show = (text: string, seen: number) => {
    terminal.write(text.slice(seen));
    frames.push(terminal.lines().join("\n"));
    return text.length;
  };
  const { exitCode } = await call(["run", path], {
    workingDirectory: directory.path,
    environment: {
      ...utf8,
      HOME: directory.path,
      CDKTR_APP_DATA_DIRECTORY: `${directory.path}/data`,
      PATH: Deno.env.get("PATH") ?? "",
    },
    columns: 100,
    talkIsTerminal: true,
    onStdout: (text) => seenOut = show(text, seenOut),
    onStderr: (text) => seenTalk = show(text, seenTalk),
  });
  equal(exitCode, 0);
  ok(
    frames.some((frame) => /line 1\n(.*line \d\n)*[⠀-⣿] demo {2}RUNNING.*\n {2}[⠀-⣿] Speak/.test(frame)),
    frames.at(-5),
  );
  const lines = terminal.lines();
  deepEqual(lines.slice(0, 4).map((line) => line.replace(/^.* \| /, "")), ["line 1", "line 2", "line 3", "line 4"]);
  match(lines.slice(4).join("\n"), /^\nTASK +STATE +TIME +REASON\nSpeak +COMPLETED/);
});
