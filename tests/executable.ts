/**
 * The `cdktr` that tests call as outsiders do: by its path, knowing nothing of what it is made of. `CDKTR_TEST_EXECUTABLE`
 * names a compiled one; without it, a script that runs this checkout.
 */
import { commandLine } from "./system/processes.ts";

/**
 * The path of the executable, absolute. A signal that its process gets, the program gets.
 */
export async function findExecutable(): Promise<string> {
  const named = Deno.env.get("CDKTR_TEST_EXECUTABLE");
  if (named !== undefined) return await Deno.realPath(named);
  const directory = new URL("../.cache/source/", import.meta.url).pathname;
  await Deno.mkdir(directory, { recursive: true });
  const path = `${directory}cdktr`;
  // Several tests may make it at once: each makes its own, and the last one's stays.
  const draft = await Deno.makeTempFile({ dir: directory });
  const words = commandLine.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.writeTextFile(draft, `#!/bin/sh\nexec ${words} "$@"\n`);
  await Deno.chmod(draft, 0o700);
  await Deno.rename(draft, path);
  return path;
}
