/** Remembering what happens around the runs, so that it can be told later why one did not start. */
import type { Noted, NoteSchedules } from "./command.ts";
import type { Decision } from "./decision.ts";
import type { Event, ScheduleText } from "./event.ts";
import type { State } from "./state.ts";

/** Writes an occurrence down. */
export function note(_state: State, noted: Noted, nowMs: number): Decision<null> {
  return { events: [{ ...noted, atMs: nowMs }], reply: null };
}

/** Writes down which schedules came into force, changed or went. From then on due times that pass count as missed. */
export function noteSchedules(state: State, command: NoteSchedules, nowMs: number): Decision<{ changed: number }> {
  const { schedules, reason } = command;
  const changed = [...schedules].filter(([workflowId, schedule]) => !isSame(state.schedules.get(workflowId), schedule));
  const gone = [...state.schedules.keys()].filter((workflowId) => !schedules.has(workflowId));
  const events: Event[] = [
    ...changed.map(([workflowId, schedule]): Event => {
      const why = state.schedules.has(workflowId) ? "its schedule was changed" : "it got a schedule";
      return { type: "schedule_noted", atMs: nowMs, workflowId, schedule, reason: why };
    }),
    ...gone.map((workflowId): Event => ({ type: "schedule_noted", atMs: nowMs, workflowId, schedule: null, reason })),
  ];
  return { events, reply: { changed: events.length } };
}

function isSame(known: ScheduleText | undefined, { cron, timezone, startTime }: ScheduleText): boolean {
  return known?.cron === cron && known.timezone === timezone && known.startTime === startTime;
}
