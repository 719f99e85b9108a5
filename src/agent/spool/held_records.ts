/**
 * Records that the disk does not take at present: kept in memory up to a limit; beyond it lines are counted, in a gap at
 * the end of their stream.
 */
import { encodeText } from "../../wire/mod.ts";
import { encodeRecord, partsOf } from "./record.ts";
import type { PlacedRecord } from "./segment.ts";
import type { Source, Stream } from "./streams.ts";

/** Bytes of records that are kept. */
const heldBytesMax = 16 * 1024 * 1024;
/** Task runs that one gap counts lines of. */
const gapSourcesMax = 1_000;

/** Missing lines of a stream, one after the other. */
export class Gap {
  readonly stream: Stream;
  readonly firstSeq: number;
  readonly #timestampMs: number;
  readonly #counts = new Map<string, number>();
  lines = 0;

  /** @param timestampMs When the first of the lines was written, Unix milliseconds. */
  constructor(stream: Stream, firstSeq: number, timestampMs: number) {
    this.stream = stream;
    this.firstSeq = firstSeq;
    this.#timestampMs = timestampMs;
  }

  /** Whether it can count a line of that number and source. */
  continuesAt(firstSeq: number, sourceJson: string): boolean {
    return this.firstSeq + this.lines === firstSeq &&
      (this.#counts.size < gapSourcesMax || this.#counts.has(sourceJson));
  }

  /** Counts `lines` more of a source. */
  count(sourceJson: string, lines: number): void {
    this.#counts.set(sourceJson, (this.#counts.get(sourceJson) ?? 0) + lines);
    this.lines += lines;
  }

  /** The bytes of its record. */
  encode(): Uint8Array<ArrayBuffer> {
    const counts = [...this.#counts].map(([sourceJson, lines]) => `${sourceJson},${lines}]`).join(",");
    const entry = encodeText(`[${this.#timestampMs},[${counts}]]`);
    const { stream, firstSeq, lines } = this;
    return encodeRecord({ firstSeq, lines, stream: stream.text, sourceBytes: 0, entry });
  }

  /** Its record. */
  placed(): PlacedRecord {
    return { record: partsOf(this.encode()), stream: this.stream, source: null };
  }
}

/** What a record is made of; a gap counts on until it is sent. */
type Held = { readonly gap: Gap } | { readonly gap: null; readonly bytes: Uint8Array; readonly placed: PlacedRecord };

function ofHeld(held: Held): Pick<Gap, "stream" | "firstSeq" | "lines"> {
  if (held.gap !== null) return held.gap;
  const { stream, record: { firstSeq, lines } } = held.placed;
  return { stream, firstSeq, lines };
}

/** See the top of this file. */
export class HeldRecords {
  #held: Held[] = [];
  #bytes = 0;
  #at = 0;

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** Lines, kept and counted. */
  get lines(): number {
    return this.#held.reduce((sum, held) => sum + ofHeld(held).lines, 0);
  }

  /** Keeps a record, or counts its lines. */
  add(bytes: Uint8Array, placed: PlacedRecord & { readonly source: Source }, timestampMs: number): void {
    const { stream, source, record: { firstSeq, lines } } = placed;
    if (this.#bytes + bytes.length <= heldBytesMax) {
      this.#bytes += bytes.length;
      this.#held.push({ gap: null, bytes, placed });
      return;
    }
    const last = this.#held.findLast((held) => ofHeld(held).stream === stream);
    let gap = last?.gap ?? null;
    if (gap === null || gap.firstSeq <= stream.sent || !gap.continuesAt(firstSeq, source.json)) {
      gap = new Gap(stream, firstSeq, timestampMs);
      this.#held.push({ gap });
    }
    gap.count(source.json, lines);
    source.subtract(bytes.length);
  }

  /** The next record that was not read. */
  next(): PlacedRecord | undefined {
    const held = this.#held[this.#at];
    if (held === undefined) return undefined;
    this.#at++;
    return held.gap === null ? held.placed : held.gap.placed();
  }

  /** Reads again from the first on. */
  rewind(): void {
    this.#at = 0;
  }

  /** Drops what is acknowledged. */
  release(): void {
    if (this.#held.length === 0) return;
    const before = this.#at;
    this.#held = this.#held.filter((held, index) => {
      const { stream, firstSeq, lines } = ofHeld(held);
      if (stream.acked < firstSeq + lines - 1) return true;
      if (held.gap === null) this.#bytes -= held.bytes.length;
      if (index < before) this.#at--;
      return false;
    });
  }

  /** Hands the records over, oldest first, until `write` does not take one. */
  drain(write: (bytes: Uint8Array, placed: PlacedRecord) => boolean): void {
    for (let held = this.#held[0]; held !== undefined; held = this.#held[0]) {
      const placed = held.gap === null ? held.placed : held.gap.placed();
      if (!write(held.gap === null ? held.bytes : held.gap.encode(), placed)) return;
      this.#held.shift();
      if (held.gap === null) this.#bytes -= held.bytes.length;
      this.#at = Math.max(this.#at - 1, 0);
    }
  }
}
