import assert from "node:assert/strict";
import { join } from "node:path";
import { type Grouping, systemGrouping } from "../../../src/agent/executors/process_group.ts";
import { defaultMaxLineBytes } from "../../../src/agent/executors/line_splitter.ts";
import { systemClock } from "../../../src/clock/mod.ts";
import { isAlive, isGone, kill, pauseInChild, start, startScript } from "../processes.ts";

const posix = Deno.build.os !== "windows";

function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name: `process: ${name}`, ignore: !posix, fn: run });
}

const ended = (code: number) => ({ kind: "exited", code, leftovers: false });

// Output

test("both outputs arrive line by line, the exit code with them", async () => {
  const { outcome, stdout, stderr } = startScript("echo one; echo two >&2; printf three; exit 3");
  assert.deepEqual(await outcome, ended(3));
  assert.deepEqual([stdout, stderr], [["one", "three"], ["two"]]);
});

test("a line bears the time at which it was read", async () => {
  const times: number[] = [];
  const { outcome } = startScript("echo one", {
    clock: { ...systemClock, nowMs: () => 1_795_253_751_529 },
    onLines: ({ timestampMs }) => void times.push(timestampMs),
  });
  await outcome;
  assert.deepEqual(times, [1_795_253_751_529]);
});

test("standard input is empty", async () => {
  const { outcome, stdout } = startScript("cat; echo end");
  assert.deepEqual(await outcome, ended(0));
  assert.deepEqual(stdout, ["end"]);
});

test("a megabyte on stderr while stdout is open does not block", async () => {
  const { outcome, stdout, stderr } = startScript("yes error | head -n 200000 >&2; echo end");
  assert.deepEqual(await outcome, ended(0));
  assert.equal(stderr.length, 200_000);
  assert.deepEqual(stdout, ["end"]);
});

test("a hundred thousand lines arrive complete and in order", async () => {
  const { outcome, stdout } = startScript("seq 1 100000");
  assert.deepEqual(await outcome, ended(0));
  assert.equal(stdout.length, 100_000);
  assert.equal(stdout.every((line, index) => line === String(index + 1)), true);
});

test("output that is not UTF-8 is replaced and the process goes on", async () => {
  const { outcome, stdout } = startScript(String.raw`printf 'a\377b\nc\001d\n'; echo end`);
  assert.deepEqual(await outcome, ended(0));
  assert.deepEqual(stdout, ["a\ufffdb", "c␁d", "end"]);
});

test("a binary flood without a line end does not grow memory", async () => {
  let pieces = 0;
  let longest = 0;
  let rssMaxBytes = 0;
  const before = Deno.memoryUsage().rss;
  const { outcome } = start("head", ["-c", String(256 * 1024 * 1024), "/dev/zero"], {
    onLines({ lines }) {
      pieces += lines.length;
      for (const line of lines) longest = Math.max(longest, line.length);
      rssMaxBytes = Math.max(rssMaxBytes, Deno.memoryUsage().rss);
    },
  });
  assert.deepEqual(await outcome, ended(0));
  assert.ok(pieces >= 256 * 1024 * 1024 * 3 / defaultMaxLineBytes);
  assert.ok(longest <= defaultMaxLineBytes);
  assert.ok(rssMaxBytes - before < 150e6, `grew by ${(rssMaxBytes - before) / 1e6} MB`);
});

test("reading pauses while lines are not taken, and one batch is handed over at a time", async () => {
  const gate = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  let inHand = 0;
  let lines = 0;
  const { outcome } = startScript("seq 1 500000; seq 1 10 >&2", {
    async onLines(batch) {
      inHand += 1;
      assert.equal(inHand, 1);
      lines += batch.lines.length;
      first.resolve();
      await gate.promise;
      inHand -= 1;
    },
  });
  await first.promise;
  const taken = lines;
  await pauseInChild(0.2);
  assert.equal(lines, taken);
  gate.resolve();
  assert.deepEqual(await outcome, ended(0));
  assert.equal(lines, 500_010);
});

test("a slow taker of lines does not cost the last lines of a process that has ended", async () => {
  const gate = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  let lines = 0;
  const { outcome } = startScript("echo one; sleep 0.05; seq 1 5000", {
    drainMs: 50,
    async onLines(batch) {
      lines += batch.lines.length;
      first.resolve();
      await gate.promise;
    },
  });
  await first.promise;
  await pauseInChild(0.4);
  gate.resolve();
  assert.deepEqual(await outcome, ended(0));
  assert.equal(lines, 5_001);
});

