/** The tables of the SQLite journal. `body` columns hold JSON; the columns beside it are what queries filter by. */

/** Raised whenever the tables change; a journal of another version is refused. */
export const schemaVersion = 1;

/** Makes the tables of an empty database. */
export const createTables = `
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
`;

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
  saveSnapshot: `
    INSERT INTO snapshot (only_row, seq, body) VALUES (1, ?, ?)
    ON CONFLICT (only_row) DO UPDATE SET seq = excluded.seq, body = excluded.body`,
  snapshot: "SELECT seq, body FROM snapshot",
  eventsAfter: "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
  eventsOfRun: "SELECT seq, body FROM events WHERE run_id = ? ORDER BY seq",
  run: "SELECT body FROM runs WHERE run_id = ?",
  runIdsWithPrefix: "SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?",
  runOfInstance: "SELECT body FROM runs WHERE instance_id = ? ORDER BY run_id DESC LIMIT 1",
  countRuns: "SELECT state, count(*) AS count FROM runs GROUP BY state",
  tasks: "SELECT body FROM tasks WHERE run_id = ? AND attempt = ? ORDER BY ordinal",
  definition: "SELECT body FROM definitions WHERE hash = ?",
} as const;
