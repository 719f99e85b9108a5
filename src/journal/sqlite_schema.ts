/** The tables of the SQLite journal. `body` columns hold JSON; the columns beside it are what queries filter by. */

/**
 * Step n makes a journal of version n out of one of version n - 1; an empty file has version 0. A step that was released
 * is never edited: journals that went through it exist.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    run_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_of_run ON events (run_id, seq) WHERE run_id IS NOT NULL;

  CREATE TABLE definitions (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    workflow_id TEXT NOT NULL,
    state TEXT NOT NULL,
    trigger_kind TEXT NOT NULL,
    instance_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_state ON runs (state, run_id);
  CREATE INDEX runs_by_workflow ON runs (workflow_id, run_id);
  CREATE INDEX runs_by_instance ON runs (instance_id, run_id) WHERE instance_id IS NOT NULL;

  CREATE TABLE tasks (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run_id, attempt, task_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshot (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- A list of runs is put together from one ordered range for each workflow, state and kind of trigger it may hold.
  DROP INDEX runs_by_state;
  DROP INDEX runs_by_workflow;
  CREATE INDEX runs_by_kind ON runs (state, trigger_kind, run_id);
  CREATE INDEX runs_by_workflow ON runs (workflow_id, state, trigger_kind, run_id);

  -- Counted as runs come, change and go: counting a million rows would hold everything up.
  CREATE TABLE run_counts (
    state TEXT PRIMARY KEY,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO run_counts SELECT state, count(*) FROM runs GROUP BY state;

  CREATE INDEX occurrences ON events (body ->> 'type', body ->> 'workflowId', body ->> 'atMs') WHERE run_id IS NULL;

  -- How many runs refer to a definition. What nobody refers to can be removed.
  CREATE TABLE definition_uses (
    hash TEXT PRIMARY KEY,
    runs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX unused_definitions ON definition_uses (hash) WHERE runs = 0;
  INSERT INTO definition_uses SELECT body ->> 'definitionHash', count(*) FROM runs GROUP BY 1;
  INSERT INTO definition_uses SELECT hash, 0 FROM definitions WHERE TRUE ON CONFLICT DO NOTHING;

  CREATE TRIGGER definition_stored AFTER INSERT ON definitions BEGIN
    INSERT INTO definition_uses VALUES (new.hash, 0) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER run_added AFTER INSERT ON runs BEGIN
    INSERT INTO run_counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO definition_uses VALUES (new.body ->> 'definitionHash', 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
  END;
  CREATE TRIGGER run_changed AFTER UPDATE OF state ON runs WHEN old.state <> new.state BEGIN
    UPDATE run_counts SET count = count - 1 WHERE state = old.state;
    INSERT INTO run_counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
    UPDATE run_counts SET count = count - 1 WHERE state = old.state;
    UPDATE definition_uses SET runs = runs - 1 WHERE hash = old.body ->> 'definitionHash';
  END;

  -- A snapshot is written part by part; it counts once it is complete. The old one is not needed: until now every event
  -- was kept, and the state is made anew of them.
  CREATE TABLE snapshots (
    snapshot_id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    is_complete INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE snapshot_parts (
    part_id INTEGER PRIMARY KEY,
    snapshot_id INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  DROP TABLE snapshot;
  `,
];

/** The version that this program reads and writes. */
export const schemaVersion = migrations.length;

