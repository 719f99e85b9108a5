/** What a process has used, read from /proc: Linux only. */

/** USER_HZ of proc(5): 100 on every Linux that Deno runs on. */
const ticksPerSecond = 100;

/** Processor time so far, and memory now. */
export interface Usage {
  readonly cpuMs: number;
  readonly residentMiB: number;
  /** Without what is mapped from files, which processes share: the program itself and its libraries. */
  readonly ownMiB: number;
}

/** proc(5): fields 14 and 15 of stat are user and system time in ticks. */
export async function usageOf(pid: number): Promise<Usage> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in the second field may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1_024;
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond * 1_000,
    residentMiB: mebibytes("VmRSS"),
    ownMiB: mebibytes("RssAnon"),
  };
}
