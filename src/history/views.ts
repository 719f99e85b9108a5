/**
 * The views that users query. They are made anew at each opening, so that an older file has those of this version.
 *
 * Each is described column by column: `cdktr sql` and the documentation show the same words.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { logColumns } from "./schema.ts";

/** A view, for users. */
export interface ViewDescription {
  readonly name: string;
  /** What one row is. */
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly description: string }[];
}

interface View {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly (readonly [name: string, type: string, expression: string, description: string])[];
  /** What stands behind FROM; null for a table, which needs no view. */
  readonly source: string | null;
}

/** Stands for the lines: those of the table, or of it and the archived files. */
const logSource = "<lines>";

const at = (column: string) => `to_timestamp(${column} / 1000)`;
const moment = "TIMESTAMP WITH TIME ZONE";

const views: readonly View[] = [
  {
    name: "runs",
    description: "A run as it stands.",
    columns: [
      ["run_id", "VARCHAR", "run_id", "its id"],
      ["workflow_id", "VARCHAR", "workflow_id", "the workflow it is an execution of"],
      ["workflow_name", "VARCHAR", "workflow_name", "and its name"],
      [
        "state",
        "VARCHAR",
        "state",
        "`PENDING`, `ASSIGNED`, `RUNNING`, `COMPLETED`, `FAILED`, `CRASHED` or `CANCELLED`",
      ],
      ["reason", "VARCHAR", "reason", "why it is in this state, as a sentence"],
      ["attempt", "INTEGER", "attempt", "how often it was given to an agent"],
      ["trigger_kind", "VARCHAR", "trigger_kind", "what caused it: `manual`, `cron`, `event`, `retry`, `backfill`"],
      ["params", "VARCHAR", "params", "its parameters, a JSON object"],
      ["priority", "INTEGER", "priority", "higher goes first"],
      ["agent_id", "VARCHAR", "agent_id", "the agent that has or had it"],
      ["session", "VARCHAR", "session", "the process of that agent"],
      ["definition_hash", "VARCHAR", "definition_hash", "names the exact definition it executes"],
      ["idempotency_key", "VARCHAR", "idempotency_key", "the key its trigger came with"],
      ["triggered_at", moment, at("triggered_ms"), "when it was triggered"],
      ["assigned_at", moment, at("assigned_ms"), "when it was last given to an agent"],
      ["started_at", moment, at("started_ms"), "when it last began"],
      ["finished_at", moment, at("finished_ms"), "when it ended"],
      [
        "duration_ms",
        "BIGINT",
        "finished_ms - started_ms",
        "from its beginning to its end, in milliseconds",
      ],
    ],
    // Joined by the id too, so that a query for one run looks for its newest version alone.
    source: `run_versions JOIN (SELECT run_id, max(rowid) AS newest FROM run_versions GROUP BY run_id) AS latest
      USING (run_id) WHERE run_versions.rowid = newest`,
  },
  {
    name: "task_runs",
    description: "A task of an attempt of a run as it stands, with its latest try.",
    columns: [
      ["run_id", "VARCHAR", "run_id", "the run"],
      ["attempt", "INTEGER", "attempt", "the attempt of the run"],
      ["task_id", "VARCHAR", "task_id", "the task in its workflow"],
      ["task_run_id", "VARCHAR", "task_run_id", "this execution of it; `logs` has it too"],
      ["try_number", "INTEGER", "try_number", "1 for the first try in the attempt"],
      [
        "state",
        "VARCHAR",
        "state",
        "`PENDING`, `RUNNING`, `COMPLETED`, `FAILED`, `SKIPPED`, `CANCELLED` or `CRASHED`",
      ],
      ["reason", "VARCHAR", "reason", "why it is in this state, as a sentence"],
      ["exit_code", "INTEGER", "exit_code", "what its process ended with"],
      ["outputs", "VARCHAR", "outputs", "what it left for later tasks, a JSON object"],
      ["started_at", moment, at("started_ms"), "when it began, by the agent's clock"],
      ["finished_at", moment, at("finished_ms"), "when it ended, by the agent's clock"],
      [
        "duration_ms",
        "BIGINT",
        "finished_ms - started_ms",
        "from its beginning to its end, in milliseconds",
      ],
    ],
    source: `task_versions JOIN (
        SELECT run_id, attempt, task_id, max(rowid) AS newest FROM task_versions GROUP BY ALL
      ) AS latest USING (run_id, attempt, task_id) WHERE task_versions.rowid = newest`,
  },
  {
    name: "logs",
    description: "A line that a task wrote. Lines that were archived are among them.",
    columns: [
      ["run_id", "VARCHAR", "workflow_instance_id", "the run"],
      ["workflow_id", "VARCHAR", "workflow_id", "its workflow"],
      ["workflow_name", "VARCHAR", "workflow_name", "and the workflow's name"],
      ["task", "VARCHAR", "task_name", "the name of the task"],
      ["task_run_id", "VARCHAR", "task_instance_id", "the execution of the task"],
      ["logged_at", moment, at("timestamp_ms"), "when it was read, by the agent's clock"],
      ["timestamp_ms", "BIGINT", "timestamp_ms", "the same in Unix milliseconds; faster to select by than `logged_at`"],
      [
        "level",
        "VARCHAR",
        "level",
        "`INFO` for stdout; `ERROR` for stderr, and what cdktr says of a try; `WARNING` where lines are missing",
      ],
      ["payload", "VARCHAR", "payload", "the text, behind `STDOUT ` or `STDERR `"],
    ],
    source: logSource,
  },
  {
    name: "decisions",
    description: "Everything that was decided, and why, in order.",
    columns: [
      ["seq", "BIGINT", "seq", "its place in the journal"],
      ["at_ms", "BIGINT", "at_ms", "when, in Unix milliseconds"],
      ["type", "VARCHAR", "type", "what was decided, for example `run_assigned`"],
      ["run_id", "VARCHAR", "run_id", "the run it is about"],
      ["workflow_id", "VARCHAR", "workflow_id", "the workflow it is about"],
      ["attempt", "INTEGER", "attempt", "the attempt of the run"],
      ["task_id", "VARCHAR", "task_id", "the task it is about"],
      ["state", "VARCHAR", "state", "the state it led to"],
      ["agent_id", "VARCHAR", "agent_id", "the agent it is about"],
      ["reason", "VARCHAR", "reason", "why, as a sentence"],
      ["detail", "VARCHAR", "detail", "all of it, a JSON object"],
    ],
    source: null,
  },
  {
    name: "agents",
    description: "An agent that was seen, and whether it is there.",
    columns: [
      ["agent_id", "VARCHAR", "agent_id", "its id"],
      ["is_connected", "BOOLEAN", "type = 'agent_joined'", "whether it is there"],
      ["since", moment, at("at_ms"), "since when"],
      ["reason", "VARCHAR", "reason", "why it left, as a sentence"],
      ["detail", "VARCHAR", "detail", "what it said of itself, a JSON object"],
    ],
    source: `decisions WHERE rowid IN (
      SELECT max(rowid) FROM decisions WHERE type IN ('agent_joined', 'agent_left') GROUP BY agent_id)`,
  },
];

/** The views with their columns, for documentation and help. */
export const viewDescriptions: readonly ViewDescription[] = views.map(({ name, description, columns }) => ({
  name,
  description,
  columns: columns.map(([name, type, , description]) => ({ name, type, description })),
}));

/**
 * Makes the views anew.
 *
 * @param archive SQL that reads the archived lines; null when there are none.
 */
export async function createViews(connection: DuckDBConnection, archive: string | null): Promise<void> {
  const lines = archive === null
    ? "logstore"
    : `(SELECT ${logColumns} FROM logstore UNION ALL SELECT ${logColumns} FROM ${archive})`;
  for (const { name, columns, source } of views) {
    if (source === null) continue;
    const selected = columns.map(([column, , expression]) => `${expression} AS ${column}`).join(", ");
    const from = source === logSource ? lines : source;
    await connection.run(`CREATE OR REPLACE VIEW ${name} AS SELECT ${selected} FROM ${from}`);
  }
}
