/** What DuckDB must hold: the states that the journal tells of, and every line of a task once and in order. */
import { ok } from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Journalled } from "./journal_oracle.ts";
import { same } from "./same.ts";

/** What the lines of one task run look like. Its tasks print `line 1`, `line 2` and so on. */
export interface TaskLines {
  /** The number of the last line that is there or was counted by a gap. */
  last: number;
  stored: number;
  /** Lines that a gap line says are missing. */
  missing: number;
  /** The first thing that is not as it must be: a line twice, out of order, or gone without a word. */
  fault: string | null;
}

/** The database of a principal that has ended. */
export class HistoryFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = `${directory}/app.db`;
  }

  /** Files that were set aside, by name. */
  static async setAside(directory: string): Promise<string[]> {
    const names = [];
    for await (const { name } of Deno.readDir(directory)) {
      if (/^app\.db\.damaged-[^.]*$/.test(name)) names.push(name);
    }
    return names;
  }

  /**
   * The status rows are those that the journal's events lead to, each once and in their order.
   *
   * @returns How many there are.
   */
  async checkStatuses({ events, runs, tasks }: Journalled): Promise<number> {
    const expected = new Map<string, string[]>([...runs.keys()].map((runId) => [runId, []]));
    for (const event of events) {
      if ("runId" in event) expected.get(event.runId)?.push(...statusesAfter(event));
    }
    const found = new Map<string, string[]>([...runs.keys()].map((runId) => [runId, []]));
    let rows = 0;
    await this.#each(
      "SELECT workflow_instance_id, status FROM workflow_run_status ORDER BY rowid",
      ([runId = "", status = ""]) => {
        rows++;
        const ofRun = found.get(runId);
        ok(ofRun !== undefined, `a status row of ${runId}, which the journal does not know`);
        ofRun.push(status);
      },
    );
    for (const [runId, statuses] of expected) {
      same(found.get(runId)?.join(" "), statuses.join(" "), `status rows of run ${runId}`);
    }

    const newest = new Map<string, string>();
    await this.#each(
      "SELECT task_instance_id, status FROM task_run_status ORDER BY rowid",
      ([taskRunId = "", status = ""]) => {
        rows++;
        newest.set(taskRunId, status);
      },
    );
    for (const ofRun of tasks.values()) {
      for (const { taskRunId, state } of ofRun) {
        if (state === "SKIPPED") continue;
        const status = state === "CANCELLED" ? "FAILED" : state;
        same(newest.get(taskRunId), status, `newest status row of task run ${taskRunId}`);
      }
    }
    return rows;
  }

  /** The lines of each task run, by its id. */
  async taskLines(): Promise<Map<string, TaskLines>> {
    const lines = new Map<string, TaskLines>();
    await this.#each(
      "SELECT task_instance_id, payload FROM logstore ORDER BY rowid",
      ([taskRunId = "", payload = ""]) => {
        let found = lines.get(taskRunId);
        if (found === undefined) lines.set(taskRunId, found = { last: 0, stored: 0, missing: 0, fault: null });
        const gap = gapOf(payload);
        if (gap !== null) {
          found.missing += gap;
          found.last += gap;
          return;
        }
        const number = Number(/^STDOUT line (\d+)$/.exec(payload)?.[1] ?? NaN);
        if (Number.isNaN(number)) return; // What the agent itself says of the task.
        found.stored++;
        if (number !== found.last + 1) found.fault ??= `line ${number} follows line ${found.last}`;
        found.last = number;
      },
    );
    return lines;
  }

  async #each(sql: string, take: (row: string[]) => void): Promise<void> {
    const instance = await DuckDBInstance.create(this.#path, { access_mode: "READ_ONLY" });
    const connection = await instance.connect();
    try {
      const result = await connection.stream(sql);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        for (const row of chunk.getRows()) take(row.map(String));
      }
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }
}

/** So many lines a gap line says are missing; null for any other line. */
function gapOf(payload: string): number | null {
  const counted = /^STDERR cdktr: ([\d,]+) lines? (?:left out|missing|lost|dropped)/.exec(payload)?.[1];
  return counted === undefined ? null : Number(counted.replaceAll(",", ""));
}

/** The words of the status table for what an event does to its run. */
function statusesAfter(event: Journalled["events"][number]): string[] {
  switch (event.type) {
    case "run_triggered":
    case "run_returned":
      return ["PENDING"];
    case "run_requeued":
      return event.cause === "crash" ? ["CRASHED", "PENDING"] : ["PENDING"];
    case "run_started":
      return ["RUNNING"];
    case "run_finished":
      return [event.state === "CANCELLED" ? "FAILED" : event.state];
    default:
      return [];
  }
}
