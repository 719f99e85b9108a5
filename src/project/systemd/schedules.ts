/** When a timer fires, as cdktr's `cron`. */
import type { Remark } from "../imported.ts";
import { CalendarFault, readCalendar } from "./calendar.ts";
import { everyTimespan, timespanMs } from "./timespan.ts";
import type { Directive, UnitFile } from "./unit_file.ts";

/** One of the schedules of a timer. */
interface TimerSchedule {
  /** What it was made of; null for a timer that cannot be carried over, or none at all. */
  readonly directive: Directive | null;
  readonly cron: string | null;
  readonly timezone: string | null;
}

/** The schedules of a timer, one at least, and what of them is not carried over. */
export interface TimerSchedules {
  readonly schedules: readonly TimerSchedule[];
  readonly notes: readonly Remark[];
}

const fromStart = ["OnActiveSec", "OnBootSec", "OnStartupSec"];
const repeating = ["OnUnitActiveSec", "OnUnitInactiveSec"];

/** @param timezone Of the machine's clock, an IANA name. */
export function timerSchedules(timer: UnitFile | null, timezone: string): TimerSchedules {
  if (timer === null) return { schedules: [none], notes: [] };
  const schedules: TimerSchedule[] = [];
  const notes: Remark[] = [];
  const note = (line: number, sentence: string) => notes.push({ file: timer.file, line, sentence });
  for (const directive of timer.list("Timer", "OnCalendar")) {
    try {
      const event = readCalendar(directive.value);
      schedules.push({ directive, cron: event.cron, timezone: event.timezone ?? timezone });
    } catch (error) {
      if (!(error instanceof CalendarFault)) throw error;
      note(directive.line, `${error.message} It is not carried over.`);
    }
  }
  for (const key of repeating) {
    for (const directive of timer.list("Timer", key)) {
      const { line, value } = directive;
      const cron = everyTimespan(timespanMs(value) ?? NaN);
      // Beside a calendar it is there to shift the calendar's events, which nothing here can say.
      if (cron === null || timer.list("Timer", "OnCalendar").length > 0) {
        note(line, `${key}=${value} has no equivalent: a schedule here goes by the clock.`);
        continue;
      }
      const sentence =
        `${key}=${value} counts from the last start; here it fires as often, at fixed times of the clock.`;
      note(line, key === "OnUnitActiveSec" ? sentence : sentence.replace("start", "end"));
      schedules.push({ directive, cron, timezone });
    }
  }
  for (const key of fromStart) {
    for (const { line, value } of timer.list("Timer", key)) {
      note(line, `${key}=${value} has no equivalent: nothing here fires because a machine started.`);
    }
  }
  if (schedules.length > 0) return { schedules, notes };
  note(1, "The timer has no schedule that can be carried over: it fires only when it is triggered.");
  return { schedules: [none], notes };
}

const none: TimerSchedule = { directive: null, cron: null, timezone: null };
