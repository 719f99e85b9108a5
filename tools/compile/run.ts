/** Programs that a build calls. */

/**
 * Runs Deno to its end.
 *
 * @param deno Its path. @default the one that runs this
 * @returns What it wrote to stdout.
 * @throws When it fails, with what it wrote.
 */
export async function runDeno(args: readonly string[], cwd: string, deno = Deno.execPath()): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(deno, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`deno ${args.join(" ")} failed:\n${decoder.decode(stderr)}${decoder.decode(stdout)}`);
  return decoder.decode(stdout);
}
