/** The clock of this machine, and what the program knows of those of others. */
import { messageOf } from "../../core/mod.ts";
import { isClockSynchronised } from "../service/libc.ts";
import { type Finding, finding } from "./finding.ts";

/** A difference between two clocks that is worth a warning, in milliseconds. */
const clockDifferenceMs = 2000;

/**
 * Compares this machine's clock with the principal's.
 *
 * @param askedMs When the principal was asked by this clock, Unix milliseconds.
 * @param answeredMs When its answer was there.
 * @param principalMs What its clock showed in between.
 */
export function clockFinding(askedMs: number, answeredMs: number, principalMs: number): Finding {
  // What its clock showed lies between the two, unless the clocks differ: by at least so much.
  const differenceMs = principalMs < askedMs ? askedMs - principalMs : Math.max(principalMs - answeredMs, 0);
  const seconds = (differenceMs / 1000).toFixed(1);
  if (differenceMs < clockDifferenceMs) return finding("clock", "ok", "It agrees with that of the principal.");
  const detail = `It is ${seconds} s ${principalMs < askedMs ? "ahead of" : "behind"} that of the principal.`;
  return finding("clock", "warning", detail, "Let both machines keep their time by NTP.");
}

/** Whether something keeps the system's clock in time. */
export function synchronisationFinding(): Finding {
  const name = "time service";
  try {
    if (isClockSynchronised()) return finding(name, "ok", "The clock of this machine is kept in time.");
    const hint = "Start a time service, such as chrony or systemd-timesyncd.";
    return finding(
      name,
      "warning",
      "Nothing keeps the clock of this machine in time, as far as its kernel knows.",
      hint,
    );
  } catch (error) {
    return finding(name, "ok", `It cannot be told whether one keeps the clock in time: ${messageOf(error)}`);
  }
}

/** Schedules rest on the time zone data of the program; a transition that is surely known shows that it is there. */
export function timeZonesFinding(): Finding {
  const name = "time zones";
  const lastWinterMs = Date.UTC(2025, 2, 30, 0, 59, 59);
  const offsetHours = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO("Europe/Berlin").offsetNanoseconds / 3.6e12;
  try {
    const isRight = offsetHours(lastWinterMs) === 1 && offsetHours(lastWinterMs + 1000) === 2;
    if (isRight) return finding(name, "ok", "The program knows when clocks change.");
    return finding(name, "error", "The program does not know when clocks change.", "Install cdktr anew.");
  } catch (error) {
    return finding(name, "error", `There is no time zone data: ${messageOf(error)}.`, "Install cdktr anew.");
  }
}
