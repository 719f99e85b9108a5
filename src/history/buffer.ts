/** Rows that are not in the database yet: in order, bounded, kept until they are committed. */
import { type Chunk, keyOf, LogChunkBuilder, type LogSource } from "./chunk.ts";
import { type AnyRows, ChunkCollector } from "./collector.ts";
import type { Mark, Positions } from "./marks.ts";
import type { LogRow } from "./rows.ts";

/** Rows in one transaction at most, give or take a parcel. */
export const batchRows = 65_536;
/** Text in one transaction at most, in UTF-16 units, give or take a parcel. */
export const batchChars = 16 * 1024 * 1024;
/** Rows that marks hold together at most, give or take what one call hands over. */
const parcelRows = 8_192;

/** Limits of a {@linkcode RowBuffer}. */
export interface BufferLimits {
  /** Rows that are kept at most. */
  rows: number;
  /** Text that is kept at most, in UTF-16 units. */
  chars: number;
  /** Marked rows that are kept at most, give or take what one call hands over. They count as rows too. */
  markedRows: number;
  /** Text of marked rows that is kept at most, in UTF-16 units. */
  markedChars: number;
}

/** What is written in one transaction or not at all: a chunk, or the chunks of marked rows with their marks. */
interface Entry {
  id: number;
  chunks: Chunk[];
  /** How far each stream has come with these rows; `undefined` for rows that nobody else keeps count of. */
  marks: Positions | undefined;
  rows: number;
  chars: number;
}

/** Chunks that are written in one transaction. */
export interface PendingBatch {
  chunks: readonly Chunk[];
  /** How far each stream has come with them. */
  marks: ReadonlyMap<string, number>;
  /** Rows that were appended, without the lines that mark gaps. */
  rows: number;
}

interface Gap {
  source: LogSource;
  missingLines: number;
  timestampMs: number;
}

/**
 * The queue between those who hand over rows and the database.
 *
 * Marked rows, whose sender keeps them until their mark is committed, are not taken when there is no room (`hasRoom`),
 * and stay once they are. Of the others, when the buffer is full, the oldest log lines that are not being written go
 * first, then the oldest status rows. Where lines of a task run were given up, a line of level `WARNING` that counts them
 * is written in their place.
 */
export class RowBuffer {
  readonly #limits: BufferLimits;
  readonly #entries: Entry[] = [];
  readonly #plain = new ChunkCollector((chunk, rows, chars) => this.#push([chunk], undefined, rows, chars));
  readonly #marked = new ChunkCollector((chunk) => this.#parcel.chunks.push(chunk));
  #parcel = emptyParcel();
  #inFlight = 0;
  #nextId = 1;
  #rows = 0;
  #chars = 0;
  #markedRows = 0;
  #markedChars = 0;
  #droppedRows = 0;
  #gaps = new Map<string, Gap>();
  #gapsInFlight = new Map<string, Gap>();

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** Rows that are kept, those being written included. */
  get rows(): number {
    return this.#rows;
  }

  /** Text that is kept, in UTF-16 units. */
  get chars(): number {
    return this.#chars;
  }

  /** Rows given up so far. */
  get droppedRows(): number {
    return this.#droppedRows;
  }

  /** Whether there is nothing to write, no mark either. */
  get isEmpty(): boolean {
    return this.#rows === 0 && this.#gaps.size === 0 && this.#parcel.marks.size === 0 && this.#entries.length === 0;
  }

  /** Whether more marked rows may be added. */
  get hasRoom(): boolean {
    const { rows, chars, markedRows, markedChars } = this.#limits;
    return this.#rows < rows && this.#chars < chars && this.#markedRows < markedRows && this.#markedChars < markedChars;
  }

  /** Adds a log line. */
  addLog(row: LogRow): void {
    this.#chars += this.#plain.addLog(row);
    this.#rows++;
  }

  /** Adds status rows. */
  add(rows: Pick<AnyRows, "runStatuses" | "taskStatuses">): void {
    this.#chars += this.#plain.add(rows);
    this.#rows += countOf(rows);
  }

  /** Adds rows that are committed together with `mark`, or not at all. */
  addMarked(mark: Mark, logs: readonly LogRow[], rows: AnyRows): void {
    let chars = 0;
    for (const row of logs) chars += this.#marked.addLog(row);
    chars += this.#marked.add(rows);
    const count = logs.length + countOf(rows);
    const parcel = this.#parcel;
    parcel.rows += count;
    parcel.chars += chars;
    parcel.marks.set(mark.stream, mark.position);
    this.#markedRows += count;
    this.#markedChars += chars;
    this.#rows += count;
    this.#chars += chars;
    if (parcel.rows >= parcelRows || parcel.chars >= batchChars) this.#sealParcel();
  }

  /**
   * Gives up the oldest rows while there are more than the limits allow.
   *
   * @returns How many rows were given up.
   */
  enforceLimits(): number {
    const droppedBefore = this.#droppedRows;
    while (this.#rows > this.#limits.rows || this.#chars > this.#limits.chars) {
      let dropped = this.#oldestDroppable();
      if (dropped === undefined) {
        this.#seal();
        dropped = this.#oldestDroppable();
      }
      if (dropped === undefined) break;
      this.#entries.splice(this.#entries.indexOf(dropped, this.#inFlight), 1);
      this.#drop(dropped);
    }
    return this.#droppedRows - droppedBefore;
  }

