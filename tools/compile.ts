/**
 * Builds cdktr as single executables: `./compile.sh [TARGET...]`. Into `dist/` go, for each target, the executable and a bill of
 * materials, and the checksums of all of them.
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attach } from "./compile/attachment.ts";
import { bundle, namedFiles } from "./compile/bundle.ts";
import { packLibrary } from "./compile/library.ts";
import { billOfMaterials } from "./compile/sbom.ts";
import { sha256Of, writeChecksums } from "./compile/checksums.ts";
import { runDeno } from "./compile/run.ts";
import { executableName, isElf, ownTarget, type Target, targets } from "./compile/targets.ts";

const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
const usage = `Usage: ./compile.sh [OPTIONS] [TARGET...]

Builds cdktr into single executables. Targets: ${
  targets.map(({ name }) => name).join(", ")
}, or all; without one, this machine.

  --output DIR      where the files go (default: dist)
  --uncompressed    DuckDB's library as it is: a larger file

Environment:
  DENO              the deno that puts the executable together (default: the one that runs this)
  DENORT_BIN        a base runtime of exactly its version and of the one target that is built, instead of downloading it`;

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    output: { type: "string", default: "dist" },
    uncompressed: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  Deno.exit(0);
}
const chosen = chooseTargets(positionals);
const { version, tasks } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
const deno = Deno.env.get("DENO") ?? Deno.execPath();
try {
  await build(resolve(root, values.output), !values.uncompressed);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  console.error("hint: `./compile.sh --help` tells of DENORT_BIN, for machines that cannot download a base runtime.");
  Deno.exit(1);
}

async function build(output: string, isPacked: boolean): Promise<void> {
  const denoVersion = /^deno ([0-9.]+)/.exec(await runDeno(["--version"], root, deno))?.[1] ?? "";
  const cache = `${root}/.cache/compile`;
  await Deno.mkdir(cache, { recursive: true });
  await Deno.mkdir(output, { recursive: true });
  const stage = await Deno.makeTempDir({ dir: cache, prefix: "stage-" });
  try {
    await bundle(root, stage);
    for (const target of chosen) {
      const path = `${output}/${executableName(target)}`;
      const directory = `${stage}/${namedFiles.library}`;
      const put = async (isAttached: boolean): Promise<boolean> => {
        await removeTree(directory);
        const attachment = await packLibrary(root, target, { directory, cache, isPacked, isAttached });
        await stampTree(stage);
        await compile(stage, target, { path, denoVersion });
        return !isAttached || await attach(path, await attachment.bytes());
      };
      if (!(isElf(target) && await put(true))) await put(false);
      const built = { target, version, sha256: await sha256Of(path), denoVersion };
      await Deno.writeTextFile(`${path}.cdx.json`, await billOfMaterials(root, built));
      console.log(`${path}  ${((await Deno.stat(path)).size / 1e6).toFixed(1)} MB`);
    }
  } finally {
    await removeTree(stage);
  }
  await writeChecksums(output);
}

function chooseTargets(names: readonly string[]): readonly Target[] {
  if (names.includes("all")) return targets;
  const own = ownTarget();
  if (names.length === 0 && own !== null) return [own];
  const found = names.map((name) => targets.find((target) => target.name === name) ?? name);
  const unknown = found.filter((one) => typeof one === "string");
  if (unknown.length > 0 || names.length === 0) {
    console.error(unknown.length > 0 ? `There is no target ${unknown.join(", ")}.\n` : "Name a target.\n", usage);
    Deno.exit(2);
  }
  return found.filter((one) => typeof one !== "string");
}

/** The executable runs with what `deno task cdktr` runs with: the same permissions and the same settings of V8. */
async function compile(
  stage: string,
  { triple }: Target,
  { path, denoVersion }: { path: string; denoVersion: string },
): Promise<void> {
  const words: readonly string[] = tasks.cdktr.command.split(" ").slice(2, -1);
  const flags = words.filter((word) => word !== "--quiet");
  // Later versions have Temporal without being asked.
  if (/^2\.[0-6]\./.test(denoVersion)) flags.push("--unstable-temporal");
  const included = Object.values(namedFiles).map((file) => `--include=${file}`);
  // The code cache is off: it would lie in a temporary folder that all users share.
  const fixed = ["--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"];
  const places = [`--target=${triple}`, `--output=${path}`, "main.js"];
  await runDeno(["compile", ...fixed, ...flags, ...included, ...places], stage, deno);
}

/** Sets the times of files, which the executable keeps, to one that every build of the same files has. */
async function stampTree(directory: string): Promise<void> {
  for (const { name, isDirectory } of [...Deno.readDirSync(directory)]) {
    const path = `${directory}/${name}`;
    if (isDirectory) await stampTree(path);
    else await Deno.utime(path, 0, 0);
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
