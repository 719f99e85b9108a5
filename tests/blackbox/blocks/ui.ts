/** `cdktr ui` where it cannot be: what it draws on a terminal has tests of its own. */
import { equal, match } from "node:assert/strict";
import { type Block, specification } from "../specification.ts";

const needsTerminal = /error\[INVALID_ARGUMENT\]: `cdktr ui` needs a terminal that it can draw on\./;

export const ui: Block = {
  hundred: 7,
  title: "cdktr ui",
  specifications: [
    specification(
      701,
      "Without a terminal `ui` is refused with 2, and names the commands that tell the same",
      ["ui", 2, "INVALID_ARGUMENT"],
      async (outsider) => {
        const { code, stdout, stderr } = await (await outsider.place()).call(["ui"]);
        equal(code, 2);
        equal(stdout, "");
        match(stderr, needsTerminal);
        match(stderr, /\n {2}hint: .*`cdktr status`/);
      },
    ),
    specification(
      702,
      "On a terminal with TERM=dumb it is refused, too, before anything is drawn",
      ["ui", 2],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stdout } = await place.shell(`script -qec '"$CDKTR" ui' /dev/null`, { TERM: "dumb" });
        equal(code, 2, stdout);
        match(stdout, needsTerminal);
        equal(stdout.includes("\x1b"), false);
      },
      { needs: "script" },
    ),
    specification(
      703,
      "A screen that does not exist, or that lacks its id, is refused with 2",
      ["ui", 2, "INVALID_ARGUMENT"],
      async (outsider) => {
        const place = await outsider.place();
        for (const args of [["nonsense"], ["run"], ["agents", "0198"]]) {
          equal((await place.call(["ui", ...args])).code, 2, args.join(" "));
        }
      },
    ),
  ],
};
