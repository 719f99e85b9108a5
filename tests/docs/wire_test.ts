/** The Python of docs/wire.md does what it says, one block after the other, with a real principal and pyzmq. */
import assert from "node:assert/strict";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { checkout, readPage } from "./pages.ts";

const python = Deno.env.get("CDKTR_TEST_PYTHON");
const isReady = python !== undefined && await Deno.stat(python).then(() => true, () => false);

Deno.test({
  name: isReady ? "the Python of docs/wire.md runs" : "the Python of docs/wire.md runs (skipped: there is no Python)",
  ignore: !isReady,
  fn: async () => {
    const { blocks } = readPage("docs/wire.md", await Deno.readTextFile(`${checkout}docs/wire.md`));
    const program = blocks.filter(({ language }) => language === "python").map(({ text }) => text).join("\n");
    await using scene = await PrincipalScene.start({ "etl.daily": oneTask });
    const { code, stdout, stderr } = await new Deno.Command(python ?? "", {
      args: ["-c", program.replaceAll("127.0.0.1:5561", `127.0.0.1:${scene.ports.port}`)],
    }).output();
    const decoder = new TextDecoder();
    assert.equal(code, 0, decoder.decode(stderr));
    assert.match(
      decoder.decode(stdout),
      /^b'(?:OK|SUCCESS)[^\n]*'\nb'SUCCESS\\x01\{"runId":"[0-9a-f-]{36}","duplicate":false/,
    );
  },
});
