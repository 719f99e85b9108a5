/**
 * When many workflows fire within a span: worked out in slices, so that the screen goes on answering, and kept. Workflows with
 * the same schedule share the work; a new list of workflows costs only what is new in it.
 */
import type { Clock } from "../clock/mod.ts";
import type { WorkflowSummary } from "../wire/mod.ts";
import { type Axis, type Clashes, clashesOf, type Fires, firesWithin } from "./fire_strip.ts";
import { scheduleKey, type Schedules } from "./schedules.ts";

/** How long one slice works, in milliseconds; the schedule it is at is finished, which takes no more than as long again. */
const sliceMs = 8;
/** The pause between two slices, in milliseconds: keys and frames have their turn. */
const pauseMs = 4;

/** See the top of this file. */
export class FirePlan {
  readonly #clock: Clock;
  readonly #schedules: Schedules;
  readonly #onChange: () => void;
  #axis: Axis = { startMs: 0, columnMs: 1, columns: 0 };
  #workflows: readonly WorkflowSummary[] = [];
  readonly #fires = new Map<string, Fires>();
  #open: WorkflowSummary[] = [];
  #clashes: Clashes | null = null;
  /** Those whose clashes are known. */
  #among: readonly WorkflowSummary[] = [];
  #cancelTimer: () => void = () => {};

  constructor(clock: Clock, schedules: Schedules, onChange: () => void) {
    this.#clock = clock;
    this.#schedules = schedules;
    this.#onChange = onChange;
  }

  /** Works out these workflows on this axis, unless that is known already. */
  want(workflows: readonly WorkflowSummary[], axis: Axis): void {
    const { startMs, columnMs, columns } = this.#axis;
    const isSameAxis = axis.startMs === startMs && axis.columnMs === columnMs && axis.columns === columns;
    if (isSameAxis && workflows === this.#workflows) return;
    if (!isSameAxis) this.#fires.clear();
    this.#axis = axis;
    this.#workflows = workflows;
    this.#clashes = null;
    const keys = new Set(workflows.map(scheduleKey));
    for (const key of this.#fires.keys()) if (!keys.has(key)) this.#fires.delete(key);
    // The last is taken first: so the upper ones of the list, which are seen, come before the others.
    this.#open = workflows.filter((workflow) => !this.#fires.has(scheduleKey(workflow))).toReversed();
    this.#cancelTimer();
    this.#work();
  }

  /** Null while it is not worked out. */
  of(workflow: WorkflowSummary): Fires | null {
    return this.#fires.get(scheduleKey(workflow)) ?? null;
  }

  /** What starts at the same time among these, which are all or some of the wanted ones. Null while not all is worked out. */
  clashesAmong(workflows: readonly WorkflowSummary[]): Clashes | null {
    if (this.#open.length > 0) return null;
    if (this.#clashes !== null && this.#among === workflows) return this.#clashes;
    this.#among = workflows;
    return this.#clashes = clashesOf(
      workflows.flatMap((workflow) => {
        const fires = this.of(workflow);
        return fires === null ? [] : [{ id: workflow.id, fires }];
      }),
      this.#axis,
    );
  }

  close(): void {
    this.#cancelTimer();
  }

  #work(): void {
    const endMs = this.#clock.monotonicMs() + sliceMs;
    while (this.#clock.monotonicMs() < endMs) {
      const workflow = this.#open.pop();
      if (workflow === undefined) return;
      const key = scheduleKey(workflow);
      if (this.#fires.has(key)) continue;
      const schedule = this.#schedules.of(workflow);
      if (schedule !== null) this.#fires.set(key, firesWithin(schedule, this.#axis));
    }
    this.#cancelTimer = this.#clock.setTimer(pauseMs, () => {
      this.#work();
      this.#onChange();
    });
  }
}
