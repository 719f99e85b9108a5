/** DuckDB's library for a target: fetched, checked against the lock file, and packed for the executable. */
import { createHash } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import { runDeno } from "./run.ts";
import type { Target } from "./targets.ts";

/** A file of the library, as `files.json` in the executable lists it. */
export interface LibraryFile {
  readonly name: string;
  /** Of the file itself, not of its packed form. */
  readonly bytes: number;
  readonly sha256: string;
  /** Whether it is packed with zstd. */
  readonly isPacked: boolean;
  /** Where it stands in what is attached to the executable, as it is there; null where it is a file beside `files.json`. */
  readonly attached: { readonly at: number; readonly bytes: number } | null;
}

/** A deno.lock, as far as it is used here. */
interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity: string } | undefined>>;
}

/** Close to the best there is: a second for each 2 MB here, once; it is the unpacking that users wait for. */
const packingLevel = 19;

/** How a library is to be packed. */
interface Packing {
  /** Gets `files.json`, and the files themselves if nothing is to be attached. */
  readonly directory: string;
  /** Keeps what was fetched and packed. */
  readonly cache: string;
  readonly isPacked: boolean;
  /** Whether the files are to be attached to the executable. */
  readonly isAttached: boolean;
}

/**
 * Packs the library of a target.
 *
 * @returns What is to be attached; nothing where it is not to be.
 * @throws When it cannot be fetched, or is not what `deno.lock` says.
 */
export async function packLibrary(
  root: string,
  { bindings, library }: Target,
  { directory, cache, isPacked, isAttached }: Packing,
): Promise<Blob> {
  const fetched = await fetchPackage(root, bindings, cache);
  await Deno.mkdir(directory, { recursive: true });
  const files: LibraryFile[] = [];
  let attachment = new Blob();
  for (const name of ["duckdb.node", library]) {
    const content = await Deno.readFile(`${fetched}/${name}`);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const stored = isPacked ? await packed(content, sha256, cache) : content;
    const attached = isAttached ? { at: attachment.size, bytes: stored.length } : null;
    files.push({ name, bytes: content.length, sha256, isPacked, attached });
    if (isAttached) attachment = new Blob([attachment, stored]);
    else await Deno.writeFile(`${directory}/${name}`, stored);
  }
  await Deno.writeTextFile(`${directory}/files.json`, JSON.stringify(files));
  return attachment;
}

/**
 * Fetches an npm package by Deno, which compares it with the integrity in the lock file. It is asked for in a project of its
 * own: the one here does not name the packages of other machines than this, only their integrity.
 *
 * @returns The folder with its files.
 */
async function fetchPackage(root: string, name: string, cache: string): Promise<string> {
  const lock: LockFile = JSON.parse(await Deno.readTextFile(`${root}/deno.lock`));
  const [entry] = Object.entries(lock.npm).filter(([id]) => id.startsWith(`${name}@`));
  if (entry?.[1] === undefined) throw new Error(`deno.lock has no package ${name}`);
  const [id, { integrity }] = entry;
  const project = `${cache}/${id.replaceAll("/", "+")}`;
  await Deno.mkdir(project, { recursive: true });
  const specifier = `npm:${id}`;
  await Deno.writeTextFile(
    `${project}/deno.json`,
    JSON.stringify({ nodeModulesDir: "auto", imports: { [name]: specifier } }),
  );
  const version = id.slice(name.length + 1);
  await Deno.writeTextFile(
    `${project}/deno.lock`,
    JSON.stringify({
      version: "5",
      specifiers: { [specifier]: version },
      npm: { [id]: { integrity } },
      workspace: { dependencies: [specifier] },
    }),
  );
  await runDeno(["install", "--quiet", "--frozen"], project);
  return `${project}/node_modules/${name}`;
}

async function packed(
  content: Uint8Array<ArrayBuffer>,
  sha256: string,
  cache: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const kept = `${cache}/${sha256}.zst`;
  try {
    return await Deno.readFile(kept);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const params = { [constants.ZSTD_c_compressionLevel]: packingLevel };
  const result = new Uint8Array(zstdCompressSync(content, { params }));
  await Deno.writeFile(`${kept}.draft`, result);
  await Deno.rename(`${kept}.draft`, kept);
  return result;
}