  /** Gives up all marked rows. What was taken has to be settled or released before. */
  giveUpMarked(): void {
    this.#sealParcel();
    for (const entry of this.#entries) if (entry.marks !== undefined) this.#subtract(entry);
    const kept = this.#entries.filter((entry) => entry.marks === undefined);
    this.#entries.splice(0, this.#entries.length, ...kept);
  }

  /** Takes the oldest rows to be written. They stay here until `settle` or `release`. */
  take(): PendingBatch {
    this.#seal();
    let [rows, chars] = [0, 0];
    const chunks: Chunk[] = [];
    const marks = new Map<string, number>();
    this.#inFlight = 0;
    for (const entry of this.#entries) {
      if (rows >= batchRows || chars >= batchChars) break;
      chunks.push(...entry.chunks);
      for (const [stream, position] of entry.marks ?? []) marks.set(stream, position);
      rows += entry.rows;
      chars += entry.chars;
      this.#inFlight++;
    }
    if (this.#gaps.size > 0) {
      this.#gapsInFlight = this.#gaps;
      this.#gaps = new Map();
      chunks.unshift(gapChunkOf(this.#gapsInFlight.values()));
    }
    return { chunks, marks, rows };
  }

  /** What was taken is committed. */
  settle(): void {
    for (const entry of this.#entries.splice(0, this.#inFlight)) this.#subtract(entry);
    this.#inFlight = 0;
    this.#gapsInFlight.clear();
  }

  /** What was taken could not be written. It is the first to be taken again. */
  release(): void {
    this.#inFlight = 0;
    const younger = this.#gaps;
    this.#gaps = this.#gapsInFlight;
    this.#gapsInFlight = new Map();
    for (const gap of younger.values()) this.#addGap(gap);
  }

  /** A place behind the youngest row, for `isPast`. */
  place(): number {
    this.#seal();
    return this.#nextId;
  }

  /** Whether all rows before `place` have left. */
  isPast(place: number): boolean {
    const oldest = this.#entries[0];
    return oldest === undefined || oldest.id >= place;
  }

  /** Log lines before status rows; nothing that is being written, nothing marked. */
  #oldestDroppable(): Entry | undefined {
    let oldestStatuses: Entry | undefined;
    for (let index = this.#inFlight; index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.marks !== undefined) continue;
      if (entry.chunks[0]?.kind === "logs") return entry;
      oldestStatuses ??= entry;
    }
    return oldestStatuses;
  }

  #subtract(entry: Entry): void {
    this.#rows -= entry.rows;
    this.#chars -= entry.chars;
    if (entry.marks === undefined) return;
    this.#markedRows -= entry.rows;
    this.#markedChars -= entry.chars;
  }

  #drop(entry: Entry): void {
    this.#subtract(entry);
    this.#droppedRows += entry.rows;
    const [chunk] = entry.chunks;
    if (chunk?.kind !== "logs") return;
    const { sources, sourceIndexes, timestampsMs } = chunk;
    const linesOfSource = sources.map(() => 0);
    for (const index of sourceIndexes) linesOfSource[index] = (linesOfSource[index] ?? 0) + 1;
    const timestampMs = timestampsMs.at(-1) ?? 0;
    sources.forEach((source, index) => {
      const missingLines = linesOfSource[index] ?? 0;
      this.#addGap({ source: { ...source, level: "WARNING" }, missingLines, timestampMs });
    });
  }

  #addGap(gap: Gap): void {
    const key = keyOf(gap.source);
    const known = this.#gaps.get(key);
    if (known === undefined) {
      this.#gaps.set(key, { ...gap });
    } else {
      known.missingLines += gap.missingLines;
      known.timestampMs = gap.timestampMs;
    }
  }

  #seal(): void {
    this.#plain.seal();
    this.#sealParcel();
  }

  #sealParcel(): void {
    if (this.#parcel.marks.size === 0) return;
    this.#marked.seal();
    const { chunks, marks, rows, chars } = this.#parcel;
    this.#parcel = emptyParcel();
    this.#push(chunks, marks, rows, chars);
  }

  #push(chunks: Chunk[], marks: Positions | undefined, rows: number, chars: number): void {
    this.#entries.push({ id: this.#nextId++, chunks, marks, rows, chars });
  }
}

function emptyParcel(): { chunks: Chunk[]; marks: Map<string, number>; rows: number; chars: number } {
  return { chunks: [], marks: new Map(), rows: 0, chars: 0 };
}

function countOf(rows: AnyRows): number {
  return Object.values(rows).reduce((count, rowsOfKind) => count + rowsOfKind.length, 0);
}

/** The lines that say how many lines are missing. */
function gapChunkOf(gaps: Iterable<Gap>): Chunk {
  const builder = new LogChunkBuilder();
  for (const { source, missingLines, timestampMs } of gaps) {
    const lines = missingLines === 1 ? "1 line is missing here" : `${missingLines} lines are missing here`;
    const payload =
      `cdktr: ${lines}, given up because the history database could not be written and the buffer was full`;
    builder.add({ ...source, timestampMs, payload });
  }
  return builder.chunk;
}
