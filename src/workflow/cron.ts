/**
 * When a schedule fires.
 *
 * `croner` parses the expression and finds matching wall times. What happens when the clocks change is decided here,
 * because croner's own rule differs: it takes `0 2,14 * * *` for an interval and skips 02:00 where the clocks do.
 *
 * - A schedule that names hours has *fixed times*. A time that the clocks skip fires once, at the jump; several
 *   skipped times fire together, once. A time that comes twice fires the first time only.
 * - A schedule for every hour *follows elapsed time*: it fires whenever the clocks show a match, so it goes on
 *   through a repeated hour and does not bunch up after a skipped one.
 *
 * These are the rules of Vixie cron, with one difference: there any hour field that begins with a star follows elapsed
 * time. Here a step, as in every second hour, makes fixed times, so that such a task is neither left out when the clocks
 * jump over its hour nor run twice within two hours when they repeat it.
 */

import { CronDate, CronPattern } from "croner";
import { CdktrError, messageOf } from "../core/mod.ts";
import { startTimeForm, startTimeMs } from "./start_time.ts";
import { isTimezone, WallClock } from "./wall_time.ts";

/** What {@linkcode cronFault} accepts, for error messages. */
export const cronForm =
  "5 fields (minute hour day month weekday), 6 (seconds first) or 7 (year last), or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually";

/** Names that the original cdktr reads and croner does not. */
const longNames = new Map([
  ["sunday", "sun"],
  ["monday", "mon"],
  ["tuesday", "tue"],
  ["tues", "tue"],
  ["wednesday", "wed"],
  ["thursday", "thu"],
  ["thurs", "thu"],
  ["friday", "fri"],
  ["saturday", "sat"],
  ["january", "jan"],
  ["february", "feb"],
  ["march", "mar"],
  ["april", "apr"],
  ["june", "jun"],
  ["july", "jul"],
  ["august", "aug"],
  ["september", "sep"],
  ["october", "oct"],
  ["november", "nov"],
  ["december", "dec"],
]);

/** croner gives each pattern an array of 10,000 years; without sharing, 10,000 schedules would hold 800 MB of them. */
const everyYear: number[] = new Array(10_000).fill(1);

/** Day of month and day of week, when both are given: either may match. */
const matching = { domAndDow: false } as const;

/** Parses `cron`. Throws croner's error when it cannot be read. */
function parsePattern(cron: string): CronPattern {
  const isShorthand = cron.startsWith("@");
  const text = isShorthand ? cron : cron.replace(/[a-z]{4,}/gi, (word) => longNames.get(word.toLowerCase()) ?? word);
  // sloppyRanges: `5/15` counts from 5 to the maximum, as in the original.
  const pattern = new CronPattern(text, undefined, { mode: "auto", sloppyRanges: true });
  if (pattern.starYear) pattern.year = everyYear;
  return pattern;
}

/** The first wall time after `wallMs` that matches, or `null` when there is none within centuries. */
function nextMatchMs(pattern: CronPattern, wallMs: number): number | null {
  const utcOffsetMinutes = 0;
  return new CronDate(new Date(wallMs), utcOffsetMinutes).increment(pattern, matching, false)?.getTime() ?? null;
}

/**
 * What is wrong with a cron expression, or `null` when it can be used. An expression that can never match, such as
 * 31 February, cannot.
 *
 * @returns How a sentence about the expression goes on, and what was expected.
 */
export function cronFault(cron: string): { predicate: string; expected: string } | null {
  const trimmed = cron.trim();
  const fields = trimmed.split(/\s+/).length;
  if (trimmed.startsWith("@")) {
    const isKnown = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/i.test(trimmed);
    if (!isKnown) return { predicate: "is no known shorthand", expected: cronForm };
  } else if (fields < 5 || fields > 7) {
    return {
      predicate: trimmed === "" ? "is blank" : `has ${fields} field${fields === 1 ? "" : "s"}`,
      expected: cronForm,
    };
  }
  try {
    const justBefore1970 = -1;
    if (nextMatchMs(parsePattern(trimmed), justBefore1970) !== null) return null;
    return { predicate: "never fires", expected: "a date that exists" };
  } catch (error) {
    const reason = messageOf(error).replace(/^CronPattern: (Syntax error, )?/, "");
    return { predicate: `cannot be read (${reason.charAt(0).toLowerCase()}${reason.slice(1)})`, expected: cronForm };
  }
}