/** Every statement the journal runs, by what it does. */
export const statements = {
  insertEvent: "INSERT INTO events (seq, run_id, body) VALUES (?, ?, ?)",
  insertDefinition: "INSERT INTO definitions (hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
  upsertRun: `
    INSERT INTO runs (run_id, workflow_id, state, trigger_kind, instance_id, body) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET state = excluded.state, instance_id = excluded.instance_id, body = excluded.body`,
  upsertTask: `
    INSERT INTO tasks (run_id, attempt, task_id, ordinal, body) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (run_id, attempt, task_id) DO UPDATE SET body = excluded.body`,

  beginSnapshot: "INSERT INTO snapshots (seq, is_complete) VALUES (?, 0) RETURNING snapshot_id",
  addSnapshotPart: "INSERT INTO snapshot_parts (snapshot_id, body) VALUES (?, ?)",
  completeSnapshot: "UPDATE snapshots SET is_complete = 1 WHERE snapshot_id = ?",
  latestSnapshot: "SELECT snapshot_id, seq FROM snapshots WHERE is_complete = 1 ORDER BY snapshot_id DESC LIMIT 1",
  snapshotParts: "SELECT body FROM snapshot_parts WHERE snapshot_id = ? ORDER BY part_id",
  removeOtherSnapshots: "DELETE FROM snapshots WHERE snapshot_id <> ?",
  removeOtherParts: `
    DELETE FROM snapshot_parts
    WHERE part_id IN (SELECT part_id FROM snapshot_parts WHERE snapshot_id <> ? ORDER BY part_id LIMIT ?)`,

  eventsAfter: "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
  eventsOfRun: "SELECT seq, body FROM events WHERE run_id = ? ORDER BY seq",
  eventsWithoutRun: `
    SELECT seq, body FROM events
    WHERE run_id IS NULL AND body ->> 'type' = ? AND body ->> 'workflowId' IS ? AND body ->> 'atMs' <= ?
    ORDER BY body ->> 'atMs' DESC, seq DESC LIMIT ?`,
  run: "SELECT body FROM runs WHERE run_id = ?",
  runIdsWithPrefix: "SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?",
  runOfInstance: "SELECT body FROM runs WHERE instance_id = ? ORDER BY run_id DESC LIMIT 1",
  newestRunIds: "SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id DESC LIMIT ?",
  newestRunIdsOfKind: `
    SELECT run_id FROM runs WHERE state = ? AND trigger_kind = ? AND run_id >= ? AND run_id < ?
    ORDER BY run_id DESC LIMIT ?`,
  newestRunIdsOfWorkflow: `
    SELECT run_id FROM runs WHERE workflow_id = ? AND state = ? AND trigger_kind = ? AND run_id >= ? AND run_id < ?
    ORDER BY run_id DESC LIMIT ?`,
  countRuns: "SELECT state, count FROM run_counts WHERE count > 0",
  tasks: "SELECT body FROM tasks WHERE run_id = ? AND attempt = ? ORDER BY ordinal",
  definition: "SELECT body FROM definitions WHERE hash = ?",

  eventSpan: "SELECT min(seq) AS first, (SELECT max(seq) FROM events) AS last FROM events",
  eventTimes: "SELECT seq, body ->> 'atMs' AS at_ms FROM events WHERE seq <= ? ORDER BY seq LIMIT ?",
  removeEvents: "DELETE FROM events WHERE seq <= ?",
  // The `+` keeps to the order of the ids: that is the order in which runs grow old.
  finalRuns: `
    SELECT run_id, body ->> 'finishedAtMs' AS finished_ms FROM runs
    WHERE run_id > ? AND run_id < ? AND +state IN ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED')
    ORDER BY run_id LIMIT ?`,
  removeTasks: `
    DELETE FROM tasks WHERE run_id = ?1 AND (attempt, task_id) IN
      (SELECT attempt, task_id FROM tasks WHERE run_id = ?1 LIMIT ?2)`,
  removeRun: "DELETE FROM runs WHERE run_id = ?",
  unusedDefinitions: "SELECT hash FROM definition_uses WHERE runs = 0 AND hash > ? ORDER BY hash LIMIT ?",
  removeDefinition: "DELETE FROM definitions WHERE hash = ?",
  removeDefinitionUses: "DELETE FROM definition_uses WHERE hash = ?",
  freePages: "PRAGMA freelist_count",
  pageSize: "PRAGMA page_size",
  autoVacuum: "PRAGMA auto_vacuum",
} as const;
