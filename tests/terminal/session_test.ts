/** An hour at the terminal in short: what people do with `cdktr ui`, in one go. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Scene } from "./scene.ts";
import { type Size, terminalTest, type TestTerminal } from "./tmux.ts";

terminalTest("open, filter, trigger, follow, cancel, resize, lose the principal, find it again, quit", async () => {
  await using scene = await Scene.start();
  const size = { width: 100, height: 30 };
  // Some libraries draw nothing that moves where they believe to be in CI.
  const terminal = await scene.terminal({ size, env: { CI: "true" } });
  const before = await terminal.state();
  await terminal.enter("cdktr ui");
  await terminal.until("● live");

  await terminal.press("1");
  await terminal.until("ticking");
  await filter(terminal, "et");
  const narrowed = await terminal.until(/\/et {2}1 of 5/);
  ok(narrowed.includes("etl") && !narrowed.includes("ticking"), narrowed);

  await terminal.press("r");
  await terminal.until("Run etl");
  await terminal.press("Enter");
  await terminal.until("day is required.");
  await terminal.type("2026-03-01");
  await terminal.press("Tab");
  await terminal.press("End");
  await terminal.type("_new");
  await terminal.press("Enter");
  await terminal.until(/etl ✓ COMPLETED/);
  await terminal.press("l");
  await terminal.until("loading orders_new of 2026-03-01");

  await terminal.press("1");
  await filter(terminal, "ticking");
  await terminal.until("1 of 5");
  await terminal.press("r");
  await terminal.until("Run ticking");
  await terminal.press("Enter");
  await terminal.until(/ticking ● RUNNING/);
  await terminal.press("l");
  await followed(terminal);

  await terminal.press("Escape");
  await terminal.until(/ticking ● RUNNING/);
  await terminal.press("c");
  await terminal.until(/Cancel run [0-9a-f-]+ of ticking\?/);
  await terminal.press("y");
  await terminal.until(/ticking ⊘ CANCELLED/);

  await terminal.press("3");
  await terminal.until(/ticking .*CANCELLED/);
  for (const other of [{ width: 80, height: 24 }, size, { width: 50, height: 12 }, size]) {
    await terminal.resize(other);
    await filled(terminal, other);
  }

  await scene.killPrincipal();
  const lost = await terminal.until(/! LOST for \d/);
  ok(/ticking .*CANCELLED/.test(lost), "what was known stays");
  await scene.restartPrincipal();
  await terminal.until("● live");
  await scene.trigger("quick");
  await terminal.until(/quick .*(?:COMPLETED|RUNNING|PENDING|ASSIGNED)/);

  await terminal.press("q");
  equal(await terminal.prompted(), 0);
  deepEqual(await terminal.state(), before);
});

async function filter(terminal: TestTerminal, text: string): Promise<void> {
  await terminal.press("/");
  await terminal.type(text);
  await terminal.press("Enter");
}

/** Waits until lines have come that were not there yet. */
async function followed(terminal: TestTerminal): Promise<void> {
  const newest = (screen: string) => Math.max(...[...screen.matchAll(/tick (\d+)/g)].map(([, tick]) => Number(tick)));
  const first = newest(await terminal.until(/tick \d+/));
  await terminal.until(new RegExp(`tick ${first + 5}\\b`));
}

/** Waits until the interface fills the terminal, with one head and one foot. */
async function filled(terminal: TestTerminal, { width, height }: Size): Promise<void> {
  const isFilled = (screen: string) => {
    const rows = screen.replace(/\n$/, "").split("\n");
    return rows.length === height && rows[0]?.startsWith(" cdktr ") === true && /^ .*enter/.test(rows.at(-1) ?? "") &&
      rows.filter((row) => row.startsWith(" cdktr ")).length === 1 && (rows[0]?.length ?? 0) > width - 2;
  };
  await terminal.untilTrue(isFilled, `the interface to fill ${width}x${height}`);
}
