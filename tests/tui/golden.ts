/** Frames as they should be, kept as text files. `UPDATE_FRAMES=1 deno test -A tests/tui` writes them anew: read the difference. */
import assert from "node:assert/strict";

/** Compares a frame with `frames/NAME.txt`. */
export async function assertFrame(name: string, frame: string): Promise<void> {
  const path = new URL(`./frames/${name}.txt`, import.meta.url);
  const text = `${frame.replace(/[ \t]+$/gm, "").trimEnd()}\n`;
  if (Deno.env.get("UPDATE_FRAMES") === "1") {
    await Deno.mkdir(new URL("./frames", import.meta.url), { recursive: true });
    await Deno.writeTextFile(path, text);
    return;
  }
  assert.equal(text, await Deno.readTextFile(path), `the frame differs from tests/tui/frames/${name}.txt`);
}
