/**
 * Room in a spool that is full: the oldest lines of the loudest tasks, of those that nobody has been sent, make way for
 * gaps that count them.
 *
 * Segments are written anew without them, one at a time. All tasks that are at least half as loud as the loudest give way
 * together: among equals it would else take a pass over the whole segment for the lines of each.
 */
import { gapEntry } from "../../wire/mod.ts";
import type { SpoolFiles } from "./files.ts";
import { Gap } from "./held_records.ts";
import { type Lane, unfinishedSuffix } from "./lane.ts";
import { encodeRecord, timestampOf } from "./record.ts";
import { type PlacedRecord, recordsOf, type Segment } from "./segment.ts";
import { type Source, sourceJson, type Stream, type Streams } from "./streams.ts";

/** A segment of which the loudest hold less than this share is passed over for a younger one. */
const worthwhileShare = 1 / 8;

/** What gives way. */
export interface GiveWayOptions {
  readonly files: SpoolFiles;
  readonly streams: Streams;
  readonly lanes: readonly Lane[];
  /** Two segments that fit into one become one. */
  readonly segmentBytesMax: number;
}

/**
 * Makes some room.
 *
 * @returns How many lines gave way; 0 when nothing can.
 * @throws What the file system throws; all is as it was then.
 */
export function giveWay(options: GiveWayOptions): number {
  const loudest = loudestOf(options.streams);
  for (const choice of choicesOf(options.lanes, loudest)) {
    const lines = thin(options, choice, loudest);
    if (lines > 0) return lines;
  }
  return 0;
}

interface Choice {
  readonly lane: Lane;
  readonly segment: Segment;
}

function thin(options: GiveWayOptions, { lane, segment }: Choice, loudest: ReadonlySet<Source>): number {
  const { files, streams, segmentBytesMax } = options;
  const thinning = new Thinning(loudest);
  const older = lane.sealed[lane.sealed.indexOf(segment) - 1];
  const isOlderSmall = older !== undefined && older.size + segment.size / 2 <= segmentBytesMax;
  const old: readonly [Segment, ...Segment[]] = isOlderSmall ? [older, segment] : [segment];
  for (const { path } of old) {
    for (const placed of recordsOf(files, path, (text) => streams.ofRecord(text))) thinning.add(placed);
  }
  if (thinning.droppedLines === 0) return 0;
  const kept = thinning.end();
  const path = `${old[0].path}${unfinishedSuffix}`;
  write(files, path, kept);
  lane.replace(old, path, kept);
  for (const [source, bytes] of thinning.droppedBytes) source.subtract(bytes);
  return thinning.droppedLines;
}

function loudestOf(streams: Streams): Set<Source> {
  const sources = [...streams.all()].flatMap((stream) => [...stream.sources.values()]);
  const most = sources.reduce((most, { unackedBytes }) => Math.max(most, unackedBytes), 0);
  return new Set(sources.filter(({ unackedBytes }) => unackedBytes > 0 && unackedBytes >= most / 2));
}

/** The segments in which they hold a worthwhile share, oldest first; then the others, those of the largest share first. */
function choicesOf(lanes: readonly Lane[], loudest: ReadonlySet<Source>): Choice[] {
  const shares = lanes.flatMap((lane) =>
    lane.sealed.map((segment) => {
      const bytes = [...segment.bytesOf].reduce((sum, [source, own]) => loudest.has(source) ? sum + own : sum, 0);
      return { lane, segment, share: bytes / segment.size };
    })
  ).filter(({ share }) => share > 0);
  const isWorthwhile = ({ share }: { share: number }) => share >= worthwhileShare;
  const others = shares.filter((each) => !isWorthwhile(each)).sort((a, b) => b.share - a.share);
  return [...shares.filter(isWorthwhile), ...others];
}

/** Parts what stays from what gives way. */
class Thinning {
  droppedLines = 0;
  readonly droppedBytes = new Map<Source, number>();
  readonly #loudest: ReadonlySet<Source>;
  readonly #kept: (PlacedRecord | Gap)[] = [];
  /** The gap at the end of a stream's records. */
  readonly #open = new Map<Stream, Gap>();

  constructor(loudest: ReadonlySet<Source>) {
    this.#loudest = loudest;
  }

  add(placed: PlacedRecord): void {
    const { record: { firstSeq, lines, bytes }, stream, source } = placed;
    if (firstSeq + lines - 1 <= stream.acked) return;
    const isSent = firstSeq <= stream.sent;
    if (isSent || (source !== null && !this.#loudest.has(source))) {
      this.#open.delete(stream);
      this.#kept.push(placed);
    } else if (source === null) {
      let at = firstSeq;
      for (const [json, count] of countsOf(placed.record.entry)) {
        this.#count(stream, at, json, count, timestampOf(placed.record));
        at += count;
      }
    } else {
      this.droppedLines += lines;
      this.droppedBytes.set(source, (this.droppedBytes.get(source) ?? 0) + bytes);
      this.#count(stream, firstSeq, source.json, lines, timestampOf(placed.record));
    }
  }

  #count(stream: Stream, firstSeq: number, sourceJson: string, lines: number, timestampMs: number): void {
    let gap = this.#open.get(stream);
    if (gap === undefined || !gap.continuesAt(firstSeq, sourceJson)) {
      gap = new Gap(stream, firstSeq, timestampMs);
      this.#open.set(stream, gap);
      this.#kept.push(gap);
    }
    gap.count(sourceJson, lines);
  }

  end(): PlacedRecord[] {
    return this.#kept.map((each) => each instanceof Gap ? each.placed() : each);
  }
}

/** What a gap counts. */
function countsOf(entry: Uint8Array): [sourceJson: string, lines: number][] {
  const [, counts] = gapEntry.parse(JSON.parse(new TextDecoder().decode(entry)));
  return counts.map(([name, id, lines]) => [sourceJson(name, id), lines]);
}

function write(files: SpoolFiles, path: string, placed: readonly PlacedRecord[]): void {
  const file = files.open(path);
  try {
    file.truncate(0); // One that failed before may have left something, where it could not be removed.
    for (const { record: { firstSeq, lines, entry, source }, stream } of placed) {
      file.append(encodeRecord({ firstSeq, lines, stream: stream.text, sourceBytes: source.length, entry }));
    }
    file.close();
  } catch (error) {
    file.close();
    files.remove(path);
    throw error;
  }
}