/** The fire times of a workflow. */
export class Schedule {
  readonly #pattern: CronPattern;
  readonly #clock: WallClock;
  readonly #startMs: number;
  readonly #isEveryHour: boolean;

  /**
   * @param cron 5 fields, 6 with seconds first, 7 with the year last, or a shorthand such as `@daily`.
   * @param timezone IANA name of the zone whose clocks `cron` speaks of.
   * @param startTime RFC 3339 timestamp at or before which nothing fires.
   * @throws {CdktrError} INVALID_ARGUMENT, when one of them cannot be used.
   */
  constructor(cron: string, timezone = "UTC", startTime: string | null = null) {
    const fault = cronFault(cron);
    if (fault !== null) {
      throw new CdktrError("INVALID_ARGUMENT", `The cron expression "${cron}" ${fault.predicate}.`, {
        hint: `Use ${fault.expected}.`,
      });
    }
    if (!isTimezone(timezone)) {
      throw new CdktrError("INVALID_ARGUMENT", `The time zone "${timezone}" does not exist.`, {
        hint: "Use a name of the IANA database such as Europe/Berlin.",
      });
    }
    const startMs = startTime === null ? Number.NEGATIVE_INFINITY : startTimeMs(startTime);
    if (startMs === null) {
      throw new CdktrError("INVALID_ARGUMENT", `The start time "${startTime}" cannot be read.`, {
        hint: `Use ${startTimeForm}.`,
      });
    }
    this.#pattern = parsePattern(cron.trim());
    this.#clock = new WallClock(timezone);
    this.#startMs = startMs;
    this.#isEveryHour = this.#pattern.hour.every((isSet) => isSet !== 0);
  }

  /**
   * The first fire time strictly after `afterMs` and strictly after the start time.
   *
   * @param afterMs Unix milliseconds.
   * @returns Unix milliseconds, or `null` when it does not fire again.
   */
  next(afterMs: number): number | null {
    const fromMs = Math.max(afterMs, this.#startMs);
    return this.#isEveryHour ? this.#nextElapsed(fromMs) : this.#nextFixed(fromMs);
  }

  /** Walks from one change of the clocks to the next; between two, wall time is elapsed time. */
  #nextElapsed(fromMs: number): number | null {
    let sinceMs = fromMs;
    let offsetMs = this.#clock.offsetMs(sinceMs);
    for (;;) {
      const wallMs = nextMatchMs(this.#pattern, sinceMs + offsetMs);
      if (wallMs === null) return null;
      const matchMs = wallMs - offsetMs;
      const changeMs = this.#clock.nextChangeMs(sinceMs);
      if (changeMs === null || matchMs < changeMs) return matchMs;
      // The clocks change first. Search on from just before the change, but with the offset that it brings, so
      // that a match at the very instant of the change is found.
      sinceMs = changeMs - 1;
      offsetMs = this.#clock.offsetMs(changeMs);
      const matchAtChangeMs = nextMatchMs(this.#pattern, sinceMs + offsetMs);
      if (matchAtChangeMs === changeMs + offsetMs) return changeMs;
      sinceMs = changeMs;
    }
  }

  /** Takes matching wall times in order; each has one instant, and instants of later wall times are never earlier. */
  #nextFixed(fromMs: number): number | null {
    let wallMs: number | null = fromMs + this.#clock.offsetMs(fromMs);
    for (;;) {
      wallMs = nextMatchMs(this.#pattern, wallMs);
      if (wallMs === null) return null;
      const instantMs = this.#clock.firstInstantMs(wallMs);
      if (instantMs > fromMs) return instantMs;
    }
  }
}

/** The schedule of a workflow, or `null` when it has none. Throws as {@linkcode Schedule} does. */
export function scheduleOf(
  workflow: { readonly cron: string | null; readonly timezone: string; readonly startTime: string | null },
): Schedule | null {
  return workflow.cron === null ? null : new Schedule(workflow.cron, workflow.timezone, workflow.startTime);
}
