/** Once the world is calm, the history's tables and the journal's own must say what the journal's events say. */
import type { RunState } from "../../src/core/mod.ts";
import { toOriginalStatus } from "../../src/wire/mod.ts";
import type { SimDisk } from "./disk.ts";
import type { HistoryTables } from "./history_model.ts";
import type { JournalModel } from "./journal_model.ts";
import type { World } from "./world.ts";

/** Compares the history with the fold of the journal. */
export function checkHistory(world: World, model: JournalModel, tables: HistoryTables): void {
  const differ = (what: string) => world.violated("the history equals the fold of the journal", what);
  const seqs = tables.decisions.map(({ seq }) => seq);
  if (seqs.length !== model.events.length || seqs.some((seq, index) => seq !== index + 1)) {
    differ(`it has ${seqs.length} decisions, the journal ${model.events.length}; ${firstOddity(seqs)}`);
  }
  const newest = new Map(tables.runVersions.map((version) => [version.runId, version]));
  const statuses = Map.groupBy(tables.runStatuses, ({ runId }) => runId);
  for (const [runId, run] of model.runs) {
    const version = newest.get(runId);
    if (version?.state !== run.state || version.attempt !== run.attempt) {
      differ(`run ${runId} is ${run.state} in attempt ${run.attempt}, not ${version?.state} in ${version?.attempt}`);
    }
    const told = (statuses.get(runId) ?? []).map(({ status }) => status);
    const expected = run.statuses.flatMap((state) => isRunState(state) ? toOriginalStatus(state) ?? [] : []);
    if (told.join() !== expected.join()) differ(`run ${runId} went through ${expected}, not ${told}`);
  }
}

/** Compares the journal's table of runs with the fold of its events. */
export async function checkTables(world: World, model: JournalModel, disk: SimDisk): Promise<void> {
  for (const [runId, run] of model.runs) {
    const row = await disk.runInTable(runId);
    if (row?.state === run.state && row.attempt === run.attempt) continue;
    const what = `run ${runId} is ${run.state} in attempt ${run.attempt}, not ${row?.state} in ${row?.attempt}`;
    world.violated("the journal's tables equal the fold of its events", what);
  }
}

function firstOddity(seqs: readonly number[]): string {
  const index = seqs.findIndex((seq, index) => seq !== index + 1);
  return index < 0 ? "the end is missing" : `${seqs[index]} stands where ${index + 1} should`;
}

const states: readonly string[] = ["PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"];

function isRunState(state: string): state is RunState {
  return states.includes(state);
}
