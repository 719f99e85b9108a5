/** However many runs there are, no list of them may take a walk through all. SQLite's own words on its plan say so. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { migrations, statements } from "../../src/journal/sqlite_schema.ts";

function planOf(sql: string): string {
  using database = new DatabaseSync(":memory:");
  for (const step of migrations) database.exec(step);
  return database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row["detail"])).join("; ");
}

const ranges: Partial<Record<keyof typeof statements, RegExp>> = {
  newestRunIds: /^SEARCH runs USING COVERING INDEX sqlite_autoindex_runs_1 \(run_id>\? AND run_id<\?\)$/,
  newestRunIdsOfKind:
    /^SEARCH runs USING COVERING INDEX runs_by_kind \(state=\? AND trigger_kind=\? AND run_id>\? AND run_id<\?\)$/,
  newestRunIdsOfWorkflow:
    /^SEARCH runs USING COVERING INDEX runs_by_workflow \(workflow_id=\? AND state=\? AND trigger_kind=\? AND run_id>\? AND run_id<\?\)$/,
  runIdsWithPrefix: /^SEARCH runs USING COVERING INDEX sqlite_autoindex_runs_1 \(run_id>\? AND run_id<\?\)$/,
  runOfInstance: /^SEARCH runs USING INDEX runs_by_instance \(instance_id=\?\)$/,
  finalRuns: /^SEARCH runs USING INDEX sqlite_autoindex_runs_1 \(run_id>\? AND run_id<\?\)$/,
  eventsOfRun: /^SEARCH events USING INDEX events_of_run \(run_id=\?\)$/,
  eventsWithoutRun: /^SEARCH events USING INDEX occurrences \(<expr>=\? AND <expr>=\? AND <expr><\?\)$/,
  eventsAfter: /^SEARCH events USING INTEGER PRIMARY KEY \(rowid>\?\)$/,
  eventTimes: /^SEARCH events USING INTEGER PRIMARY KEY \(rowid<\?\)$/,
  unusedDefinitions: /^SEARCH definition_uses USING COVERING INDEX unused_definitions \(hash>\?\)$/,
};

for (const [name, sql] of Object.entries(statements)) {
  const range = Object.entries(ranges).find(([ranged]) => ranged === name)?.[1];
  if (range === undefined) continue;
  Deno.test(`${name} reads one range of an index, in order`, () => {
    assert.match(planOf(sql), range);
  });
}
