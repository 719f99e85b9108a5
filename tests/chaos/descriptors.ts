/** File descriptors of a running process: how many it has, and how many it may have. */

/** How many descriptors a process has open. */
export async function openDescriptors(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/**
 * Sets the soft limit of a process from outside, by `prlimit` of util-linux. What is open stays open.
 *
 * @param limit The number, or `null` for as many as its hard limit allows.
 */
export async function limitDescriptors(pid: number, limit: number | null): Promise<void> {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(await Deno.readTextFile(`/proc/${pid}/limits`))?.[1] ?? "";
  const args = ["--pid", String(pid), `--nofile=${limit ?? hard}:${hard}`];
  const { success, stderr } = await new Deno.Command("prlimit", { args, stdin: "null" }).output();
  if (!success) throw new Error(`prlimit: ${new TextDecoder().decode(stderr)}`);
}
