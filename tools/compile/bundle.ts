/**
 * The program as few small files: what a command does not need is not read. One file for all would be parsed by V8 at every
 * start.
 */
import { createHash } from "node:crypto";
import { runDeno } from "./run.ts";

/** Files of a bundle that the program names at run time: nobody finds them by following imports. */
export const namedFiles = { worker: "src/history/worker.js", bindings: "duckdb_bindings.cjs", library: "library" };

/** The entry files of the program and of its worker. */
export const entries = ["main.ts", "src/history/worker.ts"];

/**
 * What `string-width` makes while it is loaded, and the same made when it is first asked: a thirtieth of a second for every command
 * that prints a table, and few texts need it.
 */
const madeLater: readonly (readonly [made: string, later: string])[] = [
  ["=new Intl.Segmenter,", "={segment(text){return(this.made??=new Intl.Segmenter).segment(text)}},"],
  [
    String.raw`=/^\p{RGI_Emoji}$/v,`,
    String.raw`={test(text){return(this.made??=new RegExp("^\\p{RGI_Emoji}$","v")).test(text)}},`,
  ],
];

/** The package that finds DuckDB's binding where the program runs from source. */
export const bindings = "@duckdb/node-bindings";
const common = ["bundle", "--quiet", "--platform=deno", "--minify"];

/**
 * Bundles the program of the checkout at `root` into `directory`. The entry is `main.js`. DuckDB's binding is left out:
 * {@linkcode namedFiles.bindings} takes it from {@linkcode namedFiles.library}.
 */
export async function bundle(root: string, directory: string): Promise<void> {
  await runDeno(
    [...common, "--format=esm", "--code-splitting", `--external=${bindings}`, `--outdir=${directory}`, ...entries],
    root,
  );
  const loader = "tools/compile/duckdb_bindings.ts";
  await runDeno([...common, "--format=cjs", `--output=${directory}/${namedFiles.bindings}`, loader], root);
  await nameByContent(directory);
  // What is looked up from a chunk is looked up in the folder itself: all chunks lie there.
  const chunks = [...Deno.readDirSync(directory)].filter(({ name }) => name.endsWith(".js")).map(({ name }) =>
    `${directory}/${name}`
  );
  for (const [made, later] of madeLater) await rewrite(chunks, made, later);
  await rewrite(chunks, `"${bindings}"`, `"./${namedFiles.bindings}"`);
  await rewrite(chunks, `new URL("./worker.ts"`, `new URL("./${namedFiles.worker}"`);
}

/**
 * Names chunks anew after what is in them. As they come, their names have a hash of the checkout's path in them, so that the same
 * commit would give other executables elsewhere.
 */
async function nameByContent(directory: string): Promise<void> {
  const hashed = /-[A-Z0-9]{8}\.js/g;
  const names = new Map<string, string>();
  for (const { name } of [...Deno.readDirSync(directory)]) {
    const [suffix] = name.match(hashed) ?? [];
    if (suffix === undefined) continue;
    const content = (await Deno.readTextFile(`${directory}/${name}`)).replace(hashed, ".js");
    const digest = createHash("sha256").update(content).digest("hex").slice(0, suffix.length - "-.js".length);
    const named = name.replace(suffix, `-${digest}.js`);
    if ([...names.values()].includes(named)) throw new Error(`two chunks of the bundle are the same: ${name}`);
    names.set(name, named);
  }
  const worker = `${directory}/${namedFiles.worker}`;
  for (const path of [worker, `${directory}/main.js`, ...[...names.keys()].map((name) => `${directory}/${name}`)]) {
    const content = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, content.replace(/[\w.]+-[A-Z0-9]{8}\.js/g, (name) => names.get(name) ?? name));
  }
  for (const [name, named] of names) await Deno.rename(`${directory}/${name}`, `${directory}/${named}`);
}

/** @throws When `text` stands in none of the files: what it was for would fail at run time. */
async function rewrite(paths: readonly string[], text: string, replacement: string): Promise<void> {
  let count = 0;
  for (const path of paths) {
    const before = await Deno.readTextFile(path);
    if (!before.includes(text)) continue;
    count++;
    await Deno.writeTextFile(path, before.replaceAll(text, replacement));
  }
  if (count === 0) throw new Error(`the bundle does not have ${text} where it is looked for`);
}
