/**
 * The bill of materials of an executable: CycloneDX 1.6 (cyclonedx.org), what is inside, of which version and licence. Without a
 * date or a serial number, so that the same executable has the same bill.
 */
import { bindings, entries } from "./bundle.ts";
import { runDeno } from "./run.ts";
import type { Target } from "./targets.ts";

/** What `deno info --json` tells, as far as it is used here. */
interface ModuleGraph {
  readonly modules: readonly { readonly kind?: string; readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

/** What stands in the bill besides npm packages. */
export interface Built {
  readonly target: Target;
  readonly version: string;
  /** SHA-256 of the executable, in hexadecimal. */
  readonly sha256: string;
  /** The version of the base runtime. */
  readonly denoVersion: string;
}

/** The bill of an executable that was built from the checkout at `root`, as JSON. */
export async function billOfMaterials(root: string, { target, version, sha256, denoVersion }: Built): Promise<string> {
  const graphs: ModuleGraph[] = [];
  for (const entry of entries) {
    graphs.push(JSON.parse(await runDeno(["info", "--json", entry], root)));
  }
  const known = new Map(graphs.flatMap(({ npmPackages }) => Object.entries(npmPackages)));
  const used = graphs.flatMap(({ modules }) => modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  const inside = withDependencies(used, known, target);
  const lock: { npm: Record<string, { integrity?: string } | undefined> } = JSON.parse(
    await Deno.readTextFile(`${root}/deno.lock`),
  );
  const duckdb = inside.find(([, { name }]) => name === target.bindings)?.[1].version.replace(/-.*/, "") ?? "unknown";
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        ...component("application", "cdktr", version, "Apache-2.0", null),
        description: `a workflow engine, for ${target.name}`,
        hashes: [{ alg: "SHA-256", content: sha256 }],
      },
    },
    components: [
      component("platform", "deno", denoVersion, "MIT", `pkg:github/denoland/deno@v${denoVersion}`),
      component("library", "duckdb", duckdb, "MIT", `pkg:github/duckdb/duckdb@v${duckdb}`),
      ...inside.map(([id, one]) => npmComponent(one, lock.npm[id]?.integrity ?? null)),
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/** The packages with all they depend on, in order. Of the packages with DuckDB's binding, the target's alone. */
function withDependencies(
  ids: readonly string[],
  known: ReadonlyMap<string, NpmPackage>,
  target: Target,
): readonly (readonly [id: string, NpmPackage])[] {
  const found = new Map<string, NpmPackage>();
  const add = (id: string) => {
    const one = known.get(id);
    if (one === undefined || found.has(id)) return;
    found.set(id, one);
    const needed = one.name === bindings
      ? one.dependencies.filter((dependency) => dependency.startsWith(`${target.bindings}@`))
      : one.dependencies;
    needed.forEach(add);
  };
  ids.forEach(add);
  return [...found].toSorted(([a], [b]) => a < b ? -1 : 1);
}

function npmComponent({ name, version, localPath }: NpmPackage, integrity: string | null) {
  const url = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const hash = integrity === null ? [] : [{ alg: "SHA-512", content: hexOf(integrity.replace(/^sha512-/, "")) }];
  return { ...component("library", name, version, licenceOf(localPath), url), hashes: hash };
}

/** Packages of other machines than this are not fetched as a whole; they have the licence of their siblings. */
function licenceOf(directory: string): string {
  try {
    return JSON.parse(Deno.readTextFileSync(`${directory}/package.json`)).license;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "MIT";
    throw error;
  }
}

function component(type: string, name: string, version: string, licence: string, purl: string | null) {
  return { type, name, version, licenses: [{ license: { id: licence } }], ...(purl === null ? {} : { purl }) };
}

function hexOf(base64: string): string {
  return Uint8Array.fromBase64(base64).toHex();
}
