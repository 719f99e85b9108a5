/**
 * Who has the journal: a file beside it, so that a second process can name the first.
 *
 * What keeps the second one out is SQLite's own lock. The file only tells, and only while its writer lives, who holds it
 * locked: one that was killed leaves a file that nobody locks, whoever has its process id by then.
 */
import { z } from "zod";
import { tryLockFile } from "./file_lock.ts";

const holderSchema = z.object({
  /** What was called, such as `cdktr start principal`. */
  command: z.string(),
  pid: z.number(),
  host: z.string(),
  /** An instant by ISO 8601. */
  since: z.string(),
  /** Where it listens, `host:port`; null when it does not. */
  address: z.string().nullable(),
});

/** A process that has the journal open. */
export type JournalHolder = z.infer<typeof holderSchema>;

/** A holder's file: written with what is known, and gone when it is closed. */
export class HolderFile implements Disposable {
  readonly #path: string;
  #lock: Deno.FsFile | null = null;
  #holder: JournalHolder;

  /** @param journalPath The file of the journal, which `holder` has open. */
  constructor(journalPath: string, holder: JournalHolder) {
    this.#path = pathBeside(journalPath);
    this.#holder = holder;
  }

  /** Writes who has the journal. Never throws: without the file a second process is refused all the same. */
  write(change: Partial<JournalHolder> = {}): void {
    this.#holder = { ...this.#holder, ...change };
    try {
      this.#lock ??= tryLockFile(this.#path);
      this.#lock?.truncateSync(0);
      this.#lock?.seekSync(0, Deno.SeekMode.Start);
      this.#lock?.writeSync(new TextEncoder().encode(`${JSON.stringify(this.#holder)}\n`));
    } catch {
      // Such as a full disk. What stands there then cannot be read, and names nobody.
    }
  }

  /** Removes the file. To be called while the journal is still open: the next holder's must stay. */
  [Symbol.dispose](): void {
    if (this.#lock === null) return;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // It is locked no longer, and so names nobody.
    }
    this.#lock.close();
    this.#lock = null;
  }
}

/** The living process that has the journal at `journalPath`; null when that cannot be told. */
export function holderOf(journalPath: string): JournalHolder | null {
  const path = pathBeside(journalPath);
  try {
    const text = Deno.readTextFileSync(path);
    using lock = tryLockFile(path);
    return lock === null ? holderSchema.parse(JSON.parse(text)) : null;
  } catch {
    return null; // There is no such file, or nothing that can be understood in it.
  }
}

function pathBeside(journalPath: string): string {
  return `${journalPath}.holder`;
}
