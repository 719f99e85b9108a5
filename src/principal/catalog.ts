/** The workflows there are, with a revision that tells when they changed. */
import type { Clock } from "../clock/mod.ts";
import type { NotedSchedule } from "../core/mod.ts";
import type { ReplyTo, WorkflowSummary } from "../wire/mod.ts";
import { Waiters } from "./waiters.ts";
import { type Schedule, scheduleOf, type Workflow } from "../workflow/definition.ts";

/** Where workflows come from: a directory, or a single file for an embedded run. */
export interface WorkflowSource {
  get(id: string): Workflow | undefined;
  list(): readonly Workflow[];
  /** What is wrong with the files, one sentence each. */
  problems(): readonly string[];
  /** Calls `listener` after every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** A {@linkcode WorkflowSource} seen by clients. */
export class Catalog {
  readonly source: WorkflowSource;
  readonly #clock: Clock;
  readonly #schedules: ReadonlyMap<string, NotedSchedule>;
  readonly #stopListening: () => void;
  /** Begins with the time, so that a client of an earlier principal does not take this one's revision for the one it has. */
  #revision: number;
  readonly #waiters = new Waiters();
  #onChange: () => void = () => {};

  /** @param schedules By workflow: since when its present schedule is known, and what of it was triggered. */
  constructor(source: WorkflowSource, clock: Clock, schedules: ReadonlyMap<string, NotedSchedule>) {
    this.source = source;
    this.#clock = clock;
    this.#schedules = schedules;
    this.#revision = Math.floor(clock.nowMs());
    this.#stopListening = source.onChange(() => {
      this.#revision++;
      this.#onChange();
      this.wakeAll();
    });
  }

  /** Has `listener` called after each change. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Describes all workflows; while the client knows this revision, waits up to `waitMs` for the next. */
  async describe(knownRevision: number | null, waitMs: number, gone: AbortSignal): Promise<ReplyTo<"WORKFLOWS">> {
    if (knownRevision === this.#revision && waitMs > 0) {
      await this.#waiters.wait({ clock: this.#clock, waitMs, gone });
    }
    const nowMs = this.#clock.nowMs();
    return {
      revision: this.#revision,
      workflows: this.source.list().map((workflow) => summaryOf(workflow, this.#schedules.get(workflow.id), nowMs)),
      problems: [...this.source.problems()],
    };
  }

  /** Answers everyone who waits. */
  wakeAll(): void {
    this.#waiters.wakeAll();
  }

  /** Listens no more. */
  close(): void {
    this.#stopListening();
  }
}

/** Reading a cron expression takes longer than asking it for its next time. */
const schedules = new WeakMap<Workflow, Schedule | null>();

function summaryOf(workflow: Workflow, noted: NotedSchedule | undefined, nowMs: number): WorkflowSummary {
  const { id, name, description, path, cron, timezone, startTime, catchup } = workflow;
  let schedule = schedules.get(workflow);
  if (schedule === undefined) schedules.set(workflow, schedule = scheduleOf(workflow));
  const nextFireMs = schedule?.next(nowMs) ?? null;
  return {
    ...{ id, name, description, path, cron, timezone, startTime, catchup },
    taskCount: workflow.tasks.length,
    nextFireMs,
    watermarkMs: noted?.watermarkMs ?? null,
    params: Object.fromEntries(Object.entries(workflow.params).map(([name, param]) => [name, summaryOfParam(param)])),
  };
}

function summaryOfParam({ choices, ...param }: Workflow["params"][string]): WorkflowSummary["params"][string] {
  return { ...param, choices: choices === null ? null : [...choices] };
}
