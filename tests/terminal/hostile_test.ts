/** What a task prints does nothing to the terminal but be read. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Scene } from "./scene.ts";
import { terminalTest } from "./tmux.ts";

terminalTest("a task cannot set the title, fill the clipboard, leave the screen or move the cursor", async () => {
  await using scene = await Scene.start();
  const runId = await scene.trigger("hostile");
  const terminal = await scene.terminal();
  for (const place of ["runs", `run ${runId}`, `logs ${runId}`]) {
    await terminal.enter(`cdktr ui ${place}`);
    await terminal.until(place === "runs" ? "COMPLETED" : "the last line");
    const { title, isAlternateScreen, isCursorShown, isMouseTold } = await terminal.state();
    deepEqual([title.includes("forged"), isAlternateScreen, isCursorShown, isMouseTold], [false, true, false, true]);
    equal(await terminal.clipboard(), null);
    const screen = await terminal.screen();
    match(screen, /^ cdktr {2}/, "what is above is still there");
    match(screen, / q (?:quit|back)\s*$/, "and what is below");
    if (place !== "runs") match(screen, /before .*red.*after/, place);
    await terminal.press("C-c");
    equal(await terminal.prompted(), 130);
  }
});
