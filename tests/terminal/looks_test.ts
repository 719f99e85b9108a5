/** What reaches the terminal is what it can show, and was asked for. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Scene } from "./scene.ts";
import { terminalTest } from "./tmux.ts";

/** A sequence that sets a colour, of the 16, of the 256 or of all. */
const anyColour = /\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]/;

terminalTest("the colours are those that the terminal has, and none with NO_COLOR", async () => {
  await using scene = await Scene.start();
  await scene.trigger("quick");
  const colours = async (term: string, env: Readonly<Record<string, string>> = {}) => {
    const terminal = await scene.terminal({ term, env });
    await terminal.enter("cdktr ui runs");
    await terminal.until("COMPLETED");
    const frame = await terminal.styledScreen();
    await terminal.press("q");
    equal(await terminal.prompted(), 0);
    return { any: anyColour.test(frame), of256: /[34]8;5;/.test(frame) };
  };
  deepEqual(await colours("xterm-256color"), { any: true, of256: true });
  deepEqual(await colours("screen", { COLORTERM: "truecolor" }), { any: true, of256: true });
  for (const term of ["screen", "xterm"]) deepEqual(await colours(term), { any: true, of256: false }, term);
  deepEqual(await colours("xterm-256color", { NO_COLOR: "1" }), { any: false, of256: false });
});

terminalTest("with --ascii no other character is drawn, on any screen", async () => {
  await using scene = await Scene.start();
  const runId = await scene.trigger("broken");
  const terminal = await scene.terminal();
  for (const place of ["overview", "workflows", "runs", `run ${runId}`, "logs", "workflow etl", "agents", "schedule"]) {
    await terminal.enter(`cdktr ui ${place} --ascii`);
    const screen = await terminal.until(/ live .* q /s);
    match(screen, /^[\x0a\x20-\x7e]*$/, place);
    await terminal.press("C-c");
    equal(await terminal.prompted(), 130);
  }
});

terminalTest("without a terminal to draw on it exits 2 with a sentence, and draws nothing", async () => {
  await using scene = await Scene.start();
  const terminal = await scene.terminal();
  const before = await terminal.state();
  for (const call of ["cdktr ui < /dev/null", "cdktr ui > drawn", "TERM=dumb cdktr ui"]) {
    await terminal.enter(`clear; ${call}`);
    await terminal.until("error[INVALID_ARGUMENT]: `cdktr ui` needs a terminal that it can draw on.");
    equal(await terminal.prompted(), 2, call);
    deepEqual(await terminal.state(), before, call);
  }
  equal(await Deno.readTextFile(`${scene.place.path}/drawn`), "");
});
