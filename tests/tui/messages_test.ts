import assert from "node:assert/strict";
import { noonMs, type Script, Scripted, summary } from "./scripted.ts";

const problem = `etl.yml: ${"tasks.load.cmd is missing; ".repeat(6)}and that is the end`;
const script: Script = {
  route: { screen: "messages" },
  workflows: [summary("etl", { cron: "0 6 * * *", nextFireMs: noonMs + 1000 }), summary("by.hand")],
  workflowProblems: [problem],
  status: {
    ...{ version: "0.1.0", startedAtMs: noonMs - 7_200_000, problems: ["The disk is nearly full."] },
    history: { state: "degraded", reason: "it is rebuilt", eventsBehind: 1 },
  },
  size: { width: 80, height: 30 },
};

Deno.test("Admin tells what there is to know about the principal, its problems in full", async () => {
  await using scripted = await Scripted.open(script);
  const { frame } = scripted;
  assert.match(frame, /PRINCIPAL 3 problems/);
  assert.match(frame, /Address +here \(lab\)/);
  assert.match(frame, /Version +0\.1\.0/);
  assert.match(frame, /Up since +2026-03-01 10:00:00, for 2 h 0 min/);
  assert.match(frame, /History +degraded, 1 decision behind the journal: it is rebuilt/);
  assert.match(frame, /Workflows +2, 1 with a schedule/);
  assert.match(frame, /! The disk is nearly full\.[^]*! etl\.yml[^]*and that is the end/);
});

Deno.test("of a principal that is away Admin tells of when it is what stands there", async () => {
  await using scripted = await Scripted.open(script);
  await scripted.lose();
  assert.match(scripted.frame, /PRINCIPAL as of 12:00:00/);
  assert.match(scripted.frame, /Up since +2026-03-01 10:00:00 /);
});

Deno.test("Enter shows the whole of a message, and p all problems where they have no room", async () => {
  await using scripted = await Scripted.open({ ...script, size: { width: 80, height: 24 } });
  const long = `The workflow cannot be run: ${"because of this; ".repeat(8)}and no more.`;
  scripted.ui.tell("short");
  scripted.ui.tell(long, "bad");
  assert.match(scripted.frame, /❯ 2026-03-01 12:00:00 +The workflow cannot be run/);
  assert.doesNotMatch(scripted.frame, /and no more/);
  scripted.press("enter");
  assert.match(scripted.frame, /and no more\./);
  scripted.press("esc");
  assert.doesNotMatch(scripted.frame, /and no more/);
  for (let count = 0; count < 20; count++) scripted.ui.tell("more");
  assert.match(scripted.frame, /p: all problems in full/);
  scripted.press("p");
  assert.match(scripted.frame, /NEEDS ATTENTION[^]*and that is the end/);
});

Deno.test("where the screen is low the messages have it for themselves", async () => {
  await using scripted = await Scripted.open({ ...script, size: { width: 80, height: 14 } });
  assert.doesNotMatch(scripted.frame, /PRINCIPAL/);
  assert.match(scripted.frame, /p what needs attention/);
});
