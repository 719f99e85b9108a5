/** How the newest runs of each workflow went: read once, then kept up with the runs that end. */
import { type FinalRunState, finalRunStates, isFinal, type Run } from "../core/mod.ts";

/** Runs of a workflow that are remembered. */
const rememberedRuns = 20;

/** Runs that are kept while the past is read. */
const meanwhileMax = 10_000;

/** How one run went. */
export interface Outcome {
  readonly runId: string;
  readonly state: FinalRunState;
  /** Null when it never began. */
  readonly durationMs: number | null;
}

/** What the newest runs of a workflow come to. */
export interface Trend {
  /** The newest of them that ended, oldest first. */
  readonly outcomes: readonly Outcome[];
  /** Of those that nobody cancelled the part that completed, 0 to 1; null without any. */
  readonly successShare: number | null;
  /** The median of those that completed, in milliseconds. */
  readonly usualMs: number | null;
}

/**
 * The newest runs that ended, one row a workflow: its id and `run id:state:duration` for each, oldest first. Then the runs
 * that have not ended: its id, null and `run id:state` for each.
 */
const query = `
  SELECT workflow_id, string_agg(run_id || ':' || state || ':' || coalesce(duration_ms::VARCHAR, ''), ' ' ORDER BY run_id), NULL
  FROM (
    SELECT workflow_id, run_id, state, duration_ms FROM runs
    WHERE finished_at IS NOT NULL AND state IN ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED')
    QUALIFY row_number() OVER (PARTITION BY workflow_id ORDER BY run_id DESC) <= ${rememberedRuns}
  ) GROUP BY workflow_id
  UNION ALL SELECT workflow_id, NULL, string_agg(run_id || ':' || state, ' ')
  FROM (SELECT workflow_id, run_id, state FROM runs WHERE finished_at IS NULL LIMIT ${meanwhileMax}) GROUP BY workflow_id`;

const noTrend: Trend = { outcomes: [], successShare: null, usualMs: null };

/** See the top of this file. */
export class Trends {
  readonly #query: (query: string, signal: AbortSignal) => Promise<readonly (readonly unknown[])[]>;
  #outcomes = new Map<string, Outcome[]>();
  /** Runs that have not ended, and whether each has begun; by workflow. */
  #open = new Map<string, Map<string, boolean>>();
  /** Runs that ended while the past was read: the answer may be from before. */
  #meanwhile: Run[] | null = null;

  /** @param query Asks the principal's history. */
  constructor(query: (query: string, signal: AbortSignal) => Promise<readonly (readonly unknown[])[]>) {
    this.#query = query;
  }

  /**
   * Reads the past. Until that has succeeded only runs that ended meanwhile are known.
   *
   * @throws What the query throws; what is known stays as it is.
   */
  async load(signal: AbortSignal): Promise<void> {
    this.#meanwhile = [];
    try {
      const rows = await this.#query(query, signal);
      this.#outcomes = new Map();
      this.#open = new Map();
      for (const [id, ended, open] of rows) {
        if (typeof ended === "string") this.#outcomes.set(String(id), ended.split(" ").flatMap(outcomeOf));
        for (const text of typeof open === "string" ? open.split(" ") : []) {
          const [runId = "", state] = text.split(":");
          this.#setOpen(String(id), runId, state === "RUNNING");
        }
      }
      for (const run of this.#meanwhile) this.#add(run);
    } finally {
      this.#meanwhile = null;
    }
  }

  /** Takes a run as it stands. Whether it ended is for this to see. */
  take(run: Run): void {
    if (this.#meanwhile !== null && this.#meanwhile.length < meanwhileMax) this.#meanwhile.push(run);
    this.#add(run);
  }

  #add({ workflowId, runId, state, startedAtMs, finishedAtMs }: Run): void {
    if (!isFinal(state)) return this.#setOpen(workflowId, runId, state === "RUNNING");
    this.#open.get(workflowId)?.delete(runId);
    const durationMs = startedAtMs === null || finishedAtMs === null ? null : Math.max(finishedAtMs - startedAtMs, 0);
    const others = (this.#outcomes.get(workflowId) ?? []).filter((outcome) => outcome.runId !== runId);
    const outcomes = [...others, { runId, state, durationMs }].sort((a, b) => a.runId < b.runId ? -1 : 1);
    this.#outcomes.set(workflowId, outcomes.slice(-rememberedRuns));
  }

  /** Whether a run of the workflow goes on: one that runs counts before one that waits. */
  openState(workflowId: string): "RUNNING" | "PENDING" | null {
    const open = this.#open.get(workflowId);
    if (open === undefined || open.size === 0) return null;
    return [...open.values()].includes(true) ? "RUNNING" : "PENDING";
  }

  #setOpen(workflowId: string, runId: string, isRunning: boolean): void {
    const open = this.#open.get(workflowId);
    if (open === undefined) this.#open.set(workflowId, new Map([[runId, isRunning]]));
    else open.set(runId, isRunning);
  }

  /**
   * What is known of a workflow.
   *
   * @param exceptRunId A run that is not to be compared with itself. @default none
   */
  of(workflowId: string, exceptRunId?: string): Trend {
    const outcomes = this.#outcomes.get(workflowId);
    if (outcomes === undefined || outcomes.length === 0) return noTrend;
    const completed = outcomes.filter(({ state }) => state === "COMPLETED");
    const judged = outcomes.filter(({ state }) => state !== "CANCELLED");
    const durations = completed.flatMap(({ runId, durationMs }) => runId === exceptRunId ? [] : durationMs ?? []);
    const successShare = judged.length === 0 ? null : completed.length / judged.length;
    return { outcomes, successShare, usualMs: medianOf(durations) };
  }
}

/** The middle one; null of none. */
function medianOf(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function outcomeOf(text: string): Outcome[] {
  const [runId = "", stateText, duration = ""] = text.split(":");
  const state = finalRunStates.find((known) => known === stateText);
  return state === undefined ? [] : [{ runId, state, durationMs: duration === "" ? null : Number(duration) }];
}
