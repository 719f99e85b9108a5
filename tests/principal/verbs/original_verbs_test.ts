import assert from "node:assert/strict";
import { maxQueryLogsChars } from "../../../src/principal/verbs/original_verbs.ts";
import { Scene } from "../scene.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("while the journal cannot be written an original client is told, and an original agent just asks again", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  scene.journal.fail();
  void scene.trigger();
  await scene.clock.pass(500, 500);
  assert.match(
    await scene.send("RUNTASK\x01etl"),
    /^SERVERERROR\x01Cannot write the journal: no space left on the disk\.$/,
  );
  assert.equal(await scene.send("FETCHWORKFLOW\x01old@host/AG"), "OK", "it ends itself on an error");
  assert.equal(await scene.send("REGISTERAGENT\x01old@host/AG"), "OK");
  scene.journal.fail(null);
  await scene.clock.pass(500, 500);
  assert.match(await scene.send("FETCHWORKFLOW\x01old@host/AG"), /^SUCCESS\x01/);
});

Deno.test("a QUERYLOGS reply holds the first lines that a message can take", async () => {
  await using scene = await Scene.open();
  const chars = 1_000_000;
  for (let number = 0; number < 10; number++) {
    const payload = `STDOUT ${number}${"x".repeat(chars)}`;
    scene.principal.logs.take([
      bytes(["etl", "ETL", "r1", "Only", "t1", `${scene.clock.nowMs() - 1}`, "INFO", payload].join("\x01")),
    ]);
  }
  const reply = await scene.send("QUERYLOGS\x01\x01\x01\x01\x01");
  assert.ok(reply.length < maxQueryLogsChars + 1000, `${reply.length}`);
  const lines: string[] = JSON.parse(reply.slice("SUCCESS\x01".length));
  assert.deepEqual(lines.map((line) => /STDOUT (\d)/.exec(line)?.[1]), ["0", "1", "2", "3", "4", "5", "6", "7"]);
});

Deno.test("statuses and logs are answered although the history has ended", async () => {
  await using scene = await Scene.open();
  await scene.history.close();
  for (const verb of ["GETRECENTSTATUSES", "QUERYLOGS\x01\x01\x01\x01\x01"]) {
    assert.match(await scene.send(verb), /^SERVERERROR\x01/, verb);
  }
  assert.equal(await scene.ask("LOGS", { order: "oldest", limit: 1 }).code(), "SHUTTING_DOWN");
  assert.equal(await scene.send("RUNTASK\x01etl"), "OK", "the queue goes on");
});
