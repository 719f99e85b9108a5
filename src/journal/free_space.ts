/** How much room a disk has. */
import { statfs } from "node:fs/promises";

/**
 * The bytes that this process may still write to the file system `path` lies on.
 *
 * @throws When the path does not exist or the system does not tell. Needs the permission `--allow-sys=statfs`.
 */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
