/**
 * The segments of one session, oldest first, and how far they were read for sending.
 *
 * What was written last is also kept in memory, up to a limit: a sender that keeps up never reads the disk. One that lags
 * reads it until it has caught up.
 */
import type { SpoolFile, SpoolFiles } from "./files.ts";
import { type PlacedRecord, recordsOf, Segment, SegmentReader } from "./segment.ts";
import type { Stream, Streams } from "./streams.ts";

/** Bytes of records written last that are kept in memory. */
const recentBytesMax = 8 * 1024 * 1024;

const lockName = "lock";
const segmentPattern = /^(\d{10})\.log$/;

/** The end of the name of a segment that is being written anew. */
export const unfinishedSuffix = ".new";

interface Recent {
  readonly segment: Segment;
  readonly offset: number;
  readonly placed: PlacedRecord;
}

/** See the top of this file. */
export class Lane {
  readonly directory: string;
  readonly #files: SpoolFiles;
  readonly #streams: Streams;
  readonly #lock: Disposable;
  #segments: Segment[] = [];
  /** Segments that were too old to be taken over, and were deleted. */
  expired = 0;
  #nextNumber = 1;
  #active: { readonly segment: Segment; readonly file: SpoolFile } | null = null;
  #reader: SegmentReader | null = null;
  /** Where reading goes on when there is no reader: the first segment of this number or a higher one. */
  #readFrom = 0;
  #recent: Recent[] = [];
  #recentHead = 0;
  #recentBytes = 0;

  private constructor(directory: string, files: SpoolFiles, streams: Streams, lock: Disposable) {
    this.directory = directory;
    this.#files = files;
    this.#streams = streams;
    this.#lock = lock;
  }

