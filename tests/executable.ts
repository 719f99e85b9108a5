/**
 * The `cdktr` that tests call as outsiders do: by its path, knowing nothing of what it is made of. `CDKTR_TEST_EXECUTABLE`
 * names a compiled one; without it, a script that runs this checkout.
 */
import { fileURLToPath } from "node:url";

/** The program's first file. */
export const mainPath = fileURLToPath(new URL("../main.ts", import.meta.url));
const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
/** `deno task cdktr` without the task runner: the same permissions, and a pid that is the program's own. */
export const denoFlags: readonly string[] = tasks.cdktr.command.split(" ").slice(1, -1);

/** The words that a shell calls this checkout with. */
export const commandLine: readonly string[] = [Deno.execPath(), ...denoFlags, mainPath];

/**
 * The path of the executable, absolute. A signal that its process gets, the program gets. It needs no more of its
 * environment than a compiled one does.
 */
export async function findExecutable(): Promise<string> {
  const named = Deno.env.get("CDKTR_TEST_EXECUTABLE");
  if (named !== undefined) return await Deno.realPath(named);
  const directory = fileURLToPath(new URL("../.cache/source/", import.meta.url));
  await Deno.mkdir(directory, { recursive: true });
  const path = `${directory}cdktr`;
  // Several tests may make it at once: each makes its own, and the last one's stays.
  const draft = await Deno.makeTempFile({ dir: directory });
  // Where Deno keeps what the source imports follows from the environment, of which the script's callers may give nothing.
  const settings = [`DENO_DIR=${await denoDirectory()}`, "DENO_NO_UPDATE_CHECK=1"];
  await Deno.writeTextFile(
    draft,
    `#!/bin/sh\nexport ${settings.map(quoted).join(" ")}\nexec ${commandLine.map(quoted).join(" ")} "$@"\n`,
  );
  await Deno.chmod(draft, 0o700);
  await Deno.rename(draft, path);
  return path;
}

async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** A word as `sh` takes it for what it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
