/**
 * Between instants and what the clocks of a time zone show.
 *
 * *Wall time* is a number too: the milliseconds that the shown date and time would be if it were UTC. So arithmetic on
 * wall times is arithmetic on the calendar, blind to changes of the clocks.
 */

/** Whether `name` is a time zone of the IANA database, in any case. Offsets such as `+01:00` are not. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name) !== undefined;
  } catch {
    return false;
  }
}

/** The clocks of one time zone. */
export class WallClock {
  readonly #timezone: string;
  readonly #isUtc: boolean;

  /** @param timezone A name for which {@linkcode isTimezone} holds. */
  constructor(timezone: string) {
    this.#timezone = timezone;
    this.#isUtc = timezone.toUpperCase() === "UTC";
  }

  /** Wall time minus instant, in milliseconds, at `instantMs`. */
  offsetMs(instantMs: number): number {
    return this.#isUtc ? 0 : this.#at(instantMs).offsetNanoseconds / 1e6;
  }

  /** The first instant after `instantMs` at which the offset changes, or `null` when it never does. */
  nextChangeMs(instantMs: number): number | null {
    return this.#isUtc ? null : this.#at(instantMs).getTimeZoneTransition("next")?.epochMilliseconds ?? null;
  }

  /** The first instant at which the clocks show `wallMs`; when they skip it, the instant at which they jump. */
  firstInstantMs(wallMs: number): number {
    if (this.#isUtc) return wallMs;
    const wall = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO("UTC").toPlainDateTime();
    // "compatible" takes the earlier of two, and for a skipped time an instant after the jump.
    const shown = wall.toZonedDateTime(this.#timezone, { disambiguation: "compatible" });
    if (shown.toPlainDateTime().equals(wall)) return shown.epochMilliseconds;
    const jump = this.#at(shown.epochMilliseconds + 1).getTimeZoneTransition("previous");
    return jump === null ? shown.epochMilliseconds : jump.epochMilliseconds;
  }

  #at(instantMs: number): Temporal.ZonedDateTime {
    return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(this.#timezone);
  }
}
