import { deepEqual, equal, rejects } from "node:assert/strict";
import { writeFile } from "../../src/project/mod.ts";
import { temporaryDirectory } from "../cli/call.ts";

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}

Deno.test("a file is written with the directories above it, and nothing is left beside it", async () => {
  await using directory = await temporaryDirectory();
  equal(await writeFile(`${directory.path}/a/b/c`, "text", { force: false, mode: 0o600 }), true);
  equal(await Deno.readTextFile(`${directory.path}/a/b/c`), "text");
  equal(((await Deno.stat(`${directory.path}/a/b/c`)).mode ?? 0) & 0o777, 0o600);
  deepEqual(await namesIn(`${directory.path}/a/b`), ["c"]);
});

Deno.test("what exists is kept without force, a link to nothing too", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/file`, "mine");
  await Deno.symlink("nowhere", `${directory.path}/link`);
  for (const name of ["file", "link"]) {
    equal(await writeFile(`${directory.path}/${name}`, "theirs", { force: false }), false);
  }
  equal(await Deno.readTextFile(`${directory.path}/file`), "mine");
  equal(await Deno.readLink(`${directory.path}/link`), "nowhere");
  deepEqual(await namesIn(directory.path), ["file", "link"]);
});

Deno.test("of several that write a file at once without force, one does", async () => {
  await using directory = await temporaryDirectory();
  const program = new URL("write_file_once.ts", import.meta.url).pathname;
  const ended = await Promise.all(
    ["one", "two", "three"].map((text) =>
      new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", program, `${directory.path}/file`, text] })
        .output()
    ),
  );
  const wrote = ended.map(({ stdout }) => new TextDecoder().decode(stdout)).filter((text) => text !== "kept");
  deepEqual(wrote, [await Deno.readTextFile(`${directory.path}/file`)]);
});

Deno.test("with force a file is replaced as a whole", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/file`;
  await Deno.writeTextFile(path, "old");
  using old = await Deno.open(path);
  equal(await writeFile(path, "new", { force: true }), true);
  equal(await Deno.readTextFile(path), "new");
  equal(await new Response(old.readable).text(), "old");
});

Deno.test("a file that cannot be written is an error with its path, and leaves nothing", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/is a directory/full`, { recursive: true });
  await rejects(
    writeFile(`${directory.path}/is a directory`, "", { force: true }),
    /is a directory cannot be written: /,
  );
  deepEqual(await namesIn(directory.path), ["is a directory"]);
});
