/** Commands towards a principal of the original, whose replies are given here byte for byte. */
import { deepEqual, equal, match } from "node:assert/strict";
import { OriginalScene } from "../original_scene.ts";
import { OutputClosed } from "../../../src/cli/output.ts";

Deno.test("task list shows an original's workflows without a next time, and what is wrong with others on stderr", async () => {
  await using original = await OriginalScene.start();
  const { exitCode, stdout, stderr } = await original.call(["task", "list"]);
  equal(exitCode, 0);
  match(stdout, /^WORKFLOW .*\netl\.daily +Multi +0 1 \* \* \* 2 +UTC +2\n$/);
  equal(stderr, "Cannot run workflow 'broken': it has no tasks.\n");
  const { workflows } = JSON.parse((await original.call(["task", "list", "--json"])).stdout);
  deepEqual([workflows[0].id, workflows[0].nextFireMs], ["etl.daily", null]);
});

Deno.test("runs list shows an original's recent statuses, and says that it is no list of runs", async () => {
  await using original = await OriginalScene.start();
  const { exitCode, stdout, stderr } = await original.call(["runs", "list"]);
  equal(exitCode, 0);
  equal(
    stdout,
    "INSTANCE       WORKFLOW   STATUS     SINCE\n" +
      "happy-otter-0  etl.daily  RUNNING    2026-11-21T09:13:22Z\n" +
      "emerald-fig-0  simple     COMPLETED  2026-11-21T09:13:21Z\n",
  );
  match(
    stderr,
    /^note: the principal at 127\.0\.0\.1:\d+ is an original cdktr; it tells the newest status of at most /,
  );
  const one = await original.call(["runs", "list", "--json", "-n", "1"]);
  deepEqual(JSON.parse(one.stdout), {
    recentStatuses: [{
      workflowId: "etl.daily",
      workflowInstanceId: "happy-otter-0",
      status: "RUNNING",
      timestampMs: 1795252402023,
    }],
  });
});

Deno.test("logs query and the flat form ask an original with the filters it has, and print what it formatted", async () => {
  await using original = await OriginalScene.start();
  const formatted = [
    "[2026-03-04T08:40:30.123+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT one",
    "[2026-03-04T08:40:31+00:00 ERROR] [happy-otter-0/odd-dog-0] STDERR two",
  ];
  const all = await original.call(["logs", "query"]);
  deepEqual([all.exitCode, all.stdout], [0, `${formatted.join("\n")}\n`]);
  match(all.stderr, /^note: .* these are lines of 24 hours at most\n$/);
  const some = await original.call([
    ...["logs", "query", "-v", "-w", "etl.daily", "-i", "happy-otter-0", "-n", "1"],
    ...["-s", "2026-03-04 08:00:00", "-e", "2026-03-04T09:00:00Z"],
  ]);
  deepEqual([some.exitCode, some.stdout, some.stderr], [0, `${formatted[1]}\n`, ""]);
  await original.call(["logs"], { nowMs: Date.UTC(2026, 2, 5) });
  deepEqual(original.asked, [
    "QUERYLOGS\x01\x01\x01\x01\x01",
    "QUERYLOGS\x011772614800000\x011772611200000\x01etl.daily\x01happy-otter-0\x01v",
    `QUERYLOGS\x01\x01${Date.UTC(2026, 2, 4)}\x01\x01\x01`,
  ]);
});

Deno.test("live lines of an original are printed and filtered, though it has no stored ones to begin with", async () => {
  await using original = await OriginalScene.start();
  const line = (run: string, level: string, text: string) =>
    `etl.daily\x01Daily ETL\x01${run}\x01A task\x01odd-dog-0\x011795252644746\x01${level}\x01${text}`;
  let isHeard = false;
  const calling = original.call(["logs", "-t", "-i", "happy-otter-0", "--level", "error"], {
    onStdout: (stdout) => {
      isHeard = stdout !== "";
      if (isHeard) throw new OutputClosed();
    },
  });
  while (!isHeard) {
    original.publish(line("emerald-fig-0", "ERROR", "STDERR of another run"));
    original.publish(line("happy-otter-0", "INFO", "STDOUT of another level"));
    original.publish(line("happy-otter-0", "ERROR", "STDERR right"));
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { exitCode, stdout, stderr } = await calling;
  deepEqual([exitCode, stderr], [0, ""]);
  deepEqual([...new Set(stdout.trimEnd().split("\n"))], [
    "[2026-11-21T09:17:24.746+00:00 ERROR] [happy-otter-0/odd-dog-0] STDERR right",
  ]);
});

const refusals: [argv: string[], sentence: RegExp][] = [
  [["runs", "show", "x"], /is an original cdktr, which cannot SHOWRUN\.\n/],
  [["runs", "cancel", "x"], /is an original cdktr, which cannot CANCEL\.\n/],
  [
    ["runs", "list", "--state", "FAILED", "--since", "1h"],
    /whose GETRECENTSTATUSES has nothing for --state, --since\.\n/,
  ],
  [["logs", "query", "--task", "a", "--json"], /whose QUERYLOGS has nothing for --task, --json\.\n/],
  [["logs", "query", "--grep", "a"], /whose QUERYLOGS has nothing for --grep\.\n/],
  [
    ["logs", "query", "--follow"],
    /whose stored lines are up to 30 s behind its live ones\.\n {2}hint: .*`cdktr logs --tail`/,
  ],
];
for (const [argv, sentence] of refusals) {
  Deno.test(`an original principal: cdktr ${argv.join(" ")} says what it cannot do, and exits 1`, async () => {
    await using original = await OriginalScene.start();
    const { exitCode, stdout, stderr } = await original.call(argv);
    deepEqual([exitCode, stdout, original.asked], [1, "", []]);
    match(stderr, /^error\[UNSUPPORTED\]: The principal at 127\.0\.0\.1:\d+ is an original cdktr, /);
    match(stderr, sentence);
  });
}

Deno.test("an id that an original would not survive is never sent to it", async () => {
  await using original = await OriginalScene.start();
  const { exitCode, stderr } = await original.call(["logs", "query", "-w", "it's"]);
  equal(exitCode, 2);
  match(stderr, /does not survive an id with the character '/);
  deepEqual(original.asked, []);
});

Deno.test("what an original answers with an error is told in its words", async () => {
  await using original = await OriginalScene.start({ QUERYLOGS: "SERVERERROR\x01Failed to read logs from db: disk" });
  const { exitCode, stdout, stderr } = await original.call(["logs"]);
  deepEqual([exitCode, stdout], [1, ""]);
  match(stderr, /error\[STORAGE\]: The principal at .* answered QUERYLOGS with: Failed to read logs from db: disk\.\n/);
});
