/** Whatever the principal tells, nothing of it acts on the terminal, and no screen breaks over it. */
import { ok } from "node:assert/strict";
import { lineWidth, type Size, textOf } from "../../src/paint/mod.ts";
import type { Route } from "../../src/tui/screen.ts";
import { evil, evilRun, harmful, hostile } from "./hostile_scene.ts";
import { Scripted } from "./scripted.ts";

const { runId: run } = evilRun(1, "RUNNING");
const workflowId = evil("w");

const routes: readonly Route[] = [
  ...(["overview", "workflows", "agents", "schedule", "messages", "runs", "logs"] as const).map((screen): Route => ({
    screen,
  })),
  { screen: "runs", filter: { workflowId } },
  { screen: "workflow", workflowId },
  { screen: "run", run },
  { screen: "logs", run },
  { screen: "logs", workflowId },
];

/** Keys after each of which the frame is looked at: views, parts, dialogs, what is typed, what is asked. */
const steps: readonly (readonly string[])[] = [
  ...Array.from({ length: 5 }, () => ["tab"]),
  ["j"],
  ["/", "x", "enter"],
  ["/", "esc"],
  ["c"],
  ["n"],
  ["C"],
  ["n"],
  ["r"],
  ["tab"],
  ["enter"],
  ["esc"],
  ["m"],
  ["esc"],
  ["?"],
  ["esc"],
  ["ctrl-p"],
  ["w"],
  ["esc"],
  [":"],
  ["w"],
  ["esc"],
];

function assertWhole(scripted: Scripted, { width, height }: Size, where: string): void {
  scripted.ui.resize({ width, height });
  const lines = scripted.ui.frame();
  ok(lines.length === height, `${where}: ${lines.length} lines`);
  for (const [row, line] of lines.entries()) {
    const text = textOf(line);
    ok(!harmful.test(text), `${where}, row ${row}: ${JSON.stringify(text)}`);
    ok(lineWidth(line) === width, `${where}, row ${row} is ${lineWidth(line)} wide: ${JSON.stringify(text)}`);
  }
}

for (const route of routes) {
  const name = JSON.stringify(route).replaceAll(/\\u....|\\./g, "");
  Deno.test(`nothing a principal tells acts on the terminal: ${name}`, async () => {
    const size = { width: 130, height: 40 };
    await using scripted = await Scripted.open({ ...hostile, route, size });
    await scripted.tell([evilRun(1, "RUNNING")]);
    assertWhole(scripted, size, "at first");
    for (const keys of steps) {
      scripted.press(...keys);
      assertWhole(scripted, size, keys.join(" "));
      await scripted.clock.pass(200, 100);
      assertWhole(scripted, size, `${keys.join(" ")}, later`);
    }
  });
}
