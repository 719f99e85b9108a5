import assert from "node:assert/strict";

/** Room for the journal, its WAL and the reserve, and soon full. */
const diskKib = 16 * 1024;

/** Ways to a disk of one's own: as root, as root of a namespace of one's own, as root by sudo. */
const asRoot: readonly string[][] = [
  ["unshare", "--mount"],
  ["unshare", "--user", "--map-root-user", "--mount"],
  ["sudo", "-n", "-E", "unshare", "--mount"],
];

async function succeeds([command = "", ...args]: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false; // There is no such program.
  }
}

/** The words before a command that give it a small disk at `directory`; null where nobody may mount one. */
async function smallDisk(directory: string): Promise<string[] | null> {
  const mount = `mount -t tmpfs -o size=${diskKib}k,mode=777 tmpfs ${directory}`;
  for (const way of asRoot) {
    if (await succeeds([...way, "sh", "-c", mount])) return [...way, "sh", "-c", `${mount} && exec "$@"`, "sh"];
  }
  return null;
}

async function runScenario(directory: string, cause: string, [command = "", ...args]: readonly string[]) {
  const script = new URL("./disk_full.ts", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command(command, {
    args: [...args, Deno.execPath(), "run", "-A", "--no-check", "--no-code-cache", script, directory, cause],
    stderr: "inherit",
  }).output();
  assert.ok(success);
  assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
    "refused STORAGE",
    "told The disk of the journal is full",
    "recorded RUNNING true",
    "recorded COMPLETED true",
    "told The disk of the journal is full",
    "room",
    "kept true false true",
  ]);
}

for (const cause of ["small-disk", "file-limit"]) {
  Deno.test({
    name: `a full disk (${cause}) takes the end of what runs and nothing new; with room again all goes on by itself`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const directory = await Deno.makeTempDir();
      try {
        const way = cause === "file-limit"
          ? ["bash", "-c", `trap '' XFSZ; exec "$@"`, "bash"]
          : await smallDisk(directory);
        // Where nobody may mount a disk the other cause has to do.
        if (way !== null) await runScenario(directory, cause, way);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}
