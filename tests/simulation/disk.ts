/**
 * The principal's disk: the real SQLite journal in a file of memory, whose writes take simulated time, fail while the disk is
 * full, and stop half-way when the principal's process dies in the middle of one.
 *
 * A crash leaves what a loss of power leaves: everything whose write was confirmed, and of the write under way nothing, a
 * part (its end cut off or garbled), or all of it.
 */
import { CdktrError } from "../../src/core/mod.ts";
import { type Batch, type Journal, type JournaledEvent, SqliteJournal } from "../../src/journal/mod.ts";
import type { SimProcess } from "./machine.ts";
import type { World } from "./world.ts";

/** Where in a write the process is to die. */
export type CrashPoint = "before" | "torn" | "after";

/** What a torn write garbles: a page. */
const garbledBytes = 4096;
/** Writes into the space kept back for a full disk, until that is full, too. */
const reserveWrites = 50;

/** See the top of this file. */
export class SimDisk {
  isFull = false;
  /** A write takes up to this long, and its confirmation as long again. */
  writeMaxMs = 3;
  /** Where the next write of events is to be the process's last. */
  crashPoint: CrashPoint | null = null;
  /** Told of events as they become durable, and after a crash of what the journal turned out to hold. */
  onDurable: (events: readonly JournaledEvent[]) => void = () => {};
  /** Kills the principal. */
  onCrashPoint: () => void = () => {};
  readonly #world: World;
  readonly #directory: string;
  #generation = 0;
  #open: SqliteJournal | null = null;
  #durableSeq = 0;

  /** @param directory Holds the files; of memory, or the seeds take much longer. */
  constructor(world: World, directory: string) {
    this.#world = world;
    this.#directory = directory;
  }

  /** Opens the journal for a process. */
  async open(process: SimProcess): Promise<Journal> {
    const journal = SqliteJournal.open(this.#path, { reserveBytes: 0 });
    this.#open = journal;
    const found = await journal.eventsAfter(this.#durableSeq, 1_000_000);
    if (found.length > 0) this.#world.coverage.count("writes found whole after a crash");
    this.becomesDurable(found);
    return simulatedJournal(this, this.#world, process, journal);
  }

  /** What the journal's table says of a run; null while nobody has the journal open. */
  async runInTable(runId: string): Promise<{ readonly state: string; readonly attempt: number } | null> {
    return await this.#open?.run(runId) ?? null;
  }

  /** The process died: what is in the files now is what the next one finds. */
  crash(): void {
    const journal = this.#open;
    if (journal === null) return;
    this.#open = null;
    const [from, to] = this.#nextPaths();
    Deno.copyFileSync(from, to);
    Deno.copyFileSync(`${from}-wal`, `${to}-wal`);
    discard(journal, from);
  }

  /** The process closes its journal. */
  async closed(journal: SqliteJournal): Promise<void> {
    if (this.#open !== journal) return;
    this.#open = null;
    await journal.close();
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    await this.#open?.close();
  }

  /** Dies in the middle of writing `batch`. */
  async tear(journal: SqliteJournal, batch: Batch): Promise<void> {
    const [from, to] = this.#nextPaths();
    // The database file is written only once the log is safe, so it is the one from before the write that stays.
    Deno.copyFileSync(from, to);
    const before = Deno.readFileSync(`${from}-wal`);
    await journal.append(batch);
    const after = Deno.readFileSync(`${from}-wal`);
    Deno.writeFileSync(`${to}-wal`, this.#torn(before, after));
    this.#open = null;
    discard(journal, from);
    this.onCrashPoint();
  }

  /** These events are kept from now on, whatever happens. */
  becomesDurable(events: readonly JournaledEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#durableSeq = last.seq;
    this.onDurable(events);
  }

  get #path(): string {
    return `${this.#directory}/${this.#generation}.db`;
  }

  #nextPaths(): [from: string, to: string] {
    return [this.#path, `${this.#directory}/${++this.#generation}.db`];
  }

  /** What is left of the log: of what the write changed, the end is missing, or something else is there. */
  #torn(before: Uint8Array, after: Uint8Array): Uint8Array {
    const { random, trace } = this.#world;
    let from = 0;
    while (from < before.length && before[from] === after[from]) from++;
    const at = random.integer(from, after.length - 1);
    const isGarbled = random.chance(0.3);
    trace.add("disk", `the write is ${isGarbled ? "garbled" : "cut off"}`);
    return isGarbled ? after.slice().fill(0x5a, at, at + garbledBytes) : after.slice(0, at);
  }
}

function discard(journal: SqliteJournal, path: string): void {
  journal.close();
  for (const suffix of ["", "-wal"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * A journal on a {@linkcode SimDisk}, as one process sees it: once that is gone, nothing reaches the disk any more. It is the
 * SQLite journal in everything but its writes and the space that is kept back.
 */
function simulatedJournal(disk: SimDisk, world: World, process: SimProcess, journal: SqliteJournal): Journal {
  const { timeline, random, coverage, trace } = world;
  let reserveLeft = reserveWrites;
  /** Takes a while of the process's time; never ends once the process is gone. */
  const pass = () =>
    new Promise<void>((resolve) => {
      timeline.after(random.between(0, disk.writeMaxMs), () => process.input(resolve));
    });
  const append = async (batch: Batch) => {
    await pass();
    if (disk.isFull && reserveLeft-- <= 0) {
      coverage.count("writes refused, disk full");
      throw new CdktrError("STORAGE", "Cannot write the journal: database or disk is full.");
    }
    const crashPoint = disk.crashPoint;
    disk.crashPoint = null;
    if (crashPoint !== null) coverage.count(`crashes in a commit: ${crashPoint}`);
    if (crashPoint === "before") disk.onCrashPoint();
    if (crashPoint === "torn") await disk.tear(journal, batch);
    if (!process.isAlive) return await never();
    await journal.append(batch);
    coverage.count("commits");
    trace.add("disk", `holds ${batch.events.map(({ seq, event }) => `${seq} ${event.type}`).join(", ")}`);
    disk.becomesDurable(batch.events);
    if (crashPoint === "after") disk.onCrashPoint();
    await pass();
  };
  const saveSnapshot: Journal["saveSnapshot"] = async (seq, snapshot, pause) => {
    await pass();
    if (disk.isFull) throw new CdktrError("STORAGE", "Cannot write the journal: database or disk is full.");
    if (!process.isAlive) return await never();
    await journal.saveSnapshot(seq, snapshot, pause);
    coverage.count("snapshots");
    await pass();
  };
  return new Proxy<Journal>(journal, {
    get(target, name) {
      switch (name) {
        case "append":
          return append;
        case "saveSnapshot":
          return saveSnapshot;
        case "close":
          return () => process.isAlive ? disk.closed(journal) : never();
        case "isOnReserve":
          return reserveLeft < reserveWrites;
        case "keepReserve":
          return () => {
            if (!disk.isFull) reserveLeft = reserveWrites;
            return Promise.resolve(!disk.isFull);
          };
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}
