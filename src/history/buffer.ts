/** Rows that are not in the database yet: in order, bounded, kept until they are committed. */
import { type Chunk, keyOf, LogChunkBuilder, type LogSource, rowCountOf } from "./chunk.ts";
import type { LogRow, RunStatusRow, TaskStatusRow } from "./rows.ts";

/** Rows in one chunk at most: what the main loop sends, and the worker appends, in one turn. */
export const chunkRows = 2_048;
/** Text in one chunk at most, in UTF-16 units; a single longer row makes a chunk of its own. */
const chunkChars = 1024 * 1024;
/** Rows in one transaction at most, give or take a chunk. */
export const batchRows = 65_536;
/** Text in one transaction at most, in UTF-16 units, give or take a chunk. */
export const batchChars = 16 * 1024 * 1024;

/** Limits of a {@linkcode RowBuffer}. */
export interface BufferLimits {
  /** Rows that are kept at most. */
  rows: number;
  /** Text that is kept at most, in UTF-16 units. */
  chars: number;
}

interface Entry {
  id: number;
  chunk: Chunk;
  rows: number;
  chars: number;
}

/** Chunks that are written in one transaction. */
export interface PendingBatch {
  chunks: readonly Chunk[];
  /** Rows that were appended, without the lines that mark gaps. */
  rows: number;
}

interface Gap {
  source: LogSource;
  missingLines: number;
  timestampMs: number;
}

/**
 * The queue between `append` and the database.
 *
 * When it is full the oldest log lines that are not being written go first, then the oldest status rows (which the
 * journal also has). Where lines of a task run were given up, a line of level `WARNING` that counts them is written in
 * their place.
 */
export class RowBuffer {
  readonly #limits: BufferLimits;
  readonly #entries: Entry[] = [];
  #inFlight = 0;
  #nextId = 1;
  #rows = 0;
  #chars = 0;
  #droppedRows = 0;
  #openLogs = new LogChunkBuilder();
  #openLogChars = 0;
  #openRunStatuses: RunStatusRow[] = [];
  #openTaskStatuses: TaskStatusRow[] = [];
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

  /** Whether there is anything to write. */
  get isEmpty(): boolean {
    return this.#rows === 0 && this.#gaps.size === 0;
  }

  /** Adds a log line. */
  addLog(row: LogRow): void {
    this.#openLogs.add(row);
    this.#openLogChars += row.payload.length;
    this.#count(row.payload.length);
    if (this.#openLogs.chunk.payloads.length >= chunkRows || this.#openLogChars >= chunkChars) this.#sealLogs();
  }

  /** Adds a state of a run. */
  addRunStatus(row: RunStatusRow): void {
    this.#openRunStatuses.push(row);
    this.#count(0);
    if (this.#openRunStatuses.length >= chunkRows) this.#sealRunStatuses();
  }

  /** Adds a state of a task run. */
  addTaskStatus(row: TaskStatusRow): void {
    this.#openTaskStatuses.push(row);
    this.#count(0);
    if (this.#openTaskStatuses.length >= chunkRows) this.#sealTaskStatuses();
  }

  /**
   * Gives up the oldest rows while there are more than the limits allow.
   *
   * @returns How many rows were given up.
   */
  enforceLimits(): number {
    const droppedBefore = this.#droppedRows;
    while (this.#rows > this.#limits.rows || this.#chars > this.#limits.chars) {
      if (this.#entries.length === this.#inFlight) this.#seal();
      if (this.#entries.length === this.#inFlight) break;
      const oldestLogs = this.#entries.findIndex((entry, index) =>
        index >= this.#inFlight && entry.chunk.kind === "logs"
      );
      const [dropped] = this.#entries.splice(oldestLogs < 0 ? this.#inFlight : oldestLogs, 1);
      if (dropped !== undefined) this.#drop(dropped);
    }
    return this.#droppedRows - droppedBefore;
  }

  /** Takes the oldest rows to be written. They stay here until `settle` or `release`. */
  take(): PendingBatch {
    this.#seal();
    let [rows, chars] = [0, 0];
    const chunks: Chunk[] = [];
    for (const entry of this.#entries) {
      if (rows >= batchRows || chars >= batchChars) break;
      chunks.push(entry.chunk);
      rows += entry.rows;
      chars += entry.chars;
    }
    this.#inFlight = chunks.length;
    if (this.#gaps.size > 0) {
      this.#gapsInFlight = this.#gaps;
      this.#gaps = new Map();
      chunks.unshift(gapChunkOf(this.#gapsInFlight.values()));
    }
    return { chunks, rows };
  }

  /** What was taken is committed. */
  settle(): void {
    for (const entry of this.#entries.splice(0, this.#inFlight)) {
      this.#rows -= entry.rows;
      this.#chars -= entry.chars;
    }
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

  /** A mark behind the youngest row, for `isBehind`. */
  mark(): number {
    this.#seal();
    return this.#nextId;
  }

  /** Whether all rows before `mark` have left. */
  isPast(mark: number): boolean {
    const oldest = this.#entries[0];
    return oldest === undefined || oldest.id >= mark;
  }

  #count(chars: number): void {
    this.#rows++;
    this.#chars += chars;
  }

  #drop(entry: Entry): void {
    this.#rows -= entry.rows;
    this.#chars -= entry.chars;
    this.#droppedRows += entry.rows;
    if (entry.chunk.kind !== "logs") return;
    const { sources, sourceIndexes, timestampsMs } = entry.chunk;
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
    this.#sealLogs();
    this.#sealRunStatuses();
    this.#sealTaskStatuses();
  }

  #sealLogs(): void {
    this.#push(this.#openLogs.chunk, this.#openLogChars);
    this.#openLogs = new LogChunkBuilder();
    this.#openLogChars = 0;
  }

  #sealRunStatuses(): void {
    this.#push({ kind: "runStatuses", rows: this.#openRunStatuses }, 0);
    this.#openRunStatuses = [];
  }

  #sealTaskStatuses(): void {
    this.#push({ kind: "taskStatuses", rows: this.#openTaskStatuses }, 0);
    this.#openTaskStatuses = [];
  }

  #push(chunk: Chunk, chars: number): void {
    const rows = rowCountOf(chunk);
    if (rows > 0) this.#entries.push({ id: this.#nextId++, chunk, rows, chars });
  }
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
