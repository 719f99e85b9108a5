/**
 * Log lines on the agent's disk that the principal has not acknowledged.
 *
 * ```
 * append --> own lane (segments on disk) --next--> sent --acknowledge--> segments deleted
 *        \-> held in memory, while the disk takes nothing
 * recover --> lanes of sessions that are gone --next--> ...
 *                                              \-> given up, when the principal wants nothing of them
 * ```
 *
 * What was handed to the system by a write survives the end of the process however it comes; nothing is synced, so a
 * machine that loses power loses what the system had not written by itself. Nothing here waits or throws for a disk that
 * does not work.
 */
import type { Clock } from "../../clock/mod.ts";
import { counted, messageOf, type OperatorLog } from "../../core/mod.ts";
import { type EncodedLogChunk, encodeText, type LogStream, maxLogChunks, maxLogEntries } from "../../wire/mod.ts";
import type { SpoolFiles } from "./files.ts";
import { giveWay } from "./give_way.ts";
import { Gap, HeldRecords } from "./held_records.ts";
import { Lane } from "./lane.ts";
import { LeftLanes } from "./left_lanes.ts";
import { encodeRecord, partsOf, timestampOf } from "./record.ts";
import type { PlacedRecord } from "./segment.ts";
import { type Source, sourceJson, type Stream, Streams } from "./streams.ts";

/** Bytes of one segment; of a small spool a sixteenth. */
const segmentBytesDefault = 8 * 1024 * 1024;
/** Text in one record, in UTF-16 units, give or take a line. */
const recordChars = 64 * 1024;
/** Lines in one record. */
const recordLines = 4_096;
/** How long a disk that failed is left alone, in milliseconds. */
const diskPauseMs = 1_000;
/** How often it is told that lines give way, in milliseconds. */
const tellEveryMs = 60_000;

