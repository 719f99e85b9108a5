/** Whichever way the interface is left, the terminal is afterwards as it was before. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Scene } from "./scene.ts";
import { terminalTest, type TestTerminal } from "./tmux.ts";

/** A way out, and the exit code that it means. */
interface WayOut {
  readonly name: string;
  readonly exitCode: number;
  readonly go: (terminal: TestTerminal, scene: Scene) => Promise<void>;
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const waysOut: readonly WayOut[] = [
  { name: "q", exitCode: 0, go: (terminal) => terminal.press("q") },
  { name: ":q", exitCode: 0, go: (terminal) => terminal.enter(":q") },
  { name: "ctrl-c", exitCode: 130, go: (terminal) => terminal.press("C-c") },
  ...Object.entries(signals).map(([signal, exitCode]): WayOut => ({
    name: signal,
    exitCode,
    go: (_, scene) => scene.signal(signal as keyof typeof signals),
  })),
];

terminalTest("the terminal is after each way out as it was before", async () => {
  await using scene = await Scene.start();
  const terminal = await scene.terminal();
  for (const { name, exitCode, go } of waysOut) {
    const before = await terminal.state();
    await terminal.enter("cdktr ui workflows");
    await terminal.until("ticking");
    const during = await terminal.state();
    deepEqual(
      [during.isAlternateScreen, during.isCursorShown, during.isMouseTold, during.settings === before.settings],
      [true, false, true, false],
      "the interface takes the terminal over",
    );
    await go(terminal, scene);
    equal(await terminal.prompted(), exitCode, name);
    deepEqual(await terminal.state(), before, name);
    await terminal.enter("echo usable | tr a-z A-Z");
    await terminal.until("USABLE");
    await terminal.enter("clear");
    await terminal.untilGone("USABLE");
  }
});

const faults = {
  timer: "the fault in a timer",
  rejection: "the fault that nobody awaited",
  drawing: "the fault in drawing",
};

terminalTest(
  "a defect ends the interface with a sentence that can be read, in a terminal as it was before",
  async () => {
    await using scene = await Scene.start();
    const terminal = await scene.terminal();
    for (const [fault, sentence] of Object.entries(faults)) {
      const before = await terminal.state();
      await terminal.enter(`crashing_ui ${fault}`);
      await terminal.until("lab");
      equal(await terminal.prompted(), 1, fault);
      deepEqual(await terminal.state(), before, fault);
      match(await terminal.screen(), new RegExp(sentence));
      await terminal.enter("clear");
      await terminal.untilGone(sentence);
    }
  },
);
