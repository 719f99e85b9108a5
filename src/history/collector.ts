/** Collects rows, as they come, into chunks: what the main loop sends, and the worker appends, in one turn. */
import { type Chunk, LogChunkBuilder, rowCountOf } from "./chunk.ts";
import type { DecisionRow, RunVersionRow, TaskVersionRow } from "./projection.ts";
import type { LogRow, RunStatusRow, TaskStatusRow } from "./rows.ts";

/** Rows in one chunk at most. */
export const chunkRows = 2_048;
/** Text in one chunk at most, in UTF-16 units; a single longer row makes a chunk of its own. */
const chunkChars = 1024 * 1024;

/** Rows that are not in a chunk yet, each kind with its own. */
interface OpenRows {
  runStatuses: RunStatusRow[];
  taskStatuses: TaskStatusRow[];
  decisions: DecisionRow[];
  runVersions: RunVersionRow[];
  taskVersions: TaskVersionRow[];
}

/** Rows of the kinds that are sent as objects. */
export type AnyRows = Partial<{ readonly [Kind in keyof OpenRows]: readonly OpenRows[Kind][number][] }>;

/** See the top of this file. What counts as text of a row is what can be long: ids and names do not. */
export class ChunkCollector {
  readonly #onChunk: (chunk: Chunk, rows: number, chars: number) => void;
  #logs = new LogChunkBuilder();
  #logChars = 0;
  #open = noRows();
  #openChars = 0;

  /** @param onChunk Takes a chunk that is full or was sealed, with its rows and its text. */
  constructor(onChunk: (chunk: Chunk, rows: number, chars: number) => void) {
    this.#onChunk = onChunk;
  }

  /** Adds a log line. Returns its text, in UTF-16 units. */
  addLog(row: LogRow): number {
    this.#logs.add(row);
    this.#logChars += row.payload.length;
    if (this.#logs.chunk.payloads.length >= chunkRows || this.#logChars >= chunkChars) this.#sealLogs();
    return row.payload.length;
  }

  /** Adds other rows. Returns their text, in UTF-16 units. */
  add(rows: AnyRows): number {
    const { runStatuses = [], taskStatuses = [], decisions = [], runVersions = [], taskVersions = [] } = rows;
    let chars = 0;
    const put = <Row>(open: (rows: OpenRows) => Row[], row: Row, rowChars: number) => {
      const sameKind = open(this.#open);
      sameKind.push(row);
      this.#openChars += rowChars;
      chars += rowChars;
      if (sameKind.length >= chunkRows || this.#openChars >= chunkChars) this.#sealRows();
    };
    for (const row of runStatuses) put((open) => open.runStatuses, row, 0);
    for (const row of taskStatuses) put((open) => open.taskStatuses, row, 0);
    for (const row of decisions) put((open) => open.decisions, row, row.detail.length + lengthOf(row.reason));
    for (const row of runVersions) put((open) => open.runVersions, row, row.params.length + lengthOf(row.reason));
    for (const row of taskVersions) {
      put((open) => open.taskVersions, row, lengthOf(row.outputs) + lengthOf(row.reason));
    }
    return chars;
  }

  /** Makes chunks of all rows that are left. */
  seal(): void {
    this.#sealLogs();
    this.#sealRows();
  }

  #sealLogs(): void {
    const [chunk, chars] = [this.#logs.chunk, this.#logChars];
    this.#logs = new LogChunkBuilder();
    this.#logChars = 0;
    this.#pass(chunk, chars);
  }

  #sealRows(): void {
    const { runStatuses, taskStatuses, decisions, runVersions, taskVersions } = this.#open;
    const chars = this.#openChars;
    this.#open = noRows();
    this.#openChars = 0;
    this.#pass({ kind: "runStatuses", rows: runStatuses }, 0);
    this.#pass({ kind: "taskStatuses", rows: taskStatuses }, 0);
    // They leave together, so it does not matter which of them is said to hold the text.
    const withText: Chunk[] = [
      { kind: "decisions", rows: decisions },
      { kind: "runVersions", rows: runVersions },
      { kind: "taskVersions", rows: taskVersions },
    ];
    const first = withText.findIndex((chunk) => rowCountOf(chunk) > 0);
    withText.forEach((chunk, index) => this.#pass(chunk, index === first ? chars : 0));
  }

  #pass(chunk: Chunk, chars: number): void {
    const rows = rowCountOf(chunk);
    if (rows > 0) this.#onChunk(chunk, rows, chars);
  }
}

function noRows(): OpenRows {
  return { runStatuses: [], taskStatuses: [], decisions: [], runVersions: [], taskVersions: [] };
}

function lengthOf(text: string | null): number {
  return text?.length ?? 0;
}
