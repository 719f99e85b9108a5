/**
 * Whether the end of a database file is missing. DuckDB opens such a file as long as what it reads first is there, goes on
 * writing behind the gap, and stumbles when it reads into it.
 *
 * The file begins with three headers of 4,096 bytes. The second and the third take turns: of 64-bit numbers, little-endian,
 * they hold a checksum, an iteration, two places in the file, the number of blocks and the size of a block. The one of the
 * higher iteration counts (DuckDB 1.x, `DatabaseHeader`). That a file is shorter than its header says proves nothing yet:
 * DuckDB cuts blocks off its end that have become free, and goes on counting them. So it is asked, once it has the file
 * open, which blocks it uses. A block begins with its checksum; one that is not there, or reads as zeros since something
 * was written behind it, was never written.
 */
import type { DuckDBConnection } from "@duckdb/node-api";

const headerBytes = 4096;
const headersBytes = 3 * headerBytes;
const checksumBytes = 8;
/** What a database has at its beginning, behind a checksum. */
const magic = { at: 8, text: "DUCK" } as const;
/** Places of the numbers within a header, in bytes. */
const at = { iteration: 8, blockCount: 32, blockBytes: 40 } as const;

/** Blocks that a file counts and does not hold: `first` (inclusive) to `end` (exclusive). */
export interface MissingBlocks {
  first: number;
  end: number;
  blockBytes: number;
}

/**
 * Looks at a file that nobody has open.
 *
 * @returns The blocks that are not there; `undefined` when all are, or when it cannot be told: opening will.
 */
export async function missingBlocks(path: string): Promise<MissingBlocks | undefined> {
  const headers = await readHeaders(path);
  if (headers === undefined) return undefined;
  const { view, fileBytes } = headers;
  const number = (header: number, offset: number) => Number(view.getBigUint64(header + offset, true));
  const newest = number(headerBytes, at.iteration) >= number(2 * headerBytes, at.iteration)
    ? headerBytes
    : 2 * headerBytes;
  const [end, blockBytes] = [number(newest, at.blockCount), number(newest, at.blockBytes)];
  const first = Math.floor((fileBytes - headersBytes) / blockBytes);
  return first < end ? { first, end, blockBytes } : undefined;
}

/**
 * Whether any of the missing blocks is in use.
 *
 * @param connection To the database in that file, open now.
 */
export async function isInUse(
  connection: DuckDBConnection,
  path: string,
  { first, end, blockBytes }: MissingBlocks,
): Promise<boolean> {
  using file = await Deno.open(path);
  for (const block of await usedBlocks(connection)) {
    if (block < first || block >= end) continue;
    const checksum = new Uint8Array(checksumBytes);
    await file.seek(headersBytes + block * blockBytes, Deno.SeekMode.Start);
    const count = await file.read(checksum);
    if (count !== checksumBytes || checksum.every((byte) => byte === 0)) return true;
  }
  return false;
}

/** The blocks that hold rows, and those that say where. In few queries: each costs a start a millisecond or two. */
async function usedBlocks(connection: DuckDBConnection): Promise<Set<number>> {
  const tables = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables() WHERE NOT temporary");
  const ofTables = tables.getRows().map(([table]) => {
    const segments = `pragma_storage_info('${String(table).replaceAll("'", "''")}')`;
    return `SELECT unnest(list_concat([block_id], additional_block_ids)) FROM ${segments} WHERE persistent`;
  });
  const sql = ["SELECT block_id FROM pragma_metadata_info()", ...ofTables].join(" UNION ");
  return new Set((await connection.runAndReadAll(sql)).getRows().map(([block]) => Number(block)));
}

async function readHeaders(path: string): Promise<{ view: DataView; fileBytes: number } | undefined> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const bytes = new Uint8Array(headersBytes);
    for (let read = 0; read < headersBytes;) {
      const count = await file.read(bytes.subarray(read));
      if (count === null) return undefined;
      read += count;
    }
    const start = String.fromCharCode(...bytes.subarray(magic.at, magic.at + magic.text.length));
    return start === magic.text ? { view: new DataView(bytes.buffer), fileBytes: size } : undefined;
  } catch {
    return undefined;
  }
}
