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
/** After an older page that could not be read no other is asked for so long, in milliseconds. */
const retryMs = 5000;

/** See the top of this file. */
export class RunList {
  readonly #shell: Shell;
  readonly #first: Loaded<true>;
  readonly #onChange: () => void;
  readonly #stopListening: () => void;
  #filter: TypedFilter;
  /** Newest first. A new list after each change. */
  #rows: readonly Run[] = [];
  /** Where the next page begins; null when there is none. */
  #cursor: string | null = null;
  /** Runs that were told of since the page that is being read was asked for: it may be from before. Null while none is. */
  #told: Map<string, Run> | null = null;
  /** By the monotonic clock. */
  #noMoreBeforeMs = -Infinity;
  readonly #closed = new AbortController();

  constructor(shell: Shell, filter: TypedFilter, onChange: () => void) {
    this.#shell = shell;
    this.#filter = filter;
    this.#onChange = onChange;
    this.#first = new Loaded({
      clock: shell.clock,
      onChange,
      load: (signal) => this.#loadFirst(signal),
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
    if (isSame) return;
    // What the principal adds comes later; what does not fit must be gone at once, or an action could be for it.
    this.#rows = this.#rows.filter((run) => this.#fits(run));
    this.#first.refresh();
  }

  /** Reads everything anew. */
  reload(): void {
    this.#first.refresh();
  }

  /** Reads the next page of older runs, if there is one. */
  loadMore(): void {
    const { clock } = this.#shell;
    if (this.#cursor === null || this.#told !== null || this.#rows.length >= keptRunsMax) return;
    if (clock.monotonicMs() < this.#noMoreBeforeMs) return;
    const told = this.#told = new Map<string, Run>();
    this.#page(this.#cursor, this.#closed.signal).then(({ runs, cursor }) => {
      // If the list was begun anew meanwhile, the page is of the former one.
      if (this.#told === told) this.#keep(runs, cursor, told);
    }, () => {
      this.#noMoreBeforeMs = clock.monotonicMs() + retryMs;
    }).finally(() => {
      if (this.#told === told) this.#told = null;
      this.#onChange();
    });
  }

  close(): void {
    this.#stopListening();
    this.#first.close();
    this.#closed.abort();
  }

  async #loadFirst(signal: AbortSignal): Promise<true> {
    const told = this.#told = new Map<string, Run>();
    try {
      const { runs, cursor } = await this.#page(undefined, signal);
      this.#rows = [];
      this.#keep(runs, cursor, told);
      return true;
    } finally {
      if (this.#told === told) this.#told = null;
    }
  }

  #keep(page: readonly Run[], cursor: string | null, told: ReadonlyMap<string, Run>): void {
    this.#cursor = cursor;
    this.#put([...page, ...told.values()]);
  }

  #take(runs: readonly Run[]): void {
    for (const run of runs) this.#told?.set(run.runId, run);
    this.#put(runs);
    this.#onChange();
  }

  /** Puts runs in their places, or away where they do not fit any more. */
  #put(runs: readonly Run[]): void {
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
