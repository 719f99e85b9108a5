/** Which file stands at a path: another name for the same file is the same, another file of the same name is not. */

/** Names a file as long as anyone has it open, by its device and its number there (`stat(2)`). */
export function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino ?? "?"}`; // Where files have no numbers it can only be told that there is one.
}

/**
 * The identity of the file at `path`; null when there is none.
 *
 * @throws What the system says when it cannot be looked at.
 */
export function identityAt(path: string): string | null {
  try {
    return identityOf(Deno.statSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
