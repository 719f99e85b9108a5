/** What is known of one run, kept up with its changes: itself, its tasks, why it is so, and what its tasks usually take. */
import { CdktrError, isFinal, messageOf, type Run } from "../core/mod.ts";
import { type TimelineInput } from "../paint/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { type Workflow, workflowFromJson } from "../workflow/definition.ts";
import { Loaded } from "./loaded.ts";
import type { Shell } from "./screen.ts";

/** Runs that a usual duration is taken from. */
const comparedRuns = 30;

/** Why a run is as it is tells how long it has been so: of one that goes on it is asked this often, in milliseconds. */
const whyFreshMs = 2000;

/** A run with its definition. */
export interface KnownRun {
  readonly shown: ReplyTo<"SHOWRUN">;
  /** Null when the definition cannot be read. */
  readonly workflow: Workflow | null;
  /** Why it cannot. */
  readonly problem: string | null;
}

/** See the top of this file. */
export class RunBoard {
  readonly #shell: Shell;
  readonly #run: Loaded<KnownRun>;
  readonly #why: Loaded<ReplyTo<"EXPLAIN">>;
  readonly #stopListening: () => void;
  /** The whole id, once it is known. */
  runId: string | null = null;
  /** By task id, the median of those that completed, in milliseconds. */
  usualMs: ReadonlyMap<string, number> = new Map();
  readonly #closed = new AbortController();
  #whyMs = -Infinity;

  /** @param idOrPrefix A run's id, or a unique beginning of it. */
  constructor(shell: Shell, idOrPrefix: string) {
    this.#shell = shell;
    const { session, clock } = shell;
    const changed = () => shell.changed();
    this.#run = new Loaded({
      clock,
      onChange: changed,
      everyMs: 100,
      load: async (signal) => {
        const shown = await session.ask("SHOWRUN", { run: this.runId ?? idOrPrefix }, { signal });
        if (this.runId === null) void this.#loadUsual(shell, shown.run);
        this.runId = shown.run.runId;
        return { shown, ...readWorkflow(shown.workflow) };
      },
    });
    this.#why = new Loaded({
      clock,
      onChange: changed,
      everyMs: 500,
      load: (signal) => session.ask("EXPLAIN", { subject: "run", run: this.runId ?? idOrPrefix }, { signal }),
    });
    this.#stopListening = session.onRuns((runs) => {
      const isAbout = runs === null || this.runId === null || runs.some(({ runId }) => runId === this.runId);
      if (isAbout) this.refresh();
    });
  }

  /** The run and its tasks; null until they are known. */
  get known(): KnownRun | null {
    return this.#run.value;
  }

  /** Why nothing is known. */
  get error(): string | null {
    return this.#run.error;
  }

  /** Why it is as it is; null until that is known. */
  get why(): ReplyTo<"EXPLAIN"> | null {
    return this.#why.value;
  }

  /** Asks again why, if the answer tells of times that have passed meanwhile. */
  keepWhyFresh(): void {
    const { clock } = this.#shell;
    const state = this.known?.shown.run.state;
    if (state === undefined || isFinal(state) || clock.monotonicMs() - this.#whyMs < whyFreshMs) return;
    this.#whyMs = clock.monotonicMs();
    this.#why.refresh();
  }

  /** Asks again. */
  refresh(): void {
    this.#whyMs = this.#shell.clock.monotonicMs();
    this.#run.refresh();
    this.#why.refresh();
  }

  close(): void {
    this.#closed.abort();
    this.#stopListening();
    this.#run.close();
    this.#why.close();
  }

  async #loadUsual(shell: Shell, { runId, workflowId }: Run): Promise<void> {
    const query = `
      SELECT task_id, median(duration_ms) FROM task_runs
      WHERE state = 'COMPLETED' AND run_id IN (
        SELECT run_id FROM runs WHERE workflow_id = ${sqlText(workflowId)} AND run_id <> ${sqlText(runId)}
        ORDER BY run_id DESC LIMIT ${comparedRuns}
      ) GROUP BY task_id`;
    try {
      const { signal } = this.#closed;
      const rows = await shell.session.query(query, { signal, maxRows: 10_000, waitMs: 5000 });
      this.usualMs = new Map(rows.map(([taskId, medianMs]) => [String(taskId), Number(medianMs)]));
      shell.changed();
    } catch {
      // Nothing to compare with.
    }
  }
}

/** What a timeline of the run is drawn from. */
export function timelineInput({ shown, workflow }: KnownRun, nowMs: number): TimelineInput {
  const { run, tasks: taskRuns, earlier, waitingSinceMs, kept } = shown;
  const tasks = workflow?.tasks ?? taskRuns.map(({ taskId }) => ({ id: taskId, name: taskId, depends: [] }));
  return { run, taskRuns, tasks, earlier, waitingSinceMs, kept, nowMs };
}

/** The log lines of a run's task are known by the task's name. */
export function taskName({ workflow }: KnownRun, taskId: string): string {
  return workflow?.tasks.find(({ id }) => id === taskId)?.name ?? taskId;
}

function readWorkflow(json: unknown): { workflow: Workflow | null; problem: string | null } {
  try {
    return { workflow: workflowFromJson(json), problem: null };
  } catch (error) {
    if (!(error instanceof CdktrError)) throw error;
    return { workflow: null, problem: messageOf(error) };
  }
}

/** A text as SQL writes it. */
function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
