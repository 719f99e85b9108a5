/** Ctrl-Z and `fg`. */
import { deepEqual, equal } from "node:assert/strict";
import { Scene } from "./scene.ts";
import { terminalTest } from "./tmux.ts";

/** What a shell says of a job that SIGTSTP stopped: 128 and the signal's number, which differs between systems. */
const stopped = Deno.build.os === "linux" ? 148 : 146;

terminalTest("ctrl-z gives the terminal back, and fg brings the interface back as it was", async () => {
  await using scene = await Scene.start();
  const terminal = await scene.terminal();
  const before = await terminal.state();
  await terminal.enter("cdktr ui workflows");
  await terminal.until("ticking");
  const during = await terminal.state();
  for (let round = 1; round <= 3; round++) {
    await terminal.press("C-z");
    equal(await terminal.prompted(), stopped);
    deepEqual(await terminal.state(), before);
    await terminal.enter(`echo usable | tr a-z A-Z; seq 50`);
    await terminal.until("50");
    await terminal.enter("fg");
    const screen = await terminal.until("ticking");
    equal(screen.split("\n").length, 31, "the screen has its rows, and nothing of the shell");
    equal(/^\d+$/m.test(screen), false, screen);
    deepEqual(await terminal.state(), during);
    await terminal.press("j");
    await terminal.until(/^❯\s+\S+/m);
  }
  await terminal.press("q");
  equal(await terminal.prompted(), 0);
  deepEqual(await terminal.state(), before);
});

terminalTest("ctrl-z does no harm where no shell could continue the process", async () => {
  await using scene = await Scene.start();
  const terminal = await scene.terminal();
  await terminal.enter("exec cdktr ui workflows");
  await terminal.until("ticking");
  await terminal.press("C-z");
  await terminal.press("/");
  await terminal.type("quick");
  await terminal.untilGone("ticking");
  await terminal.until(/\/quick/);
});
