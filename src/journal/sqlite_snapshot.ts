/**
 * Snapshots in the SQLite journal. One of 100,000 runs takes tens of megabytes and a third of a second to write, so it is
 * written in parts, each a small transaction of its own, between which the journal takes other batches. A snapshot that was
 * not completed counts for nothing and goes with the next one.
 */
import * as z from "zod";
import type { Snapshot } from "../core/mod.ts";
import { snapshotSchema } from "../core/schema.ts";
import type { SqliteFile } from "./sqlite_file.ts";

/** A part is full when its JSON has so many characters: a transaction of about a millisecond. */
const partChars = 256 * 1024;
/** Parts of older snapshots that one transaction removes. */
const removedPartsPerStep = 8;

const snapshotRow = z.object({ snapshot_id: z.number(), seq: z.number() });
const startedRow = z.object({ snapshot_id: z.number() });
const partRow = z.object({ body: z.string() });
const partSchema = z.record(z.string(), z.array(z.unknown()));

/** A snapshot and its place in the journal. */
export interface SavedSnapshot {
  readonly seq: number;
  readonly snapshot: Snapshot;
}

/** The place of the latest complete snapshot; 0 when there is none. */
export function latestSnapshotSeq(file: SqliteFile): number {
  const row = file.statement("latestSnapshot").get();
  return row === undefined ? 0 : snapshotRow.parse(row).seq;
}

/** Reads the latest complete snapshot; null when there is none. */
export function readSnapshot(file: SqliteFile): SavedSnapshot | null {
  const row = file.statement("latestSnapshot").get();
  if (row === undefined) return null;
  const { snapshot_id, seq } = snapshotRow.parse(row);
  const whole: Record<string, unknown[]> = {};
  for (const part of file.statement("snapshotParts").iterate(snapshot_id)) {
    for (const [name, entries] of Object.entries(partSchema.parse(JSON.parse(partRow.parse(part).body)))) {
      const sofar = whole[name] ??= [];
      for (const entry of entries) sofar.push(entry);
    }
  }
  return { seq, snapshot: snapshotSchema.parse(whole) };
}

/**
 * Writes a snapshot, and removes those before it once it is complete.
 *
 * @param pause Waited for between two parts; when it rejects, the snapshot is given up.
 */
export async function writeSnapshot(
  file: SqliteFile,
  { seq, snapshot }: SavedSnapshot,
  pause: () => Promise<void>,
): Promise<void> {
  const write = <T>(work: () => T) => file.attempt("write", () => file.transaction(work));
  const { snapshot_id: id } = startedRow.parse(write(() => file.statement("beginSnapshot").get(seq)));
  let written = 0;
  for (const body of partsOf(snapshot)) {
    if (written++ > 0) await pause();
    write(() => file.statement("addSnapshotPart").run(id, body));
  }
  write(() => {
    file.statement("completeSnapshot").run(id);
    file.statement("removeOtherSnapshots").run(id);
  });
  const removeSome = () => write(() => file.statement("removeOtherParts").run(id, removedPartsPerStep).changes);
  while (removeSome() === removedPartsPerStep) await pause();
}

/** The snapshot as JSON objects of its shape, each with some of the entries. */
function* partsOf(snapshot: Snapshot): Generator<string> {
  let members: string[] = [];
  let chars = 0;
  for (const [name, entries] of Object.entries<readonly unknown[]>({ ...snapshot })) {
    let texts: string[] = [];
    const endMember = () => {
      members.push(`${JSON.stringify(name)}:[${texts.join(",")}]`);
      texts = [];
    };
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      texts.push(text);
      chars += text.length;
      if (chars < partChars) continue;
      endMember();
      yield `{${members.join(",")}}`;
      members = [];
      chars = 0;
    }
    endMember();
  }
  yield `{${members.join(",")}}`;
}
