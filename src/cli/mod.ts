/** The command line. */
import { OutputClosed, stdoutOf } from "./output.ts";
import { version } from "./version.ts";

/**
 * Runs one call of `cdktr`.
 *
 * @param argv The arguments after the program's name.
 * @returns The exit code. Everything is written by then, and nothing is thrown.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // Answered before anything else is loaded: the rest takes several times as long as the answer.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    const written = stdoutOf(Deno.stdout, {}, Deno.consoleSize).write(`cdktr ${version}\n`);
    return await written.then(() => 0, (error) => error instanceof OutputClosed ? 0 : 1);
  }
  const [{ guard }, { processInvocation }, { runProgram }] = await Promise.all([
    import("./guard.ts"),
    import("./invocation.ts"),
    import("./program.ts"),
  ]);
  const invocation = processInvocation();
  return await guard(invocation, () => runProgram(argv, invocation));
}
