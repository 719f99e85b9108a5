/** Locks that end with their process, however it ends. */

const privateFile = 0o600;

/**
 * Locks a file, which is made if need be, readable for nobody else. Closing it ends the lock.
 *
 * @returns Null while another process has the lock.
 * @throws What the system says.
 */
export function tryLockFile(path: string): Deno.FsFile | null {
  const file = Deno.openSync(path, { create: true, write: true, mode: privateFile });
  try {
    if (file.tryLockSync(true)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}
