import assert from "node:assert/strict";
import { attach, endOfProgram, readAttachment } from "../../../tools/compile/attachment.ts";
import { compiledProgram } from "./compiled_program.ts";

async function withFile(content: Uint8Array, act: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, content);
    await act(path);
  } finally {
    await Deno.remove(path);
  }
}

const attachment = new TextEncoder().encode("attached ".repeat(100_000));

Deno.test("what is attached stands between the program and the payload, and is read from there", () => {
  const before = compiledProgram("what Deno embeds");
  return withFile(before, async (path) => {
    assert.equal(await attach(path, attachment), true);
    const after = await Deno.readFile(path);
    const end = endOfProgram(before);
    assert.deepEqual(after, new Uint8Array([...before.slice(0, end), ...attachment, ...before.slice(end)]));
    assert.deepEqual(readAttachment(path, { at: 9, bytes: 100_000 }), attachment.slice(9, 100_009));
  });
});

Deno.test("a program that is laid out in another way is left as it was", async () => {
  const strange = compiledProgram("d3n0l4nd");
  const variants = [
    [...strange.slice(0, -1), 1],
    [...strange, 0],
    [...strange.slice(0, 94), ..."D3n0l4nd".split("").map((letter) => letter.charCodeAt(0)), ...strange.slice(102)],
    [...strange.slice(0, 94)],
  ];
  for (const variant of variants) {
    await withFile(new Uint8Array(variant), async (path) => {
      assert.equal(await attach(path, attachment), false);
      assert.deepEqual(await Deno.readFile(path), new Uint8Array(variant));
    });
  }
});

Deno.test("an executable that was cut off is told as such", () =>
  withFile(compiledProgram("").slice(0, 80), async (path) => {
    await Promise.resolve();
    assert.throws(() => readAttachment(path, { at: 0, bytes: 10 }), {
      message: "the executable is shorter than it was built",
    });
  }));
