/** Remembering what happens around the runs, so that it can be told later why one did not start. */
import type { Noted, NoteSchedules } from "./command.ts";
import type { Decision } from "./decision.ts";
import type { Event, ScheduleText } from "./event.ts";
import type { State } from "./state.ts";

/** How far a scheduler's clock may be ahead of the principal's. */
const clockLeadMaxMs = 60_000;

/** Writes an occurrence down. */
export function note(_state: State, noted: Noted, nowMs: number): Decision<null> {
  return { events: [{ ...noted, atMs: nowMs }], reply: null };
}

/** Writes down which schedules came into force, changed or went. From then on due times that pass count as missed. */
export function noteSchedules(state: State, command: NoteSchedules, nowMs: number): Decision<{ changed: number }> {
  const { schedules, reason } = command;
  const changed = [...schedules].filter(([workflowId, schedule]) => {
    const known = state.schedules.get(workflowId);
    // A clock that was wrong left a watermark ahead of the time, below which nothing would ever count as missed.
    return !isSame(known, schedule) || known.watermarkMs > nowMs + clockLeadMaxMs;
  });
  const gone = [...state.schedules.keys()].filter((workflowId) => !schedules.has(workflowId));
  const events: Event[] = [
    ...changed.map(([workflowId, schedule]): Event => {
      const known = state.schedules.get(workflowId);
      const why = known === undefined
        ? "it got a schedule"
        : isSame(known, schedule)
        ? "the clock was put back"
        : "its schedule was changed";
      return { type: "schedule_noted", atMs: nowMs, workflowId, schedule, reason: why };
    }),
    ...gone.map((workflowId): Event => ({ type: "schedule_noted", atMs: nowMs, workflowId, schedule: null, reason })),
  ];
  return { events, reply: { changed: events.length } };
}

function isSame<T extends ScheduleText>(known: T | undefined, { cron, timezone, startTime }: ScheduleText): known is T {
  return known?.cron === cron && known.timezone === timezone && known.startTime === startTime;
}