test("when taking lines fails, the process is ended and the error comes out", async () => {
  let pid = 0;
  const { outcome } = startScript("echo $$; exec sleep 300", {
    onLines({ lines }) {
      pid = Number(lines[0]);
      throw new Error("disk full");
    },
  });
  await assert.rejects(outcome, /disk full/);
  assert.equal(await isGone(pid), true);
});

// What a process leaves behind

test("a background process that holds the output does not hold up the end, and is killed", async () => {
  const { outcome, stdout } = startScript("sleep 300 & echo $!");
  assert.deepEqual(await outcome, { kind: "exited", code: 0, leftovers: true });
  assert.equal(await isGone(Number(stdout[0])), true);
});

test("nor does one that writes without end", async () => {
  const { outcome } = startScript("yes &", { onLines: () => {} });
  assert.deepEqual(await outcome, { kind: "exited", code: 0, leftovers: true });
});

test("what a process writes just after its parent has ended is still read", async () => {
  const { outcome, stdout } = startScript("(sleep 0.1; echo late) & echo early", { drainMs: 5_000 });
  assert.deepEqual(await outcome, ended(0));
  assert.deepEqual(stdout, ["early", "late"]);
});

test("a background process that writes elsewhere is left alone", async () => {
  const { outcome, stdout } = startScript("sleep 300 > /dev/null 2>&1 & echo $!");
  assert.deepEqual(await outcome, ended(0));
  const pid = Number(stdout[0]);
  assert.equal(await isAlive(pid), true);
  kill(pid);
});

test("a daemon in a session of its own does not hold up the end either", async () => {
  if (systemGrouping().kind !== "setsid") return;
  const pidFile = await Deno.makeTempFile();
  const { outcome } = startScript(
    `setsid sh -c 'echo $$ > "$1"; exec sleep 300' sh "$1" & until [ -s "$1" ]; do sleep 0.01; done`,
    {},
    [pidFile],
  );
  assert.deepEqual(await outcome, { kind: "exited", code: 0, leftovers: true });
  kill(Number(await Deno.readTextFile(pidFile)));
  await Deno.remove(pidFile);
});

// Ending a process

const groupings: Grouping[] = [{ kind: "detached" }];
if (posix && systemGrouping().kind === "setsid") groupings.push(systemGrouping());

for (const grouping of groupings) {
  const endingTest = (name: string, run: () => Promise<void>) => test(`${grouping.kind}: ${name}`, run);

  endingTest("cancel reaches the process and its descendants", async () => {
    const { outcome, line, abort, stdout } = startScript(
      "sleep 300 & echo $!; sh -c 'sleep 300 & echo $!; wait' & wait",
      {
        grouping,
      },
    );
    const first = Number(await line(""));
    while (stdout.length < 2) await line("");
    abort.abort();
    assert.deepEqual(await outcome, { kind: "cancelled" });
    for (const pid of [first, Number(stdout[1])]) assert.equal(await isGone(pid), true);
  });

  endingTest("a timeout ends the process", async () => {
    const { outcome } = start("sleep", ["300"], { grouping, timeoutMs: 100 });
    assert.deepEqual(await outcome, { kind: "timed_out" });
  });

  endingTest("a process that ignores TERM is killed after the grace time", async () => {
    const { outcome, line, abort } = startScript("trap '' TERM; echo $$; while :; do sleep 0.1; done", {
      grouping,
      graceMs: 200,
    });
    const pid = Number(await line(""));
    const beganMs = performance.now();
    abort.abort();
    assert.deepEqual(await outcome, { kind: "cancelled" });
    assert.ok(performance.now() - beganMs >= 199);
    assert.equal(await isGone(pid), true);
  });

  endingTest("a cancel in the moment of the start is not lost", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { outcome, abort } = start("sleep", ["300"], { grouping });
      if (round % 2 === 1) await Promise.resolve();
      abort.abort();
      assert.deepEqual(await outcome, { kind: "cancelled" });
    }
  });
}

test("what a process writes while it is being ended is read", async () => {
  const { outcome, line, abort, stdout } = startScript(
    "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
  );
  await line("ready");
  abort.abort();
  assert.deepEqual(await outcome, { kind: "cancelled" });
  assert.deepEqual(stdout, ["ready", "cleaned"]);
});

