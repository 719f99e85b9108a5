/** What an executable can be built for. */

/** One operating system and processor. */
export interface Target {
  /** As people name it, and part of the file's name. */
  readonly name: string;
  /** As `deno compile --target` names it. */
  readonly triple: string;
  /** The npm package with DuckDB's binding. Linux means glibc here: Deno has no other base runtime. */
  readonly bindings: string;
  /** DuckDB's library in that package, which the binding is linked against. */
  readonly library: string;
}

const linux = "libduckdb.so";
const macos = "libduckdb.dylib";

export const targets: readonly Target[] = [
  target("linux-x64", "x86_64-unknown-linux-gnu", "linux-x64", linux),
  target("linux-arm64", "aarch64-unknown-linux-gnu", "linux-arm64", linux),
  target("macos-x64", "x86_64-apple-darwin", "darwin-x64", macos),
  target("macos-arm64", "aarch64-apple-darwin", "darwin-arm64", macos),
  target("windows-x64", "x86_64-pc-windows-msvc", "win32-x64", "duckdb.dll"),
];

function target(name: string, triple: string, platform: string, library: string): Target {
  return { name, triple, bindings: `@duckdb/node-bindings-${platform}`, library };
}

/** The target that is this machine; null where there is none. */
export function ownTarget(): Target | null {
  return targets.find(({ triple }) => triple === Deno.build.target) ?? null;
}

/** Whether its executables are ELF files. */
export function isElf({ name }: Target): boolean {
  return name.startsWith("linux");
}

/** The file's name in dist/. */
export function executableName({ name }: Target): string {
  return `cdktr-${name}${name.startsWith("windows") ? ".exe" : ""}`;
}