  /**
   * Makes the directory of a session, or takes over that of one that is gone; null while its process has it.
   *
   * @throws What the file system throws.
   */
  static tryOpen(directory: string, files: SpoolFiles, streams: Streams): Lane | null {
    files.makeDirectory(directory);
    const lock = files.tryLock(`${directory}/${lockName}`);
    return lock === null ? null : new Lane(directory, files, streams, lock);
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** All segments but the one that is written to, oldest first. */
  get sealed(): readonly Segment[] {
    return this.#segments.filter((segment) => segment !== this.#active?.segment);
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** The streams that have lines in it, some of those left out of which all are acknowledged. */
  get streams(): Set<Stream> {
    return new Set(this.#segments.flatMap((segment) => [...segment.streams]));
  }

  /** Whether the principal wants nothing of what is in it. */
  get isParked(): boolean {
    return this.#segments.every((segment) => segment.isParked);
  }

  /**
   * Takes notice of what a session that is gone left behind: yields the lines of one segment after the other.
   *
   * @param oldestMs Segments that were last written to before this time are deleted, Unix milliseconds.
   */
  *recover(oldestMs: number): Generator<number, void> {
    const names = this.#files.names(this.directory);
    for (const name of names.filter((name) => name.endsWith(unfinishedSuffix))) {
      this.#files.remove(`${this.directory}/${name}`);
    }
    for (const name of names.sort()) {
      const number = segmentPattern.exec(name)?.[1];
      if (number === undefined) continue;
      const path = `${this.directory}/${name}`;
      if (this.#files.modifiedMs(path) < oldestMs) {
        this.#files.remove(path);
        this.expired++;
        continue;
      }
      const segment = new Segment(Number(number), path);
      let lineCount = 0;
      for (const placed of recordsOf(this.#files, segment.path, (text) => this.#streams.recovered(text))) {
        const { stream, source, record: { firstSeq, lines, bytes } } = placed;
        segment.note(placed);
        if (stream.lastSeq === 0) stream.sent = stream.acked = stream.lastSeq = firstSeq - 1;
        // When a process ended while two segments were made one, the lines of the second are there twice.
        if (firstSeq <= stream.lastSeq) continue;
        lineCount += lines;
        stream.lastSeq = firstSeq + lines - 1;
        stream.isEnded = true;
        source?.add(bytes);
      }
      this.#segments.push(segment);
      yield lineCount;
    }
    this.release();
  }

  /**
   * Writes a record behind the others.
   *
   * @param bytes The record.
   * @throws What the file system throws; nothing of the record is there then.
   */
  append(bytes: Uint8Array, placed: PlacedRecord, segmentBytesMax: number): void {
    if (this.#active !== null && this.#active.segment.size + bytes.length > segmentBytesMax) this.seal();
    const { segment, file } = this.#active ??= this.#begin();
    try {
      file.append(bytes);
    } catch (error) {
      this.#cutTorn();
      throw error;
    }
    this.#remember({ segment, offset: segment.size, placed });
    segment.note(placed);
  }

  /** Writes to the newest segment no more. */
  seal(): void {
    this.#active?.file.close();
    this.#active = null;
  }

  /** The next record that was not read; undefined when there is none. */
  next(): PlacedRecord | undefined {
    for (;;) {
      const first = this.#reader?.segment ?? this.#segments.find(({ number }) => number >= this.#readFrom);
      if (first === undefined) return undefined;
      const reader = this.#reader ?? this.#readFromStartOf(first);
      const recent = this.#recent[this.#recentHead];
      if (recent !== undefined && recent.segment === reader.segment && recent.offset === reader.offset) {
        reader.skip(recent.placed.record.bytes);
        this.#forgetFirstRecent(recent);
        return recent.placed;
      }
      const placed = reader.next();
      if (placed !== undefined) return placed;
      const following = this.#segments[this.#segments.indexOf(reader.segment) + 1];
      if (following === undefined) return undefined;
      this.#readFromStartOf(following);
    }
  }

  /** Reads again from where `stream` has the line behind the one of number `seq`, if that is here and was read. */
  rewind(stream: Stream, seq: number): void {
    const segment = this.#segments.find((segment) => segment.holdsBehind(stream, seq));
    if (segment !== undefined && segment.number <= this.#readNumber) this.#readFromStartOf(segment);
  }

  /** Deletes the segments in which all is acknowledged. */
  release(): void {
    for (const segment of this.#segments.filter(({ isDone }) => isDone)) this.#remove(segment);
  }

  /** Puts one segment, which the caller has written to `path`, in the place of some that follow each other. */
  replace(old: readonly [Segment, ...Segment[]], path: string, placed: readonly PlacedRecord[]): void {
    const [first, ...others] = old;
    this.#files.rename(path, first.path);
    const segment = new Segment(first.number, first.path);
    for (const each of placed) segment.note(each);
    const index = this.#segments.indexOf(first);
    const isBeingRead = first.number <= this.#readNumber && this.#readNumber <= (others.at(-1) ?? first).number;
    this.#segments.splice(index, old.length, segment);
    for (const { path } of others) this.#files.remove(path);
    if (isBeingRead) this.#readFromStartOf(segment);
    this.#forgetRecent();
  }

  /** Gives the session up. Its directory is removed if nothing is left in it. */
  close(): void {
    this.seal();
    try {
      if (this.isEmpty) {
        this.#files.remove(`${this.directory}/${lockName}`);
        this.#files.removeDirectory(this.directory);
      }
    } catch {
      // Another process has begun to take it over, and finds it empty.
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  /** The number of the segment that is being read, or is to be read next. */
  get #readNumber(): number {
    return this.#reader?.segment.number ?? this.#readFrom;
  }

  #readFromStartOf(segment: Segment): SegmentReader {
    return this.#reader = new SegmentReader(this.#files, this.#streams, segment);
  }

  #begin(): { segment: Segment; file: SpoolFile } {
    this.#files.makeDirectory(this.directory); // Somebody may have removed it to make room.
    const path = `${this.directory}/${String(this.#nextNumber).padStart(10, "0")}.log`;
    const file = this.#files.open(path);
    const segment = new Segment(this.#nextNumber++, path);
    this.#segments.push(segment);
    return { segment, file };
  }

  /** Cuts off what a failed write left; where even that fails, nothing more is written behind it. */
  #cutTorn(): void {
    const active = this.#active;
    if (active === null) return;
    try {
      active.file.truncate(active.segment.size);
      if (active.segment.size === 0) this.#remove(active.segment);
    } catch {
      this.seal();
    }
  }

  #remove(segment: Segment): void {
    if (segment === this.#active?.segment) this.seal();
    if (segment === this.#reader?.segment) {
      this.#reader = null;
      this.#readFrom = segment.number + 1;
    }
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#files.remove(segment.path);
  }

  #remember(recent: Recent): void {
    this.#recent.push(recent);
    this.#recentBytes += recent.placed.record.bytes;
    if (this.#recentBytes > recentBytesMax) this.#forgetRecent();
  }

  #forgetFirstRecent({ placed }: Recent): void {
    this.#recentHead++;
    this.#recentBytes -= placed.record.bytes;
    if (this.#recentHead === this.#recent.length) this.#forgetRecent();
  }

  #forgetRecent(): void {
    this.#recent = [];
    this.#recentHead = 0;
    this.#recentBytes = 0;
  }
}