/** What a {@linkcode Spool} needs. */
export interface SpoolOptions {
  /** The directory of all sessions. */
  readonly directory: string;
  /** Unique to this process; the name of its own directory. */
  readonly session: string;
  /** Bytes of all segments together, those that were taken over from sessions that are gone included. */
  readonly maxBytes: number;
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** Lines that a task wrote at once. */
export interface SpooledLines {
  readonly taskName: string;
  readonly taskRunId: string;
  /** Unix milliseconds. */
  readonly timestampMs: number;
  readonly level: string;
  readonly payloads: readonly string[];
}

/** A stretch of a stream that is being sent. */
export interface SentPart {
  readonly stream: Stream;
  /** {@linkcode Stream.rewinds} when it was sent. */
  readonly rewinds: number;
  readonly afterSeq: number;
  lastSeq: number;
  readonly records: { readonly source: Source | null; readonly lastSeq: number; readonly bytes: number }[];
}

/** Lines to be sent in one request; the parts belong to the chunks in their order. */
export interface Outgoing {
  readonly chunks: readonly EncodedLogChunk[];
  readonly parts: readonly SentPart[];
  /** Bytes of all records. */
  readonly bytes: number;
  readonly lines: number;
}

interface OpenChunk {
  readonly part: SentPart;
  readonly oldest: boolean;
  readonly entries: Uint8Array[];
}

/** See the top of this file. */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #streams = new Streams();
  readonly #held = new HeldRecords();
  readonly #left: LeftLanes;
  #own: Lane | null = null;
  #isLeftTurn = false;
  #diskRetryMs = -Infinity;
  #isDiskBroken = false;
  #untoldLines = 0;
  #toldMs = -Infinity;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#left = new LeftLanes(options, this.#streams);
  }

  /** Bytes of lines that are not acknowledged, those of parked streams left out. */
  get unackedBytes(): number {
    return this.#streams.unackedBytes;
  }

  /** Lines that are not acknowledged. */
  get unackedLines(): number {
    let lines = 0;
    for (const { lastSeq, acked } of this.#streams.all()) lines += lastSeq - acked;
    return lines;
  }

  /** Whether all lines of streams that were begun here are acknowledged, those of parked ones left out. */
  get isOwnDelivered(): boolean {
    for (const { lastSeq, acked, isOwn, isParked } of this.#streams.all()) {
      if (acked < lastSeq && isOwn && !isParked) return false;
    }
    return true;
  }

  /** The stream of an attempt that begins. */
  begin(name: LogStream): Stream {
    return this.#streams.begin(name);
  }

  /** No line of the stream follows. */
  end(stream: Stream): void {
    stream.isEnded = true;
    this.#streams.forgetIfDone(stream);
  }

  /** Adds lines to a stream that was begun here. */
  append(stream: Stream, { taskName, taskRunId, timestampMs, level, payloads }: SpooledLines): Source {
    const source = stream.source(sourceJson(taskName, taskRunId));
    for (const some of inRecords(payloads)) {
      const head = `${source.json},${timestampMs},${JSON.stringify(level)},`;
      const entry = encodeText(`${head}${JSON.stringify(some)}]`);
      const firstSeq = stream.lastSeq + 1;
      const sourceBytes = source.jsonBytes;
      const bytes = encodeRecord({ firstSeq, lines: some.length, stream: stream.text, sourceBytes, entry });
      stream.lastSeq += some.length;
      source.add(bytes.length);
      this.#put(bytes, { record: partsOf(bytes), stream, source }, timestampMs);
    }
    return source;
  }

  /**
   * The next lines to be sent, marked as such; undefined when there are none.
   *
   * @param bytesMax Bytes of records, give or take a record.
   * @param chunksMax Chunks, one for each stream.
   */
  next(bytesMax: number, chunksMax = maxLogChunks): Outgoing | undefined {
    const open = new Map<Stream, OpenChunk>();
    this.#isLeftTurn = !this.#isLeftTurn;
    let [bytes, lines, entries] = [0, 0, 0];
    while (bytes < bytesMax && open.size < chunksMax && entries < maxLogEntries) {
      const placed = this.#nextRecord();
      if (placed === undefined) break;
      bytes += placed.record.bytes;
      lines += placed.record.lines;
      entries += this.#add(open, placed);
    }
    if (open.size === 0) return undefined;
    const chunks = [...open.values()].map(({ part: { stream, afterSeq }, oldest, entries }) => {
      return { stream: stream.name, afterSeq, oldest, entries };
    });
    return { chunks, parts: [...open.values()].map(({ part }) => part), bytes, lines };
  }

  /** The principal has committed these. */
  acknowledge(parts: readonly SentPart[]): void {
    for (const { stream, lastSeq, records } of parts) {
      for (const { source, lastSeq, bytes } of records) {
        if (lastSeq > stream.acked) source?.subtract(bytes);
      }
      stream.acked = Math.max(stream.acked, lastSeq);
      stream.sent = Math.max(stream.sent, stream.acked);
      this.#streams.forgetIfDone(stream);
    }
    this.#release();
  }

  /**
   * The principal did not take a part. What follows the line `seq`, up to which it has the stream, is sent again as far as
   * it is here; unless that was begun since the part was sent.
   */
  refuse({ stream, rewinds }: SentPart, seq: number): void {
    const from = Math.max(seq, stream.acked);
    if (rewinds < stream.rewinds && from >= stream.rewoundTo) return;
    stream.rewinds++;
    stream.rewoundTo = from;
    stream.sent = Math.min(stream.sent, from);
    for (const lane of this.#lanes()) lane.rewind(stream, stream.sent);
    this.#held.rewind();
  }

  /**
   * The principal does not want this stream: kept for one who does while there is room, and not sent. A session that is gone
   * and has left nothing but such streams is given up, so that an agent of another principal may take it over.
   */
  park(stream: Stream): void {
    stream.park();
    this.#release();
  }

  /**
   * Takes over what sessions that are gone have left, one segment a step, so that the caller can let others have their
   * turn in between. Directories in which nothing is left are removed. May be called again once it is done.
   *
   * @returns How many lines were found.
   */
  recover(): Generator<void, number> {
    return this.#left.recover();
  }

  /** Gives everything up. What was not acknowledged stays on the disk, for the next session. */
  close(): void {
    this.#diskRetryMs = -Infinity;
    this.#writeHeld();
    const { log, directory } = this.#options;
    if (!this.#held.isEmpty) {
      log.error(`${counted(this.#held.lines, "log line")} that could not be kept in ${directory} went with this agent`);
    }
    this.#own?.close();
    this.#left.close();
  }

  #lanes(): readonly Lane[] {
    return this.#own === null ? this.#left.lanes : [...this.#left.lanes, this.#own];
  }

  #put(bytes: Uint8Array, placed: PlacedRecord & { readonly source: Source }, timestampMs: number): void {
    this.#writeHeld();
    if (!this.#held.isEmpty || !this.#tryWrite(bytes, placed)) this.#held.add(bytes, placed, timestampMs);
  }

  #writeHeld(): void {
    if (!this.#held.isEmpty) this.#held.drain((bytes, placed) => this.#tryWrite(bytes, placed));
  }

  /** @returns Whether it is on the disk; if not, the disk is left alone for a while. */
  #tryWrite(bytes: Uint8Array, placed: PlacedRecord): boolean {
    const { clock, directory, session, files, log } = this.#options;
    if (clock.monotonicMs() < this.#diskRetryMs) return false;
    this.#diskRetryMs = clock.monotonicMs() + diskPauseMs;
    try {
      this.#own ??= Lane.tryOpen(`${directory}/${session}`, files, this.#streams);
      if (this.#own === null || !this.#makeRoom(bytes.length)) return false;
      this.#own.append(bytes, placed, this.#segmentBytesMax);
    } catch (error) {
      if (!this.#isDiskBroken) {
        log.error(
          `log lines cannot be kept in ${directory} and stay in memory, as far as they fit: ${messageOf(error)}`,
        );
      }
      this.#isDiskBroken = true;
      return false;
    }
    if (this.#isDiskBroken) log.info(`log lines can be kept in ${directory} again`);
    this.#isDiskBroken = false;
    this.#diskRetryMs = -Infinity;
    return true;
  }

  #makeRoom(neededBytes: number): boolean {
    const { files, maxBytes } = this.#options;
    if (neededBytes > maxBytes) return false;
    const lanes = this.#lanes();
    while (lanes.reduce((sum, { bytes }) => sum + bytes, 0) + neededBytes > maxBytes) {
      const options = { files, streams: this.#streams, lanes, segmentBytesMax: this.#segmentBytesMax };
      let lines = giveWay(options);
      if (lines === 0) {
        this.#own?.seal();
        lines = giveWay(options);
      }
      if (lines === 0) return false;
      this.#tellGivenWay(lines);
    }
    return true;
  }

  #tellGivenWay(lines: number): void {
    const { clock, log, maxBytes, directory } = this.#options;
    this.#untoldLines += lines;
    if (clock.monotonicMs() - this.#toldMs < tellEveryMs) return;
    log.warn(
      `the log spool ${directory} is full (CDKTR_SPOOL_MAX_BYTES is ${maxBytes}): ` +
        `${this.#untoldLines} lines of the loudest tasks were given up`,
    );
    this.#toldMs = clock.monotonicMs();
    this.#untoldLines = 0;
  }

  get #segmentBytesMax(): number {
    return Math.min(this.#options.maxBytes / 16, segmentBytesDefault);
  }

  /** What lives and what was left take turns, so that neither waits for the other. */
  #nextRecord(): PlacedRecord | undefined {
    for (;;) {
      const placed = this.#isLeftTurn ? this.#left.next() ?? this.#nextOwn() : this.#nextOwn() ?? this.#left.next();
      if (placed === undefined) return undefined;
      const { stream, record: { firstSeq, lines } } = placed;
      if (!stream.isParked && firstSeq + lines - 1 > stream.sent) return placed;
    }
  }

  #nextOwn(): PlacedRecord | undefined {
    return this.#own?.next() ?? this.#held.next();
  }

  /** @returns How many entries were added. */
  #add(open: Map<Stream, OpenChunk>, { record, stream, source }: PlacedRecord): number {
    const { firstSeq, lines, entry, bytes } = record;
    const lastSeq = firstSeq + lines - 1;
    let chunk = open.get(stream);
    if (chunk === undefined) {
      const afterSeq = Math.min(stream.sent, firstSeq - 1);
      const part = { stream, rewinds: stream.rewinds, afterSeq, lastSeq: afterSeq, records: [] };
      open.set(stream, chunk = { part, oldest: afterSeq <= stream.acked, entries: [] });
    }
    const { part, entries } = chunk;
    const missing = firstSeq - 1 - part.lastSeq;
    if (missing > 0) {
      // Nothing tells when they were written; the time of what follows keeps them near their place.
      const gap = new Gap(stream, part.lastSeq + 1, timestampOf(record));
      gap.count(unknownSource, missing);
      entries.push(gap.placed().record.entry);
    }
    entries.push(entry);
    part.records.push({ source, lastSeq, bytes });
    part.lastSeq = stream.sent = lastSeq;
    return missing > 0 ? 2 : 1;
  }

  #release(): void {
    this.#own?.release();
    this.#left.release();
    this.#held.release();
  }
}

/** Whose lines were lost with a damaged part of a segment. */
const unknownSource = sourceJson("", "");

/** Parts lines so that each part makes a record of a bearable size. */
function* inRecords(payloads: readonly string[]): Generator<readonly string[], void> {
  let [from, chars] = [0, 0];
  for (let to = 0; to < payloads.length; to++) {
    chars += payloads[to]?.length ?? 0;
    if (to + 1 < payloads.length && chars < recordChars && to + 1 - from < recordLines) continue;
    yield from === 0 && to + 1 === payloads.length ? payloads : payloads.slice(from, to + 1);
    [from, chars] = [to + 1, 0];
  }
}