test("a descendant has the grace time too when its parent is gone at once", async () => {
  const { outcome, line, abort, stdout } = startScript(
    "(trap 'sleep 0.3; echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done) & wait",
  );
  await line("ready");
  const beganMs = performance.now();
  abort.abort();
  assert.deepEqual(await outcome, { kind: "cancelled" });
  assert.deepEqual(stdout, ["ready", "cleaned"]);
  assert.ok(performance.now() - beganMs < 4_000, "the wait ended with the group, not with the grace time");
});

test("a descendant that ignores TERM is killed after the grace time", async () => {
  const { outcome, line, abort } = startScript(
    "(trap '' TERM; exec sh -c 'echo $$; while :; do sleep 0.1; done') & wait",
    { graceMs: 200 },
  );
  const pid = Number(await line(""));
  abort.abort();
  assert.deepEqual(await outcome, { kind: "cancelled" });
  assert.equal(await isGone(pid), true);
});

test("what was cancelled before is not started", async () => {
  const { outcome, stdout } = startScript("echo ran", { signal: AbortSignal.abort() });
  assert.deepEqual(await outcome, { kind: "cancelled" });
  assert.deepEqual(stdout, []);
});

test("death by a signal is told from an exit code", async () => {
  const { outcome } = startScript("kill -9 $$");
  assert.deepEqual(await outcome, { kind: "signalled", signal: "SIGKILL", leftovers: false });
});

// What is started, and where

test("arguments reach the command as they are", async () => {
  const { outcome, stdout } = start("printf", ["%s\n", "-n", "two words", "", "$HOME", "é"]);
  assert.deepEqual(await outcome, ended(0));
  assert.deepEqual(stdout, ["-n", "two words", "", "$HOME", "é"]);
});

test("variables are added to those of the agent", async () => {
  const { outcome, stdout } = startScript('echo "$HOME $ADDED"', { env: { ADDED: "yes" } });
  assert.deepEqual(await outcome, ended(0));
  assert.deepEqual(stdout, [`${Deno.env.get("HOME")} yes`]);
});

test("a command is looked up in the PATH of the task and relative to its working directory", async () => {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  await Deno.mkdir(join(directory, "bin"));
  await Deno.writeTextFile(join(directory, "bin", "greet"), "#!/bin/sh\necho hello from $(pwd)\n", { mode: 0o755 });
  for (
    const { outcome, stdout } of [
      start("greet", [], { cwd: directory, env: { PATH: `${directory}/bin:${Deno.env.get("PATH")}` } }),
      start("greet", [], { cwd: directory, env: { PATH: `bin:${Deno.env.get("PATH")}` } }),
      start("bin/greet", [], { cwd: directory }),
      start("bin/greet", [], { cwd: directory, grouping: { kind: "detached" } }),
    ]
  ) {
    assert.deepEqual(await outcome, ended(0));
    assert.deepEqual(stdout, [`hello from ${directory}`]);
  }
  await Deno.remove(directory, { recursive: true });
});

test("what cannot be started says why", async () => {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  const plain = join(directory, "plain.txt");
  await Deno.writeTextFile(plain, "text", { mode: 0o644 });
  const table: [Parameters<typeof start>, RegExp][] = [
    [["no-such-command", []], /^command `no-such-command` not found in PATH \(.*\)$/],
    [["./no-such", [], { cwd: directory }], /^command `\.\/no-such` does not exist \(looked for \/.*no-such\)$/],
    [["", []], /^the command is empty$/],
    [[plain, []], /^permission denied: `.*plain\.txt` is not executable$/],
    [["plain.txt", [], { env: { PATH: directory } }], /^permission denied: `.*plain\.txt` is not executable$/],
    [[directory, []], /is a directory, not a command$/],
    [["ls", [], { cwd: join(directory, "missing") }], /^working directory `.*missing` does not exist$/],
    [["ls", [], { cwd: plain }], /^working directory `.*plain\.txt` is not a directory$/],
    [["ls", ["a\0b"]], /^command `ls` cannot be started: .*NUL character/],
    [["ls", ["x".repeat(4_000_000)]], /^command `ls` cannot be started: Argument list too long/],
  ];
  for (const [call, sentence] of table) {
    const outcome = await start(...call).outcome;
    assert.equal(outcome.kind, "not_started");
    assert.match(outcome.kind === "not_started" ? outcome.reason : "", sentence);
  }
  await Deno.remove(directory, { recursive: true });
});
