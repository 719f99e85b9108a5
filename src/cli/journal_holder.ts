/**
 * Who has the journal: a file beside it, so that a second process can be told of the first.
 *
 * What keeps the second one out is the journal's own lock. This file only tells, and is believed only while its writer holds
 * another lock: one that was killed leaves a file and no lock, whoever has its process id by then.
 */
import * as z from "zod";
import { CdktrError } from "../core/mod.ts";
import { type FileLock, tryLockFile } from "../lock/mod.ts";

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
export type Holder = z.infer<typeof holderSchema>;

/** The word of this process that it has the journal, from {@linkcode JournalHolder.write} until disposed. */
export class JournalHolder implements Disposable {
  readonly #path: string;
  #lock: FileLock | null = null;
  #holder: Holder;

  /** @param journalPath The file of the journal. */
  constructor(journalPath: string, holder: Holder) {
    this.#path = pathBeside(journalPath);
    this.#holder = holder;
  }

  /**
   * Writes who has the journal, which must be open by then. Never throws: without the file a second process is refused all
   * the same.
   */
  write(change: Partial<Holder> = {}): void {
    this.#holder = { ...this.#holder, ...change };
    try {
      this.#lock ??= tryLockFile(lockBeside(this.#path));
      if (this.#lock === null) return;
      Deno.writeTextFileSync(this.#path, `${JSON.stringify(this.#holder)}\n`, { mode: 0o600 });
    } catch {
      // Such as a full disk. What stands there then cannot be read, and names nobody.
    }
  }

  /** Removes what was written, and only that. */
  [Symbol.dispose](): void {
    if (this.#lock === null) return;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // Once it is locked no longer it names nobody.
    }
    this.#lock[Symbol.dispose]();
    this.#lock = null;
  }
}

/** The living process that has the journal at `journalPath`; null when that cannot be told. */
export function holderOf(journalPath: string): Holder | null {
  const path = pathBeside(journalPath);
  try {
    Deno.statSync(lockBeside(path)); // Or asking for the lock would make it.
    using lock = tryLockFile(lockBeside(path));
    return lock === null ? holderSchema.parse(JSON.parse(Deno.readTextFileSync(path))) : null;
  } catch {
    return null; // There is no such file, or nothing that can be understood in it.
  }
}

/** An error that says that the journal is in use, with the name of the process that has it, if that can be told. */
export function namingHolder(error: unknown, journalPath: string): unknown {
  const holder = error instanceof CdktrError && error.code === "CONFLICT" ? holderOf(journalPath) : null;
  if (!(error instanceof CdktrError) || holder === null) return error;
  const { command, pid, host, since, address } = holder;
  const serving = address === null ? "" : `, which serves ${address}`;
  return new CdktrError(
    "CONFLICT",
    `The journal ${journalPath} is in use by \`${command}\`, process ${pid} on ${host} since ${since}${serving}.`,
    { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error },
  );
}

function pathBeside(journalPath: string): string {
  return `${journalPath}.holder`;
}

function lockBeside(path: string): string {
  return `${path}.lock`;
}
