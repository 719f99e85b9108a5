/**
 * What holds of the file that `./compile.sh` builds, besides what it does: tests/blackbox says that. `deno task test` builds it
 * before these tests and names it in CDKTR_TEST_EXECUTABLE.
 */
import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { z } from "zod";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const executable = Deno.env.get("CDKTR_TEST_EXECUTABLE");
const ignore = executable === undefined;

const bill = z.object({
  specVersion: z.literal("1.6"),
  metadata: z.object({
    component: z.object({ version: z.string(), hashes: z.array(z.object({ content: z.string() })) }),
  }),
  components: z.array(z.object({
    name: z.string(),
    version: z.string().min(1),
    licenses: z.array(z.object({ license: z.object({ id: z.string() }) })).length(1),
    purl: z.string().startsWith("pkg:"),
    hashes: z.array(z.object({ alg: z.literal("SHA-512"), content: z.string().length(128) })).optional(),
  })),
});

function built(): string {
  assert.ok(executable !== undefined);
  return executable;
}

async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs a program to its end, with nothing in its environment but what is given. */
async function call(program: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test(
  { name: "the same files give the same bytes in another folder", ignore },
  () =>
    withDirectory(async (directory) => {
      const copy = `${directory}/elsewhere`;
      const { stdout } = await call("git", ["ls-files", "--cached", "--others", "--exclude-standard"], root);
      for (const name of stdout.trim().split("\n")) {
        if (!/^(?:main\.ts|deno\.(?:json|lock)|(?:src|tools|workflows|schema)\/.*)$/.test(name)) continue;
        await Deno.mkdir(dirname(`${copy}/${name}`), { recursive: true });
        await Deno.copyFile(`${root}/${name}`, `${copy}/${name}`);
      }
      // What takes long to pack is taken over.
      await Deno.mkdir(`${copy}/.cache/compile`, { recursive: true });
      for (const { name } of [...Deno.readDirSync(`${root}/.cache/compile`)]) {
        if (name.endsWith(".zst")) {
          await Deno.copyFile(`${root}/.cache/compile/${name}`, `${copy}/.cache/compile/${name}`);
        }
      }
      const compile = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "tools/compile.ts"],
        cwd: copy,
      });
      const { success, stderr } = await compile.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const sums = await Promise.all(
        [`${copy}/dist`, dirname(built())].map((at) => Deno.readTextFile(`${at}/SHA256SUMS`)),
      );
      assert.equal(sums[0], sums[1]);
    }),
);

Deno.test({ name: "the checksums are those of the files", ignore }, async () => {
  const { code, stdout } = await call("sha256sum", ["--check", "SHA256SUMS"], dirname(built()));
  assert.equal(code, 0, stdout);
  assert.match(stdout, new RegExp(`^${basename(built())}: OK$`, "m"));
});

Deno.test({ name: "no path of the machine that built it is in it", ignore }, async () => {
  const bytes = new TextDecoder("latin1").decode(await Deno.readFile(built()));
  assert.ok(!bytes.includes(root));
});

Deno.test({ name: "the bill of materials names what is inside, with licence and hash", ignore }, async () => {
  const { metadata: { component }, components } = bill.parse(
    JSON.parse(await Deno.readTextFile(`${built()}.cdx.json`)),
  );
  const sums = await Deno.readTextFile(`${dirname(built())}/SHA256SUMS`);
  assert.ok(sums.includes(`${component.hashes[0]?.content}  ${basename(built())}`));
  const names = components.map(({ name }) => name);
  for (const name of ["deno", "duckdb", "zod", "yaml", "commander", "croner", "@duckdb/node-bindings-linux-x64"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["fast-check", "typescript", "@duckdb/node-bindings-darwin-arm64"]) {
    assert.ok(!names.includes(name), name);
  }
  for (const { name, hashes } of components) {
    if (!["deno", "duckdb"].includes(name)) assert.equal(hashes?.length, 1, name);
  }
});

Deno.test(
  { name: "a library that was damaged in its cache is unpacked again", ignore },
  () =>
    withDirectory(async (directory) => {
      const env = { HOME: directory };
      const workflow = `${directory}/one.yml`;
      await Deno.writeTextFile(
        workflow,
        "name: One\ntasks:\n  a:\n    name: A\n    config: !Subprocess\n      cmd: 'true'\n",
      );
      assert.equal((await call(built(), ["run", workflow], directory, env)).code, 0);
      const cache = `${directory}/.cdktr/cache`;
      const [unpacked] = [...Deno.readDirSync(cache)];
      const library = `${cache}/${unpacked?.name}/libduckdb.so`;
      const { size } = await Deno.stat(library);
      await Deno.truncate(library, size - 1);
      const { code, stderr } = await call(built(), ["run", workflow], directory, env);
      assert.equal(code, 0, stderr);
      assert.equal((await Deno.stat(library)).size, size);
    }),
);

Deno.test(
  { name: "a cache that cannot be used is one sentence with a way out, and nothing has run", ignore },
  () =>
    withDirectory(async (directory) => {
      const workflow = `${directory}/one.yml`;
      await Deno.writeTextFile(`${directory}/cache`, "a file in the place of the directory");
      await Deno.writeTextFile(
        workflow,
        `name: One\ntasks:\n  a:\n    name: A\n    config: !Subprocess\n      cmd: touch\n      args: ["${directory}/ran"]\n`,
      );
      const env = { HOME: directory, CDKTR_CACHE_DIRECTORY: `${directory}/cache` };
      const { code, stderr } = await call(built(), ["run", workflow], directory, env);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error\[STORAGE\]: DuckDB, .* cannot be loaded: its library .*\n {2}hint: .*CDKTR_CACHE_DIRECTORY/,
      );
      await assert.rejects(Deno.stat(`${directory}/ran`), Deno.errors.NotFound);
    }),
);

Deno.test({ name: "`doctor` can load DuckDB, and says from where", ignore }, () =>
  withDirectory(async (directory) => {
    const { stdout } = await call(built(), ["doctor"], directory, { HOME: directory, CDKTR_PRINCIPAL_PORT: "1" });
    const line = stdout.split("\n").find((line) => / DuckDB /.test(line)) ?? "";
    assert.match(line, /^ok +DuckDB +Version v\d+\.\d+\.\d+ can be loaded, from .*\/\.cdktr\/cache\.$/);
  }));
