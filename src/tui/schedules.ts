/** Schedules of listed workflows, read from their expressions once. */
import { type Schedule, scheduleOf } from "../workflow/definition.ts";
import type { WorkflowSummary } from "../wire/mod.ts";

/** What a schedule is made of. */
export type ScheduleText = Pick<WorkflowSummary, "cron" | "timezone" | "startTime">;

/** Schedules that are remembered. */
const rememberedMax = 20_000;

/** See the top of this file. */
export class Schedules {
  readonly #byText = new Map<string, Schedule | null>();
  readonly #nextByText = new Map<string, number | null>();

  /** Null when it has none, or one that this version cannot read. */
  of(text: ScheduleText): Schedule | null {
    if (text.cron === null) return null;
    const key = scheduleKey(text);
    const known = this.#byText.get(key);
    if (known !== undefined) return known;
    if (this.#byText.size >= rememberedMax) this.#byText.clear();
    const schedule = readable(text);
    this.#byText.set(key, schedule);
    return schedule;
  }

  /** When it fires next: what the principal told may be over. Unix milliseconds; null when it does not. */
  next(workflow: ScheduleText & Pick<WorkflowSummary, "nextFireMs">, nowMs: number): number | null {
    const { nextFireMs } = workflow;
    if (nextFireMs === null || nextFireMs > nowMs) return nextFireMs;
    const key = scheduleKey(workflow);
    const known = this.#nextByText.get(key);
    if (known === null || known !== undefined && known > nowMs) return known;
    if (this.#nextByText.size >= rememberedMax) this.#nextByText.clear();
    const next = this.of(workflow)?.next(nowMs) ?? null;
    this.#nextByText.set(key, next);
    return next;
  }
}

/** The same for workflows that fire at the same times. */
export function scheduleKey({ cron, timezone, startTime }: ScheduleText): string {
  return `${cron}\n${timezone}\n${startTime ?? ""}`;
}

function readable(text: ScheduleText): Schedule | null {
  try {
    return scheduleOf(text);
  } catch {
    return null;
  }
}
