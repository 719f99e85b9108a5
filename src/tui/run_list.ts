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
  #runs = new Map<string, Run>();
  #rows: readonly Run[] | null = null;
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
    return this.#rows ??= [...this.#runs.values()].sort((a, b) => a.runId < b.runId ? 1 : -1);
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
    const { clock } = this.#shell;
    if (this.#cursor === null || this.#told !== null || this.#runs.size >= keptRunsMax) return;
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
      this.#runs.clear();
      this.#keep(runs, cursor, told);
      return true;
    } finally {
      if (this.#told === told) this.#told = null;
    }
  }

  #keep(page: readonly Run[], cursor: string | null, told: ReadonlyMap<string, Run>): void {
    for (const run of page) this.#runs.set(run.runId, run);
    for (const run of told.values()) this.#put(run);
    this.#cursor = cursor;
    this.#rows = null;
  }

  #put(run: Run): void {
    if (this.#fits(run)) this.#runs.set(run.runId, run);
    else this.#runs.delete(run.runId);
  }

  #take(runs: readonly Run[]): void {
    for (const run of runs) {
      this.#told?.set(run.runId, run);
      this.#put(run);
    }
    if (this.#runs.size > keptRunsMax) {
      const kept = [...this.#runs.values()].sort((a, b) => a.runId < b.runId ? 1 : -1).slice(0, keptRunsMax);
      this.#runs = new Map(kept.map((run) => [run.runId, run]));
      this.#cursor = kept.at(-1)?.runId ?? null;
    }
    this.#rows = null;
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
