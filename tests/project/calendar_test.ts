/** Calendar events, beside what systemd itself makes of them where it is there. */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { CalendarFault, readCalendar } from "../../src/project/systemd/calendar.ts";
import { Schedule } from "../../src/workflow/mod.ts";

/** What people write, and what it is to cdktr. */
const events: Readonly<Record<string, string>> = {
  minutely: "0 * * * * *",
  hourly: "0 0 * * * *",
  daily: "0 0 0 * * *",
  weekly: "0 0 0 * * 1",
  monthly: "0 0 0 1 * *",
  quarterly: "0 0 0 1 1,4,7,10 *",
  "semi-annually": "0 0 0 1 1,7 *",
  yearly: "0 0 0 1 1 *",
  Annually: "0 0 0 1 1 *",
  "Mon..Fri *-*-* 06:00:00": "0 0 6 * * 1-5",
  "Mon-Fri 9:00": "0 0 9 * * 1-5",
  "Sat,Mon..Wed 10:00": "0 0 10 * * 6,1-3",
  "Sun,": "0 0 0 * * 0",
  "Fri..Sun 1:00": "0 0 1 * * 5-7",
  "Monday 09:00": "0 0 9 * * 1",
  Mon: "0 0 0 * * 1",
  "*:0/15": "0 0-59/15 * * * *",
  "05:00/2": "0 0-59/2 5 * * *",
  "10/2:00": "0 0 10-23/2 * * *",
  "12..14:10,20,30": "0 10,20,30 12-14 * * *",
  "*:*:0/20": "0-59/20 * * * * *",
  "*-*-1/3": "0 0 0 1-31/3 * *",
  "*-*-1..31/2 0:0:0": "0 0 0 1-31/2 * *",
  "03-05": "0 0 0 5 3 *",
  "*-1-*": "0 0 0 * 1 *",
  "Mon *-*-1..7": "0 0 0 1-7 * +1",
  "*-*~01 03:00": "0 0 3 L * *",
  "2030-01-01": "0 0 0 1 1 * 2030",
  "2027..2029/2-06-01 12:30:15": "15 30 12 1 6 * 2027,2029",
  "30-02-03": "0 0 0 3 2 * 2030",
};

const afterMs = Date.UTC(2026, 0, 1);

function next(cron: string, count: number): number[] {
  const schedule = new Schedule(cron);
  const times: number[] = [];
  for (let atMs = schedule.next(afterMs); atMs !== null && times.length < count; atMs = schedule.next(atMs)) {
    times.push(atMs);
  }
  return times;
}

/** When systemd fires, by `systemd-analyze calendar`; null where it refuses the event. */
function systemdTimes(event: string, count: number): number[] | null {
  const { success, stdout } = new Deno.Command("systemd-analyze", {
    args: ["calendar", `--iterations=${count}`, "--base-time=2026-01-01 00:00:00 UTC", event],
    env: { TZ: "UTC", LC_ALL: "C" },
  }).outputSync();
  if (!success) return null;
  const lines = [...new TextDecoder().decode(stdout).matchAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/gm)];
  // "Normalized form" ends so too where the event names a zone.
  return lines.map(([, day, time]) => Date.parse(`${day}T${time}Z`));
}

const hasSystemd = (() => {
  try {
    return new Deno.Command("systemd-analyze", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
})();

function systemdTest(name: string, run: () => void): void {
  if (hasSystemd) Deno.test(name, run);
  else Deno.test({ name: `${name} (skipped: there is no systemd-analyze)`, ignore: true, fn: () => {} });
}

Deno.test("calendar events become cron expressions", () => {
  for (const [event, cron] of Object.entries(events)) deepEqual(readCalendar(event), { cron, timezone: null }, event);
});

Deno.test("a time zone at the end is the workflow's", () => {
  deepEqual(readCalendar("Mon 09:00 Europe/Berlin"), { cron: "0 0 9 * * 1", timezone: "Europe/Berlin" });
  deepEqual(readCalendar("daily UTC"), { cron: "0 0 0 * * *", timezone: "UTC" });
  deepEqual(readCalendar("*-*-* 12:00 America/Argentina/Buenos_Aires").timezone, "America/Argentina/Buenos_Aires");
});

Deno.test("what cron cannot say is told", () => {
  throws(() => readCalendar("*-02~03"), /^CalendarFault|Error: The calendar event "\*-02~03" counts days from the end/);
  throws(() => readCalendar("*:*:0/0.5"), /fires at whole seconds only/);
});

/** What neither takes. */
const refused = [
  "*:*/5",
  "*-*-*/2",
  "Fri..Mon 1:00",
  "22..2:00",
  "25:00",
  "*-13-01",
  "12",
  "Mon Tue 12:00",
  "12:00 12:00",
  "1-2-3-4",
  "",
  "Funday",
  "constructor",
  "*:0/0",
];

Deno.test("what is no calendar event is refused", () => {
  for (const event of refused) throws(() => readCalendar(event), CalendarFault, event);
});

systemdTest("systemd refuses what is refused here, and fires when its events do here", () => {
  for (const event of refused) equal(systemdTimes(event, 1), null, event);
  for (const [event, cron] of Object.entries(events)) {
    const times = systemdTimes(event, 8);
    deepEqual(next(cron, 8), times, event);
  }
});

systemdTest("any calendar event fires when systemd has it fire, or is refused by both", () => {
  const component = (low: number, high: number) => {
    const value = fc.integer({ min: low, max: high });
    const element = fc.tuple(value, value, fc.option(fc.integer({ min: 1, max: high + 2 }), { nil: null })).map((
      [a, b, step],
    ) => `${a === b ? a : `${Math.min(a, b)}..${Math.max(a, b)}`}${step === null ? "" : `/${step}`}`);
    return fc.oneof(fc.constant("*"), fc.array(element, { minLength: 1, maxLength: 2 }).map((list) => list.join(",")));
  };
  const weekday = fc.constantFrom("", "", "Mon ", "Tue..Thu ", "Sat,Sun ", "Mon,Wed..Sun ");
  const event = fc.tuple(weekday, component(1, 12), component(1, 28), component(0, 23), component(0, 59)).map((
    [days, month, day, hour, minute],
  ) => `${days}*-${month}-${day} ${hour}:${minute}`);
  fc.assert(
    fc.property(event, (text) => deepEqual(timesHere(text, 10), systemdTimes(text, 10), text)),
    { numRuns: 150 },
  );
});

/** When the event fires here; null where it is refused. */
function timesHere(event: string, count: number): number[] | null {
  try {
    return next(readCalendar(event).cron, count);
  } catch (error) {
    if (error instanceof CalendarFault) return null;
    throw error;
  }
}
