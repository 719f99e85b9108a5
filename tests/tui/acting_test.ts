/** Nothing is changed but what was asked for, once, and what the question named. */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import type { Run } from "../../src/core/mod.ts";
import type { Route } from "../../src/tui/screen.ts";
import { evilDefinition } from "./hostile_scene.ts";
import { runOf, type Script, Scripted, summary } from "./scripted.ts";

const changing = ["RUN", "CANCEL", "PAUSE", "RETRY"];
const cancelled = { runId: "x", outcome: "done" } as const;

function changes({ asked }: Scripted): string[] {
  return asked.filter(({ verb }) => changing.includes(verb)).map(({ verb, request }) => {
    const { run, workflowId } = JSON.parse(request);
    return `${verb} ${run ?? workflowId}`;
  });
}

const run = (number: number, state: Run["state"]) => runOf(number, "etl", state, 60_000 * number);
const { runId: firstId } = run(1, "RUNNING");
const param = {
  ...{ type: "string", description: null, required: false, default: null, choices: null, pattern: null, min: null },
  max: null,
};
const scene: Script = {
  runs: [run(1, "RUNNING"), run(2, "RUNNING"), run(3, "FAILED")],
  workflows: [summary("etl", { cron: "* * * * *", nextFireMs: 1, params: { day: param } })],
  status: { agents: [] },
  answers: {
    ...{ CANCEL: cancelled, PAUSE: cancelled, RETRY: { runId: "x", attempt: 2, kept: [] } },
    RUN: { runId: firstId, duplicate: false, skipped: null },
    SHOWRUN: {
      ...{ run: run(1, "RUNNING"), tasks: [], kept: [], earlier: [], waitingSinceMs: null, workflow: evilDefinition },
    },
  },
};

Deno.test("a click beside the question changes nothing, in whichever row", async () => {
  await using scripted = await Scripted.open({ ...scene, route: { screen: "runs" } });
  scripted.press("G", "c");
  for (const columns of [-30, -6, -3, 9, 60]) scripted.click("y cancel", columns);
  match(scripted.frame, /Cancel run 0198c7a2-0000-7000 of etl\?/);
  deepEqual(changes(scripted), []);
  scripted.click("y cancel", 3);
  await scripted.clock.pass(100, 100);
  deepEqual(changes(scripted), [`CANCEL ${firstId}`]);
});

Deno.test("a click on the other button leaves all as it is", async () => {
  await using scripted = await Scripted.open({ ...scene, route: { screen: "runs" } });
  scripted.press("G", "c");
  scripted.click("leave it as it is");
  doesNotMatch(scripted.frame, /Cancel run/);
  deepEqual(changes(scripted), []);
});

Deno.test("what was asked about is what is changed, however the list changed meanwhile", async () => {
  await using scripted = await Scripted.open({ ...scene, route: { screen: "runs" } });
  scripted.press("G", "c");
  await scripted.tell([runOf(0, "other", "RUNNING", 0), { ...run(2, "FAILED"), runId: "00000000-0" }]);
  match(scripted.frame, /Cancel run 0198c7a2-0000-7000 of etl\?/);
  scripted.press("y", "y");
  await scripted.clock.pass(100, 100);
  deepEqual(changes(scripted), [`CANCEL ${firstId}`]);
});

Deno.test("a form starts one run, however often Enter and the button are pressed", async () => {
  await using scripted = await Scripted.open({ ...scene, route: { screen: "workflows" } });
  scripted.press("r");
  scripted.click("Run it", 40);
  scripted.click("Run it", -10);
  deepEqual(changes(scripted), []);
  scripted.press("enter", "enter", "ctrl-s");
  scripted.ui.take([{ type: "paste", text: "no" }]);
  scripted.click(" ... ");
  await scripted.clock.pass(100, 100);
  deepEqual(changes(scripted), ["RUN etl"]);
});

Deno.test("the way out of a question is seen on the smallest screen", async () => {
  const workflowId = "a-long-name.".repeat(20);
  const runs = [runOf(1, workflowId, "RUNNING", 1), runOf(2, workflowId, "PENDING", 1)];
  await using scripted = await Scripted.open({ runs, route: { screen: "runs" }, size: { width: 40, height: 10 } });
  scripted.press(" ", " ", "c");
  match(scripted.frame, /y cancel +n leave it as it is/);
});

Deno.test("a palette without a hit has them again when its text is erased", async () => {
  await using scripted = await Scripted.open(scene);
  scripted.press("ctrl-p", "€", "down", "down", "backspace");
  match(scripted.frame, /│ why +enter/);
});

const everywhere: readonly Route[] = [
  ...(["overview", "workflows", "agents", "schedule", "messages", "runs"] as const).map((screen): Route => ({
    screen,
  })),
  { screen: "workflow", workflowId: "etl" },
  { screen: "run", run: firstId },
];

for (const route of everywhere) {
  Deno.test(`to who may only read nothing that changes anything is offered: ${JSON.stringify(route)}`, async () => {
    await using scripted = await Scripted.open({ ...scene, route, isReadOnly: true, size: { width: 140, height: 50 } });
    for (const part of ["", "tab", "tab", "tab", "tab"]) {
      if (part !== "") scripted.press(part);
      doesNotMatch(scripted.frame, /\b(retry|cancel|pause|run it)\b/);
      scripted.press("r", "y", "c", "y", "C", "y", "p", "y", "t", "y", "T", "y", "P", "y");
      scripted.press("ctrl-p");
      doesNotMatch(scripted.frame, /\b(retry|cancel|pause|run it)\b/);
      scripted.press("esc");
    }
    await scripted.clock.pass(500, 100);
    equal(changes(scripted).length, 0);
  });
}

Deno.test("a click on the way that leads deep goes nowhere, and one on what is left of the places goes there", async () => {
  const workflowId = "a-long-name.".repeat(4);
  await using scripted = await Scripted.open({ ...scene, size: { width: 80, height: 24 } });
  scripted.ui.open({ screen: "workflow", workflowId });
  scripted.click("▶ a-long", 10);
  match(scripted.frame, /▶ a-long/);
  scripted.click("Workflows");
  doesNotMatch(scripted.frame, /▶ a-long/);
});

Deno.test("marked runs that the filter hides are left as they are", async () => {
  const runs = [runOf(1, "etl", "RUNNING", 0), runOf(2, "report", "RUNNING", 0)];
  await using scripted = await Scripted.open({ ...scene, runs, route: { screen: "runs" } });
  scripted.press(" ", " ", "/", ..."report", "enter");
  await scripted.clock.pass(300, 100);
  scripted.ui.frame();
  scripted.press("c");
  match(scripted.frame, /Cancel run .* of report\?/);
  scripted.press("y");
  await scripted.clock.pass(100, 100);
  deepEqual(changes(scripted), [`CANCEL ${runs[1]?.runId}`]);
});

Deno.test("the keys for help and the way out are in the footer, however narrow it is", async () => {
  for (const width of [40, 60, 80, 100]) {
    await using scripted = await Scripted.open({ ...scene, route: { screen: "runs" }, size: { width, height: 20 } });
    match(scripted.frame, / \? keys {2}q quit$/);
  }
});
