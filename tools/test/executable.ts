/** The executable as the tests need it: built with the base runtime that can be had everywhere, and a place without a network to run it in. */
import { fetchBaseRuntime } from "../compile/base_runtime.ts";
import { executableName, ownTarget } from "../compile/targets.ts";
import type { Readiness } from "./oracles.ts";

/** What the tests find in their environment, once the executable is there. */
export interface Executable {
  readonly readiness: Readiness;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Builds the executable into `.cache/executable/`.
 *
 * @param python A Python with pip.
 */
export async function prepareExecutable(root: string, python: string): Promise<Executable> {
  const target = ownTarget();
  if (target?.name !== "linux-x64") {
    const reason = "there is a base runtime to be had for Linux on x64 alone";
    return { readiness: { state: "missing", reason }, env: {} };
  }
  try {
    const { deno, denort, version } = await fetchBaseRuntime(`${root}/.cache/base-runtime`, python);
    const build = { DENO: deno, DENORT_BIN: denort };
    const directory = `${root}/.cache/executable`;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "tools/compile.ts", `--output=${directory}`],
      cwd: root,
      env: build,
      stdin: "null",
      stdout: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
    const path = `${directory}/${executableName(target)}`;
    return {
      readiness: { state: "ready", what: `built now, with the base runtime of Deno ${version}` },
      env: { ...build, CDKTR_TEST_EXECUTABLE: path },
    };
  } catch (error) {
    return { readiness: { state: "failed", reason: error instanceof Error ? error.message : String(error) }, env: {} };
  }
}

/** What stands before a command that is to have no network but the loopback of its own (unshare(1)). */
export const withoutNetwork: readonly string[] = [
  "unshare",
  "--net",
  ...Deno.uid() === 0 ? [] : ["--map-root-user"],
  "sh",
  "-c",
  `ip link set lo up && exec "$@"`,
  "sh",
];

/** Whether this machine lets us do without its network. */
export async function prepareNoNetwork(): Promise<Readiness> {
  const [program = "", ...args] = [...withoutNetwork, "true"];
  const reasonOf = (
    text: string,
  ) => ({ state: "missing", reason: `no network namespace can be made: ${text}` } as const);
  try {
    const { success, stderr } = await new Deno.Command(program, { args }).output();
    return success
      ? { state: "ready", what: "a network namespace of its own" }
      : reasonOf(new TextDecoder().decode(stderr).trim());
  } catch (error) {
    return reasonOf(error instanceof Error ? error.message : String(error));
  }
}
