/** The data directory and the disk below it. */
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../clock/mod.ts";
import type { Config } from "../../config/mod.ts";
import { messageOf } from "../../core/mod.ts";
import { freeBytes } from "../../journal/mod.ts";
import { type Finding, finding } from "./finding.ts";

const mebibyte = 1024 * 1024;
/** Free space below which a warning is due. */
const littleSpaceBytes = 1024 * mebibyte;
/** With fewer files to be made, agents and the history soon have none. */
const fewFiles = 1000;
/** A write that takes longer until it is on disk is a warning: each answered trigger waits for one. In milliseconds. */
const slowWriteMs = 100;
/** So many are made; the one in the middle counts. */
const writes = 5;
const writeBytes = 4096;

/** File systems of other machines, by the number that statfs(2) tells. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x01021997, "9P"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x5346414f, "AFS"],
]);

/** What there is to say about the directory of the journal, and its disk. */
export async function dataDirectoryFindings({ statePath, diskFloorBytes }: Config, clock: Clock): Promise<Finding[]> {
  const directory = dirname(statePath);
  const nearest = await nearestExisting(directory);
  return [
    await directoryFinding(directory),
    await spaceFinding(nearest, diskFloorBytes),
    await writingFinding(directory, clock),
    await fileSystemFinding(nearest),
  ].filter((one) => one !== null);
}

async function directoryFinding(directory: string): Promise<Finding> {
  const name = "data directory";
  try {
    const { mode, isDirectory } = await Deno.stat(directory);
    if (!isDirectory) {
      return finding(name, "error", `${directory} is no directory.`, "Name another in CDKTR_APP_DATA_DIRECTORY.");
    }
    const probe = await Deno.makeTempFile({ dir: directory, prefix: ".doctor-" });
    await Deno.remove(probe);
    const others = (mode ?? 0) & 0o077;
    if (others !== 0) {
      const hint = `\`chmod 700 ${directory}\` keeps parameters and logs from other users.`;
      return finding(name, "warning", `Other users of this machine can get into ${directory}.`, hint);
    }
    return finding(name, "ok", `${directory} can be written, by its owner alone.`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return finding(name, "ok", `${directory} does not exist yet; a principal makes it.`);
    }
    const hint = "Correct its permissions, or name another in CDKTR_APP_DATA_DIRECTORY.";
    return finding(name, "error", `${directory} cannot be written: ${messageOf(error)}.`, hint);
  }
}

async function spaceFinding(path: string, floorBytes: number): Promise<Finding> {
  const name = "free space";
  try {
    const bytes = await freeBytes(path);
    const { files, ffree } = await statfs(path);
    // A file system that has no fixed number of files tells 0.
    const left = files === 0 ? "" : `, and room for ${ffree} more files`;
    const detail = `${Math.floor(bytes / mebibyte)} MiB are free at ${path}${left}.`;
    const hint = "Free space: with too little of it nothing can be triggered.";
    if (files > 0 && ffree < fewFiles) {
      return finding(name, "error", detail, "Remove files, or use a file system with more inodes.");
    }
    if (bytes < floorBytes) return finding(name, "error", detail, hint);
    return bytes < littleSpaceBytes ? finding(name, "warning", detail, hint) : finding(name, "ok", detail);
  } catch (error) {
    return finding(name, "warning", `It cannot be told for ${path}: ${messageOf(error)}.`);
  }
}

/** Null where the directory cannot be written, which another finding says. */
async function writingFinding(directory: string, clock: Clock): Promise<Finding | null> {
  const name = "disk speed";
  const path = join(directory, `.doctor-${Deno.pid}`);
  const tookMs: number[] = [];
  try {
    using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
    for (let write = 0; write < writes; write++) {
      const beganMs = clock.monotonicMs();
      await file.write(new Uint8Array(writeBytes));
      await file.sync();
      tookMs.push(clock.monotonicMs() - beganMs);
    }
  } catch {
    return null;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
  const middleMs = tookMs.sort((a, b) => a - b)[writes >> 1] ?? 0;
  const detail = `A write to ${directory} is on disk after ${middleMs.toFixed(1)} ms.`;
  if (middleMs <= slowWriteMs) return finding(name, "ok", detail);
  const hint = "Every answered trigger waits for such a write: use a faster disk, or take load off this one.";
  return finding(name, "warning", detail, hint);
}

async function fileSystemFinding(path: string): Promise<Finding | null> {
  try {
    const { type } = await statfs(path);
    return networkFinding(path, type >>> 0);
  } catch {
    return null; // Why it cannot be looked at, the finding on free space says.
  }
}

/**
 * Whether a directory lies on another machine.
 *
 * @param type What statfs(2) calls the file system.
 */
export function networkFinding(path: string, type: number): Finding {
  const network = networkFileSystems.get(type);
  if (network === undefined) return finding("file system", "ok", `${path} lies on no file system of another machine.`);
  const hint =
    "Locks may not hold there and a cut cable stops everything: name a local disk in CDKTR_APP_DATA_DIRECTORY.";
  return finding("file system", "warning", `${path} lies on another machine (${network}).`, hint);
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path;; at = dirname(at)) {
    try {
      await Deno.stat(at);
      return at;
    } catch {
      if (at === dirname(at)) return at;
    }
  }
}
