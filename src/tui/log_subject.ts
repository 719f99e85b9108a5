/** What the lines are of: a run as it changes, a workflow, or everything. */
import type { Run } from "../core/mod.ts";
import { topologicalOrder, workflowFromJson } from "../workflow/definition.ts";
import { Loaded } from "./loaded.ts";
import { OriginalLogs } from "./log_original.ts";
import { type LogSource, PrincipalLogs } from "./log_source.ts";
import type { Route, Shell } from "./screen.ts";

/** As it is known by now. */
export interface LogSubject {
  readonly source: LogSource;
  /** Null where a run is not what is shown, or the principal cannot tell of it. */
  readonly run: Run | null;
  readonly runId: string | null;
  readonly workflowId: string | null;
  /** Those of the run's tasks that the lines are of, by name; null for all. */
  readonly tasks: ReadonlySet<string> | null;
  /** Names of the run's tasks, in the order they depend on each other. */
  readonly taskNames: readonly string[];
}

/** A run is looked at again this often at most, in milliseconds. */
const everyMs = 1000;

/** See the top of this file. */
export class LogSubjectLoader {
  readonly #shell: Shell;
  readonly #route: Route & { readonly screen: "logs" };
  readonly #loaded: Loaded<LogSubject>;
  readonly #stopListening: readonly (() => void)[];
  #source: LogSource | null = null;

  constructor(shell: Shell, route: Route & { readonly screen: "logs" }, onChange: () => void) {
    this.#shell = shell;
    this.#route = route;
    const { session, clock } = shell;
    this.#loaded = new Loaded({ clock, onChange, everyMs, load: (signal) => this.#load(signal) });
    this.#stopListening = [
      session.onRuns((runs) => {
        const id = this.#loaded.value?.runId;
        if (route.run !== undefined && (runs?.some(({ runId }) => runId === id) ?? true)) this.#loaded.refresh();
      }),
      session.onChange(() => {
        if (this.error !== null && session.connection.state === "live") this.#loaded.refresh();
      }),
    ];
  }

  /** What is known; null for nothing yet. */
  get value(): LogSubject | null {
    return this.#loaded.value;
  }

  /** Why it could not be found out; null when it could. */
  get error(): string | null {
    return this.#loaded.error;
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#loaded.close();
  }

  async #load(signal: AbortSignal): Promise<LogSubject> {
    const { session: { client }, clock } = this.#shell;
    const isOriginal = await client.dialect({ signal }) === "original";
    const source = this.#source ??= isOriginal ? new OriginalLogs(client, clock) : new PrincipalLogs(client);
    const { run: idOrPrefix, workflowId = null, tasks: names = [] } = this.#route;
    const tasks = names.length === 0 ? null : new Set(names);
    if (idOrPrefix === undefined || isOriginal) {
      return { source, run: null, runId: idOrPrefix ?? null, workflowId, tasks, taskNames: [] };
    }
    const { run, workflow } = await client.call("SHOWRUN", { run: idOrPrefix }, { signal });
    return { source, run, runId: run.runId, workflowId: run.workflowId, tasks, taskNames: namesOf(workflow) };
  }
}

function namesOf(definition: unknown): string[] {
  try {
    return topologicalOrder(workflowFromJson(definition).tasks).map(({ name }) => name);
  } catch {
    return []; // The definition is gone, or of another version: names come with the lines.
  }
}
