/** A file of records, and what of them the principal has not acknowledged. */
import type { SpoolFiles } from "./files.ts";
import { decodeRecord, recordBytesAt, type SpoolRecord } from "./record.ts";
import type { Source, Stream, Streams } from "./streams.ts";

/** A record with what it belongs to. `source`: null for a gap. */
export interface PlacedRecord {
  readonly record: SpoolRecord;
  readonly stream: Stream;
  readonly source: Source | null;
}

const decoder = new TextDecoder();

/** One file. */
export class Segment {
  /** Its place among the segments of its session. */
  readonly number: number;
  readonly path: string;
  /** Bytes of whole records in the file. */
  size = 0;
  /** The highest number of each stream in it, as long as that is not acknowledged. */
  readonly #lastSeqs = new Map<Stream, number>();
  /** Bytes of each source in it, acknowledged or not. */
  readonly bytesOf = new Map<Source, number>();

  constructor(number: number, path: string) {
    this.number = number;
    this.path = path;
  }

  /** Whether all in it is acknowledged. */
  get isDone(): boolean {
    for (const [stream, lastSeq] of this.#lastSeqs) {
      if (stream.acked < lastSeq) return false;
      this.#lastSeqs.delete(stream);
    }
    return true;
  }

  /** The streams that have lines in it, some of those left out of which all are acknowledged. */
  get streams(): IterableIterator<Stream> {
    return this.#lastSeqs.keys();
  }

  /** Whether all that is not acknowledged belongs to streams that the principal does not want. */
  get isParked(): boolean {
    for (const [stream, lastSeq] of this.#lastSeqs) if (!stream.isParked && stream.acked < lastSeq) return false;
    return true;
  }

  /** Whether it has a line of `stream` behind the one of number `seq`. */
  holdsBehind(stream: Stream, seq: number): boolean {
    return (this.#lastSeqs.get(stream) ?? 0) > seq;
  }

  /** Takes notice of a record that was written to its end. */
  note({ record, stream, source }: PlacedRecord): void {
    this.size += record.bytes;
    this.#lastSeqs.set(stream, record.firstSeq + record.lines - 1);
    if (source !== null) this.bytesOf.set(source, (this.bytesOf.get(source) ?? 0) + record.bytes);
  }
}

/** Finds the stream that a record names; undefined when it names none. */
type StreamOf = (text: Uint8Array) => Stream | undefined;

/** The record at `offset` of `bytes` with what it belongs to; undefined when it is torn or damaged. */
function placedRecordAt(bytes: Uint8Array, offset: number, streamOf: StreamOf): PlacedRecord | undefined {
  const record = decodeRecord(bytes, offset);
  const stream = record === undefined ? undefined : streamOf(record.stream);
  if (record === undefined || stream === undefined) return undefined;
  const source = record.source.length === 0 ? null : stream.source(decoder.decode(record.source));
  return { record, stream, source };
}

/** All records of a file up to the first that is torn or damaged. */
export function* recordsOf(files: SpoolFiles, path: string, streamOf: StreamOf): Generator<PlacedRecord, void> {
  const bytes = files.read(path, 0, files.size(path));
  for (let offset = 0; offset < bytes.length;) {
    const placed = placedRecordAt(bytes, offset, streamOf);
    if (placed === undefined) return;
    yield placed;
    offset += placed.record.bytes;
  }
}

/** Reads a segment from its beginning to its end, a block at a time. */
export class SegmentReader {
  readonly #files: SpoolFiles;
  readonly #streamOf: StreamOf;
  readonly segment: Segment;
  offset = 0;
  #block = new Uint8Array(0);
  #blockAt = 0;

  constructor(files: SpoolFiles, streams: Streams, segment: Segment) {
    this.#files = files;
    this.#streamOf = (text) => streams.ofRecord(text);
    this.segment = segment;
  }

  /** The next record; undefined at the end, and when the rest cannot be read as records. */
  next(): PlacedRecord | undefined {
    if (this.offset >= this.segment.size) return undefined;
    const placed = this.#at() ?? (this.#load(blockBytes), this.#at()) ??
      (this.#load(recordBytesAt(this.#block, 0) ?? 0), this.#at());
    this.offset = placed === undefined ? this.segment.size : this.offset + placed.record.bytes;
    return placed;
  }

  /** Passes over a record that need not be read. */
  skip(bytes: number): void {
    this.offset += bytes;
  }

  #at(): PlacedRecord | undefined {
    return placedRecordAt(this.#block, this.offset - this.#blockAt, this.#streamOf);
  }

  #load(bytes: number): void {
    this.#block = new Uint8Array(this.#files.read(this.segment.path, this.offset, Math.min(bytes, this.#left)));
    this.#blockAt = this.offset;
  }

  get #left(): number {
    return this.segment.size - this.offset;
  }
}

/** Bytes read at once. */
const blockBytes = 256 * 1024;
