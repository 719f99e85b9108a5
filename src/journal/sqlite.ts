/** The journal in one SQLite file: WAL, `synchronous=FULL`, one transaction for each batch. */
import * as z from "zod";
import {
  type Definition,
  type OperatorLog,
  type Run,
  runIdLowerBound,
  runIdOf,
  type RunState,
  runStates,
  type Snapshot,
  type TaskRun,
  triggerKinds,
} from "../core/mod.ts";
import { definitionSchema, eventSchema, runSchema, taskRunSchema } from "../core/schema.ts";
import type {
  Batch,
  DefinitionSweep,
  EventSweep,
  Journal,
  JournaledEvent,
  OccurrenceQuery,
  Recovery,
  RunPage,
  RunQuery,
  RunSweep,
  Swept,
} from "./journal.ts";
import { SpaceReserve } from "./reserve.ts";
import { isForWantOfSpace, SqliteFile } from "./sqlite_file.ts";
import { readSnapshot, writeSnapshot } from "./sqlite_snapshot.ts";
import { removeDefinitions, removeEvents, removeRuns, shrink } from "./sqlite_sweep.ts";

/** Sorts after every character of a run id. */
const afterAnyIdCharacter = "~";
/** The space kept back for a full disk, in bytes: enough for the reports of some thousand runs. */
const reserveDefaultBytes = 16 * 1024 * 1024;
/** So many findings of a check are told. */
const findingsMax = 20;

const seqRow = z.object({ seq: z.number(), body: z.string() });
const bodyRow = z.object({ body: z.string() });
const idRow = z.object({ run_id: z.string() });
const countRow = z.object({ state: z.enum(runStates), count: z.number() });

/** What a {@linkcode SqliteJournal} may be told. */
export interface SqliteJournalOptions {
  /** The space kept back for a full disk, in bytes. @default 16 MiB */
  readonly reserveBytes?: number;
  /** What keeps it. @default a file beside the journal */
  readonly reserve?: Pick<SpaceReserve, "isGivenUp" | "giveUp" | "keep">;
  /** Told at the end when the file was removed or replaced meanwhile. @default nobody */
  readonly report?: Pick<OperatorLog, "warn" | "error">;
}

const nobody: Pick<OperatorLog, "warn" | "error"> = { warn: () => {}, error: () => {} };

/** A {@linkcode Journal} in a file that no other process may have open. */
export class SqliteJournal implements Journal {
  readonly #file: SqliteFile;
  readonly #reserve: Pick<SpaceReserve, "isGivenUp" | "giveUp" | "keep">;
  readonly #report: Pick<OperatorLog, "warn" | "error">;

  private constructor(
    file: SqliteFile,
    { reserve, report }: Required<Pick<SqliteJournalOptions, "reserve" | "report">>,
  ) {
    this.#file = file;
    this.#reserve = reserve;
    this.#report = report;
  }

  /**
   * Opens the journal, making it where there is none. The file can be read by its owner alone.
   *
   * @throws {CdktrError} CONFLICT when another process has it open, STORAGE when it cannot be opened or is not a journal.
   */
  static open(path: string, options: SqliteJournalOptions = {}): SqliteJournal {
    const { reserveBytes = reserveDefaultBytes, reserve = new SpaceReserve(`${path}.reserve`, reserveBytes) } = options;
    return new SqliteJournal(SqliteFile.open(path), { reserve, report: options.report ?? nobody });
  }

  get isOnReserve(): boolean {
    return this.#reserve.isGivenUp;
  }

  keepReserve(): Promise<boolean> {
    return this.#reserve.keep();
  }

