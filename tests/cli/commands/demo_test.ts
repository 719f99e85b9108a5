import { deepEqual, equal, match } from "node:assert/strict";
import { findExecutable } from "../../executable.ts";
import { call, temporaryDirectory } from "../call.ts";

/** The words before a command that take the network from it, where the system lets anybody do so. */
function withoutNetwork(): string[] {
  try {
    const words = ["unshare", "--user", "--net"];
    const [program = "", ...args] = [...words, "true"];
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success ? words : [];
  } catch {
    return [];
  }
}

Deno.test("demo runs without a project, a principal or a network, and leaves nothing", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await Deno.mkdir(`${path}/home`);
  await Deno.mkdir(`${path}/tmp`);
  const [program = "", ...args] = [...withoutNetwork(), await findExecutable(), "demo"];
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: path,
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: `${path}/home`,
      TMPDIR: `${path}/tmp`,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    },
    stdin: "null",
  }).output();
  const talk = new TextDecoder().decode(stderr);
  equal(code, 0, talk);
  match(new TextDecoder().decode(stdout), /Report +\| revenue 86420 EUR\n$/);
  match(talk, /^COMPLETED in \d\.\d s/m);
  deepEqual(await Array.fromAsync(Deno.readDir(`${path}/home`)), []);
  deepEqual(await Array.fromAsync(Deno.readDir(`${path}/tmp`)), []);
});

Deno.test("demo --print prints the workflow", async () => {
  const { stdout } = await call(["demo", "--print"]);
  equal(stdout, await Deno.readTextFile(new URL("../../../workflows/demo.yml", import.meta.url)));
});

Deno.test("demo where no temporary directory can be made fails with one sentence", async () => {
  const { code, stderr } = await new Deno.Command(await findExecutable(), {
    args: ["demo"],
    env: { TMPDIR: "/no/such/place" },
    stdin: "null",
  }).output();
  equal(code, 1);
  match(
    new TextDecoder().decode(stderr),
    /^error\[STORAGE\]: A temporary directory cannot be made: .*\n {2}hint: .*\n$/,
  );
});
