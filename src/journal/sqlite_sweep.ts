/** Removing what is old from the SQLite journal, in steps that each are one short transaction. */
import * as z from "zod";
import { runIdLowerBound } from "../core/mod.ts";
import type { DefinitionSweep, EventSweep, RunSweep, Swept } from "./journal.ts";
import type { SqliteFile } from "./sqlite_file.ts";
import { latestSnapshotSeq } from "./sqlite_snapshot.ts";

/** So many free pages (10 MiB) stay in the file: what comes next would ask the disk for them again. */
const freePagesKept = 2_560;
/** `PRAGMA auto_vacuum` of a file that can give pages back in steps. */
const incremental = 2;

const spanRow = z.object({ first: z.number().nullable(), last: z.number().nullable() });
const timeRow = z.object({ seq: z.number(), at_ms: z.number() });
const finalRow = z.object({ run_id: z.string(), finished_ms: z.number().nullable() });
const hashRow = z.object({ hash: z.string() });
const freeRow = z.object({ freelist_count: z.number() });
const pageRow = z.object({ page_size: z.number() });
const vacuumRow = z.object({ auto_vacuum: z.number() });

/** See {@linkcode Journal.removeEvents}. */
export function removeEvents(file: SqliteFile, sweep: EventSweep): number {
  const { first, last } = spanRow.parse(file.statement("eventSpan").get());
  if (first === null || last === null) return 0;
  const lastRemovable = Math.min(sweep.throughSeq, latestSnapshotSeq(file));
  const beyondMax = Math.min(last - sweep.keepMax, first + sweep.limit - 1, lastRemovable);
  let through = Math.max(beyondMax, first - 1);
  for (const row of file.statement("eventTimes").all(lastRemovable, sweep.limit)) {
    const { seq, at_ms } = timeRow.parse(row);
    if (seq <= through) continue;
    if (at_ms >= sweep.beforeMs) break;
    through = seq;
  }
  if (through < first) return 0;
  return Number(file.transaction(() => file.statement("removeEvents").run(through)).changes);
}

/** See {@linkcode Journal.removeRuns}. */
export function removeRuns(file: SqliteFile, sweep: RunSweep): Swept {
  const rows = file.statement("finalRuns")
    .all(sweep.after, runIdLowerBound(sweep.finishedBeforeMs), sweep.limit)
    .map((row) => finalRow.parse(row));
  let removed = 0;
  let after = sweep.after;
  let rowsLeft = sweep.limit;
  file.transaction(() => {
    for (const { run_id, finished_ms } of rows) {
      if (finished_ms !== null && finished_ms < sweep.finishedBeforeMs) {
        // The tasks first, and of a large run only some at a time: the run is there until they are gone.
        if (rowsLeft > 0) rowsLeft -= Number(file.statement("removeTasks").run(run_id, rowsLeft).changes);
        if (rowsLeft <= 0) return;
        removed += Number(file.statement("removeRun").run(run_id).changes);
        rowsLeft--;
      }
      after = run_id;
    }
  });
  const isAtEnd = rows.length < sweep.limit && after === (rows.at(-1)?.run_id ?? sweep.after);
  return { removed, next: isAtEnd ? null : after };
}

/** See {@linkcode Journal.removeDefinitions}. */
export function removeDefinitions(file: SqliteFile, sweep: DefinitionSweep): Swept {
  const hashes = file.statement("unusedDefinitions").all(sweep.after, sweep.limit)
    .map((row) => hashRow.parse(row).hash);
  const unused = hashes.filter((hash) => !sweep.isInUse(hash));
  file.transaction(() => {
    for (const hash of unused) {
      file.statement("removeDefinition").run(hash);
      file.statement("removeDefinitionUses").run(hash);
    }
  });
  return { removed: unused.length, next: hashes.length < sweep.limit ? null : hashes.at(-1) ?? null };
}

/** See {@linkcode Journal.shrink}. */
export function shrink(file: SqliteFile, limitBytes: number): number {
  if (vacuumRow.parse(file.statement("autoVacuum").get()).auto_vacuum !== incremental) return 0;
  const { page_size } = pageRow.parse(file.statement("pageSize").get());
  const before = countFreePages(file);
  const pages = Math.min(before - freePagesKept, Math.floor(limitBytes / page_size));
  if (pages <= 0) return 0;
  file.releasePages(pages);
  const freed = before - countFreePages(file);
  // The file itself gets shorter only when the WAL is copied into it.
  if (before - freed <= freePagesKept) file.checkpoint();
  return freed * page_size;
}

function countFreePages(file: SqliteFile): number {
  return freeRow.parse(file.statement("freePages").get()).freelist_count;
}