  recover(): Promise<Recovery> {
    return this.#attempt("read", () => {
      const saved = readSnapshot(this.#file);
      return { snapshot: saved?.snapshot ?? null, snapshotSeq: saved?.seq ?? 0 };
    });
  }

  append(batch: Batch): Promise<void> {
    return this.#attempt("write", () => {
      try {
        this.#file.transaction(() => this.#write(batch));
      } catch (error) {
        if (!isForWantOfSpace(error) || !this.#reserve.giveUp()) throw error;
        this.#file.transaction(() => this.#write(batch));
      }
    });
  }

  saveSnapshot(seq: number, snapshot: Snapshot, pause: () => Promise<void>): Promise<void> {
    return writeSnapshot(this.#file, { seq, snapshot }, pause);
  }

  eventsAfter(seq: number, limit: number): Promise<readonly JournaledEvent[]> {
    return this.#attempt("read", () => this.#file.statement("eventsAfter").all(seq, limit).map(readEvent));
  }

  eventsOfRun(runId: string): Promise<readonly JournaledEvent[]> {
    return this.#attempt("read", () => this.#file.statement("eventsOfRun").all(runId).map(readEvent));
  }

  eventsWithoutRun({ types, workflowId, untilMs, limit }: OccurrenceQuery): Promise<readonly JournaledEvent[]> {
    return this.#attempt("read", () => {
      const statement = this.#file.statement("eventsWithoutRun");
      const found = types.flatMap((type) => statement.all(type, workflowId, untilMs, limit).map(readEvent));
      return found.sort((a, b) => b.event.atMs - a.event.atMs || b.seq - a.seq).slice(0, limit);
    });
  }

  run(runId: string): Promise<Run | undefined> {
    return this.#attempt("read", () => this.#run(runId));
  }

  runIdsWithPrefix(prefix: string, limit: number): Promise<readonly string[]> {
    return this.#attempt("read", () => {
      return readIds(this.#file.statement("runIdsWithPrefix").all(prefix, prefix + afterAnyIdCharacter, limit));
    });
  }

  runOfInstance(instanceId: string): Promise<Run | undefined> {
    return this.#attempt("read", () => readBody(this.#file.statement("runOfInstance").get(instanceId), runSchema));
  }

  runs(query: RunQuery): Promise<RunPage> {
    return this.#attempt("read", () => {
      const ids = this.#newestRunIds(query, query.limit + 1);
      const runs = ids.slice(0, query.limit).flatMap((id) => this.#run(id) ?? []);
      return { runs, cursor: ids.length > query.limit ? ids[query.limit - 1] ?? null : null };
    });
  }

  countRuns(): Promise<ReadonlyMap<RunState, number>> {
    return this.#attempt("read", () => {
      const rows = this.#file.statement("countRuns").all().map((row) => countRow.parse(row));
      return new Map(rows.map(({ state, count }) => [state, count]));
    });
  }

  tasks(runId: string, attempt: number): Promise<readonly TaskRun[]> {
    return this.#attempt("read", () => {
      return this.#file.statement("tasks").all(runId, attempt).flatMap((row) => readBody(row, taskRunSchema) ?? []);
    });
  }

  definition(hash: string): Promise<Definition | undefined> {
    return this.#attempt("read", () => readBody(this.#file.statement("definition").get(hash), definitionSchema));
  }

  removeEvents(sweep: EventSweep): Promise<number> {
    return this.#attempt("compact", () => removeEvents(this.#file, sweep));
  }

  removeRuns(sweep: RunSweep): Promise<Swept> {
    return this.#attempt("compact", () => removeRuns(this.#file, sweep));
  }

  removeDefinitions(sweep: DefinitionSweep): Promise<Swept> {
    return this.#attempt("compact", () => removeDefinitions(this.#file, sweep));
  }

  shrink(limitBytes: number): Promise<number> {
    return this.#attempt("compact", () => shrink(this.#file, limitBytes));
  }

  check(): Promise<readonly string[]> {
    return this.#attempt("check", () => this.#file.findings(findingsMax));
  }

  async close(): Promise<void> {
    await this.#attempt("close", () => this.#file.close(this.#report));
  }

  #run(runId: string): Run | undefined {
    return readBody(this.#file.statement("run").get(runId), runSchema);
  }

  /**
   * The newest runs that fit a query. Each workflow, state and kind of trigger has its runs in order in an index, so that
   * the newest of all kinds asked for are among the newest of each, however many runs there are.
   */
  #newestRunIds(query: RunQuery, limit: number): string[] {
    const { states, triggers, workflowId, sinceMs, untilMs, beforeRunId } = query;
    const from = sinceMs === undefined ? "" : runIdLowerBound(sinceMs);
    const until = untilMs === undefined ? afterAnyIdCharacter : runIdLowerBound(untilMs);
    const before = beforeRunId === undefined || until < beforeRunId ? until : beforeRunId;
    if (workflowId === undefined && states === undefined && triggers === undefined) {
      return readIds(this.#file.statement("newestRunIds").all(from, before, limit));
    }
    const kinds = (states ?? runStates).flatMap((state) => (triggers ?? triggerKinds).map((kind) => [state, kind]));
    const ids = kinds.flatMap((kind) =>
      readIds(
        workflowId === undefined
          ? this.#file.statement("newestRunIdsOfKind").all(...kind, from, before, limit)
          : this.#file.statement("newestRunIdsOfWorkflow").all(workflowId, ...kind, from, before, limit),
      )
    );
    return [...new Set(ids)].sort().reverse().slice(0, limit); // A state that is asked for twice counts once.
  }

  #write({ events, definitions, runs, tasks }: Batch): void {
    const firstSeq = events[0]?.seq ?? 0;
    const statement = this.#file.statement.bind(this.#file);
    for (const { seq, event } of events) statement("insertEvent").run(seq, runIdOf(event), JSON.stringify(event));
    for (const definition of definitions) {
      statement("insertDefinition").run(definition.hash, JSON.stringify(definition));
    }
    for (const run of runs) {
      const { runId, workflowId, state, trigger, instanceId } = run;
      statement("upsertRun").run(runId, workflowId, state, trigger, instanceId, JSON.stringify(run));
    }
    for (const [index, task] of tasks.entries()) {
      statement("upsertTask").run(task.runId, task.attempt, task.taskId, firstSeq + index, JSON.stringify(task));
    }
  }

  #attempt<T>(action: string, work: () => T): Promise<T> {
    try {
      return Promise.resolve(this.#file.attempt(action, work));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function readEvent(row: unknown): JournaledEvent {
  const { seq, body } = seqRow.parse(row);
  return { seq, event: eventSchema.parse(JSON.parse(body)) };
}

function readIds(rows: readonly unknown[]): string[] {
  return rows.map((row) => idRow.parse(row).run_id);
}

function readBody<T>(row: unknown, schema: z.ZodType<T>): T | undefined {
  return row === undefined ? undefined : schema.parse(JSON.parse(bodyRow.parse(row).body));
}
