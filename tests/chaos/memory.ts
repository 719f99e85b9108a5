/** Resident memory of a process, from /proc; NaN where there is none. */
import type { CdktrProcess } from "../system/processes.ts";

const kibibytesPerMebibyte = 1_024;
/** Written to `clear_refs`, this makes the present size the peak from now on (proc(5)). */
const resetPeak = "5";

/** What a process holds in memory now, in MiB. */
export async function residentMiB({ pid }: CdktrProcess): Promise<number> {
  return await readField(pid, "VmRSS");
}

/** The most it held since {@linkcode forgetPeak}, in MiB. */
export async function peakMiB({ pid }: CdktrProcess): Promise<number> {
  return await readField(pid, "VmHWM");
}

/** Begins to look for the peak anew. */
export async function forgetPeak({ pid }: CdktrProcess): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, resetPeak).catch(() => {});
}

async function readField(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? NaN) / kibibytesPerMebibyte;
}
