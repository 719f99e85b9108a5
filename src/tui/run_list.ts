/** Runs that pass a filter, newest first: read page by page, and kept up with what changes. */
import type { Run } from "../core/mod.ts";
import type { RequestOf } from "../wire/mod.ts";
import { Loaded } from "./loaded.ts";
import type { TypedFilter } from "./run_filter.ts";
import type { Shell } from "./screen.ts";

/** Runs that are read at once. */
const pageRuns = 200;
/** Runs that are kept; older ones are left to a narrower filter. */
const keptRunsMax = 10_000;

/** See the top of this file. */
export class RunList {
  readonly #shell: Shell;
  readonly #first: Loaded<Run[]>;
  readonly #onChange: () => void;
  readonly #stopListening: () => void;
  #filter: TypedFilter;
  /** Newest first, always; another array after each change. */
  #rows: readonly Run[] = [];
  /** Where the next page begins; null when there is none. */
  #cursor: string | null = null;
  #isLoadingMore = false;

  constructor(shell: Shell, filter: TypedFilter, onChange: () => void) {
    this.#shell = shell;
    this.#filter = filter;
    this.#onChange = onChange;
    this.#first = new Loaded({
      clock: shell.clock,
      onChange,
      load: async (signal) => {
        const { runs, cursor } = await this.#page(undefined, signal);
        this.#rows = runs.toSorted((a, b) => a.runId < b.runId ? 1 : -1);
        this.#cursor = cursor;
        return runs;
      },
    });
    this.#stopListening = shell.session.onRuns((runs) => runs === null ? this.#first.refresh() : this.#take(runs));
  }

  /** The runs that are there, newest first. */
  get rows(): readonly Run[] {
    return this.#rows;
  }

  /** Why they could not be read; null when they could. */
  get error(): string | null {
    return this.#first.error;
  }

  /** Whether something was read at all. */
  get isLoaded(): boolean {
    return this.#first.value !== null;
  }

  /** Whether there are older ones. */
  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  /** Narrows to something else. */
  set filter(filter: TypedFilter) {
    const same = (one: TypedFilter) => JSON.stringify({ ...one, words: "", problem: null });
    const isSame = same(filter) === same(this.#filter);
    this.#filter = filter;
    if (!isSame) this.#first.refresh();
  }

  /** Reads everything anew. */
  reload(): void {
    this.#first.refresh();
  }

  /** Reads the next page of older runs, if there is one. */
  loadMore(): void {
    if (this.#cursor === null || this.#isLoadingMore || this.#rows.length >= keptRunsMax) return;
    this.#isLoadingMore = true;
    this.#page(this.#cursor, undefined).then(({ runs, cursor }) => {
      const rows = [...this.#rows];
      for (const run of runs) {
        const place = placeOf(rows, run.runId);
        // One that is there already is newer than the page.
        if (rows[place]?.runId !== run.runId) rows.splice(place, 0, run);
      }
      this.#rows = rows;
      this.#cursor = cursor;
    }, () => {}).finally(() => {
      this.#isLoadingMore = false;
      this.#onChange();
    });
  }

  close(): void {
    this.#stopListening();
    this.#first.close();
  }

  #take(runs: readonly Run[]): void {
    const rows = [...this.#rows];
    for (const run of runs) {
      const place = placeOf(rows, run.runId);
      const known = rows[place]?.runId === run.runId ? 1 : 0;
      if (this.#fits(run)) rows.splice(place, known, run);
      else rows.splice(place, known);
    }
    if (rows.length > keptRunsMax) {
      rows.length = keptRunsMax;
      this.#cursor = rows.at(-1)?.runId ?? null;
    }
    this.#rows = rows;
    this.#onChange();
  }

  #fits(run: Run): boolean {
    const { states, workflowId, triggers, withinMs } = this.#filter;
    return (states === undefined || states.includes(run.state)) &&
      (workflowId === undefined || run.workflowId === workflowId) &&
      (triggers === undefined || triggers.includes(run.trigger)) &&
      (withinMs === undefined || run.triggeredAtMs >= this.#shell.session.nowMs() - withinMs);
  }

  #page(beforeRunId: string | undefined, signal: AbortSignal | undefined) {
    const { states, workflowId, triggers, withinMs } = this.#filter;
    const request: RequestOf<"RUNS"> = { limit: pageRuns };
    if (states !== undefined) request.states = [...states];
    if (workflowId !== undefined) request.workflowId = workflowId;
    if (triggers !== undefined) request.triggers = [...triggers];
    if (withinMs !== undefined) request.sinceMs = Math.max(this.#shell.session.nowMs() - withinMs, 0);
    if (beforeRunId !== undefined) request.beforeRunId = beforeRunId;
    return this.#shell.session.ask("RUNS", request, { signal });
  }
}

/** Where a run is among others, newest first, or would be. */
function placeOf(rows: readonly Run[], runId: string): number {
  let from = 0;
  for (let to = rows.length; from < to;) {
    const middle = (from + to) >> 1;
    if ((rows[middle]?.runId ?? "") > runId) from = middle + 1;
    else to = middle;
  }
  return from;
}
