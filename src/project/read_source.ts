/** Files to import. */
import { CdktrError, messageOf } from "../core/mod.ts";

/** A file that was read. */
export interface SourceFile {
  readonly text: string;
  /** Who may read and write it; what is made of it is as private. */
  readonly mode: number;
}

/** More than any crontab or unit has. */
const maxBytes = 16 * 1024 * 1024;
const wrongFileHint = "Is it the file that was meant?";

/**
 * @param whereElse What to do if there is no such file, as a sentence.
 * @throws {CdktrError} NOT_FOUND, STORAGE, LIMIT_EXCEEDED, or INVALID_ARGUMENT for what is no UTF-8.
 */
export async function readSource(path: string, whereElse: string): Promise<SourceFile> {
  const info = await readOrFail(path, whereElse, () => Deno.stat(path));
  if (info.size > maxBytes) {
    throw new CdktrError("LIMIT_EXCEEDED", `${path} has more than ${maxBytes} bytes.`, { hint: wrongFileHint });
  }
  const bytes = await readOrFail(path, whereElse, () => Deno.readFile(path));
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), mode: (info.mode ?? 0o644) & 0o666 };
  } catch (cause) {
    throw new CdktrError("INVALID_ARGUMENT", `${path} is not UTF-8 text.`, { hint: wrongFileHint, cause });
  }
}

async function readOrFail<Found>(path: string, whereElse: string, read: () => Promise<Found>): Promise<Found> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CdktrError("NOT_FOUND", `There is no file ${path}.`, { hint: whereElse, cause });
    }
    throw new CdktrError("STORAGE", `${path} cannot be read: ${messageOf(cause)}.`, {
      hint: "Name a file that this user may read.",
      cause,
    });
  }
}
