/**
 * A record of the spool: one entry of a log chunk as it will go over the wire, and where it belongs.
 *
 * ```
 * u32 length of what follows the checksum | u32 CRC-32 of the same
 * f64 first sequence number | u32 lines | u16 bytes of the stream | u16 bytes of the source
 * the stream as JSON | the entry as JSON, which begins with its source
 * ```
 *
 * Every record stands for itself, so that whatever is around it may be lost. Numbers are little-endian.
 */
import { crc32 } from "node:zlib";

/** A record that was read; its parts are views. */
export interface SpoolRecord {
  readonly firstSeq: number;
  /** Numbers it takes up: lines, or the lines that a gap counts. */
  readonly lines: number;
  /** The stream as JSON: `[runId, attempt, workflowId, workflowName]`. */
  readonly stream: Uint8Array;
  /** The beginning of the entry that names task and task run: `["Task","id"`. Empty for a gap. */
  readonly source: Uint8Array;
  /** The entry as JSON. */
  readonly entry: Uint8Array;
  /** Bytes of the whole record. */
  readonly bytes: number;
}

const frameBytes = 8;
const headBytes = 16;
/** Bytes of stream or source; names are limited to a fraction of it. */
const partBytesMax = 0xffff;

const decoder = new TextDecoder();
/** Digits of a time, and a few to spare. */
const timeBytesMax = 24;

/** The time of an entry, without reading all of it: it stands right behind the source. Unix milliseconds. */
export function timestampOf({ source, entry }: SpoolRecord): number {
  const from = source.length + 1;
  return Number.parseFloat(decoder.decode(entry.subarray(from, from + timeBytesMax))) || 0;
}

/** The bytes of a record. */
export function encodeRecord(record: Omit<SpoolRecord, "bytes" | "source"> & { readonly sourceBytes: number }) {
  const { firstSeq, lines, stream, sourceBytes, entry } = record;
  if (stream.length > partBytesMax || sourceBytes > partBytesMax) {
    throw new RangeError(`a record names its stream in ${stream.length} bytes and its source in ${sourceBytes}`);
  }
  const bytes = new Uint8Array(frameBytes + headBytes + stream.length + entry.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - frameBytes, true);
  view.setFloat64(8, firstSeq, true);
  view.setUint32(16, lines, true);
  view.setUint16(20, stream.length, true);
  view.setUint16(22, sourceBytes, true);
  bytes.set(stream, frameBytes + headBytes);
  bytes.set(entry, frameBytes + headBytes + stream.length);
  view.setUint32(4, crc32(bytes.subarray(frameBytes)), true);
  return bytes;
}

/** Bytes of the record at `offset`, whole or not, as its head says; undefined when there is no head. */
export function recordBytesAt(bytes: Uint8Array, offset: number): number | undefined {
  if (bytes.length - offset < frameBytes) return undefined;
  return frameBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}

/** The record at `offset`; undefined when it is not whole, or not what was written. */
export function decodeRecord(bytes: Uint8Array, offset: number): SpoolRecord | undefined {
  const length = recordBytesAt(bytes, offset);
  if (length === undefined || length < frameBytes + headBytes || bytes.length - offset < length) return undefined;
  const record = bytes.subarray(offset, offset + length);
  const view = new DataView(record.buffer, record.byteOffset);
  if (view.getUint32(4, true) !== crc32(record.subarray(frameBytes))) return undefined;
  const namesBytes = view.getUint16(20, true) + view.getUint16(22, true);
  return frameBytes + headBytes + namesBytes > length ? undefined : partsOf(record);
}

/** A record that was just encoded, in its parts. */
export function partsOf(record: Uint8Array): SpoolRecord {
  const view = new DataView(record.buffer, record.byteOffset);
  const entryAt = frameBytes + headBytes + view.getUint16(20, true);
  return {
    firstSeq: view.getFloat64(8, true),
    lines: view.getUint32(16, true),
    stream: record.subarray(frameBytes + headBytes, entryAt),
    source: record.subarray(entryAt, entryAt + view.getUint16(22, true)),
    entry: record.subarray(entryAt),
    bytes: record.length,
  };
}
