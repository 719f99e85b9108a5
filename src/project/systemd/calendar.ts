/**
 * Calendar events of systemd.time(7), such as `Mon..Fri *-*-* 06:00:00 Europe/Berlin`, as cdktr's `cron` with seconds first
 * and, where it matters, the year last.
 */

/** An event that was understood. */
export interface CalendarEvent {
  readonly cron: string;
  /** The IANA name at its end; null for none. */
  readonly timezone: string | null;
}

/** An event that systemd would refuse, or that `cron` cannot say. The message is a sentence. */
export class CalendarFault extends Error {}

const nicknames: ReadonlyMap<string, string> = new Map([
  ["minutely", "*-*-* *:*:00"],
  ["hourly", "*-*-* *:00:00"],
  ["daily", "*-*-* 00:00:00"],
  ["weekly", "Mon *-*-* 00:00:00"],
  ["monthly", "*-*-01 00:00:00"],
  ["quarterly", "*-01,04,07,10-01 00:00:00"],
  ...["semiannually", "semi-annually", "biannually", "bi-annually"].map((name) =>
    [name, "*-01,07-01 00:00:00"] as const
  ),
  ...["yearly", "annually", "anually"].map((name) => [name, "*-01-01 00:00:00"] as const),
]);

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Smallest and largest values, as systemd checks them. */
const spans = {
  year: [1970, 2199],
  month: [1, 12],
  day: [1, 31],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
} as const;
type Component = keyof typeof spans;

/**
 * Reads an event.
 *
 * @throws {CalendarFault}
 */
export function readCalendar(text: string): CalendarEvent {
  const words = text.trim().split(/\s+/);
  const timezone = words.length > 1 && isTimezoneWord(words.at(-1) ?? "") ? words.pop() ?? null : null;
  const nickname = words.length === 1 ? nicknames.get(words[0]?.toLowerCase() ?? "") : undefined;
  return { cron: readEvent(nickname?.split(" ") ?? words, text), timezone };
}

function readEvent(words: readonly string[], text: string): string {
  const rest = [...words];
  const dayOfWeek = /^[a-z]/i.test(rest[0] ?? "") ? readWeekdays(rest.shift() ?? "", text) : "*";
  const hasDate = /[-~]/.test(rest[0] ?? "");
  const [year, month, day] = readDate(hasDate ? rest.shift() ?? "" : "*-*-*", text);
  const [hour, minute, second] = readTime(rest.shift() ?? "00:00:00", text);
  if (rest.length > 0) throw fault(text, `has "${rest[0]}" at the end, which is neither a time nor a time zone`);
  // To systemd the date and the day of the week must both match; to cron, without the plus, either may.
  const both = day !== "*" && dayOfWeek !== "*" ? "+" : "";
  const fields = `${second} ${minute} ${hour} ${day} ${month} ${both}${dayOfWeek}`;
  return year === "*" ? fields : `${fields} ${year}`;
}

function readDate(word: string, text: string): readonly [string, string, string] {
  const [, front = "", separator = "", day = ""] = /^(.*)([-~])(.*)$/.exec(word) ?? [];
  const parts = front.split("-");
  if (parts.length > 2) throw fault(text, `has the date "${word}", which has too many parts`);
  const [month = "", year = "*"] = parts.toReversed();
  if (separator === "~") {
    const isLast = /^0?1$/.test(day);
    if (!isLast) {
      throw fault(text, `counts days from the end of the month ("~${day}"), of which cdktr knows only the last`);
    }
  }
  return [
    readComponent("year", year, text),
    readComponent("month", month, text),
    separator === "~" ? "L" : readComponent("day", day, text),
  ];
}

function readTime(word: string, text: string): readonly [string, string, string] {
  const [hour = "", minute, second = "00", ...more] = word.split(":");
  if (minute === undefined || more.length > 0) {
    throw fault(text, `has the time "${word}", which is not HH:MM or HH:MM:SS`);
  }
  return [
    readComponent("hour", hour, text),
    readComponent("minute", minute, text),
    readComponent("second", second, text),
  ];
}

/** `*`, or values, ranges `a..b` and repetitions `a/n` and `a..b/n`, with commas between them. */
function readComponent(component: Component, text: string, event: string): string {
  if (text === "*") return "*";
  return text.split(",").map((element) => {
    const match = /^(\d{1,4})(?:\.\.(\d{1,4}))?(?:\/(\d{1,4}))?$/.exec(element);
    if (match === null) {
      const reason = /\./.test(element.replace("..", "")) ? ", and cdktr fires at whole seconds only" : "";
      throw fault(event, `has the ${component} "${element}", which is no value, range or repetition${reason}`);
    }
    const [low, high] = spans[component];
    const first = fullYear(component, match[1] ?? "");
    const last = match[2] === undefined ? null : fullYear(component, match[2]);
    const step = match[3] === undefined ? null : Number(match[3]);
    if (first < low || first > high || (last !== null && (last > high || last < first)) || step === 0) {
      throw fault(event, `has the ${component} "${element}", which is not within ${low} to ${high}`);
    }
    if (step !== null && last === null && first + step > high) {
      throw fault(event, `has the ${component} "${element}", which repeats beyond ${high}`);
    }
    if (step === null) return last === null ? `${first}` : `${first}-${last}`;
    // Written out where cron has no such step.
    const values = [];
    for (let value = first; value <= (last ?? high); value += step) values.push(value);
    return step > (high - low) / 2 || component === "year" ? values.join(",") : `${first}-${last ?? high}/${step}`;
  }).join(",");
}

/** Years of two digits are those from 1970 to 2069. */
function fullYear(component: Component, digits: string): number {
  const value = Number(digits);
  return component === "year" && value < 100 ? value + (value < 70 ? 2000 : 1900) : value;
}

function readWeekdays(word: string, text: string): string {
  const elements = word.split(",").filter((element) => element !== "");
  return elements.map((element) => {
    const [first = "", last, ...more] = element.split(/\.\.|-/);
    if (more.length > 0) throw fault(text, `has the days of the week "${element}", which is no range`);
    const from = weekday(first, text);
    if (last === undefined) return `${from}`;
    // systemd's week begins on Monday; to cron Sunday may be 7.
    const to = weekday(last, text) || 7;
    const begin = from || 7;
    if (begin > to) throw fault(text, `has the days of the week "${element}", which run backwards`);
    return `${begin}-${to}`;
  }).join(",");
}

function weekday(word: string, text: string): number {
  const index = weekdays.findIndex((name) => name === word.toLowerCase() || name.slice(0, 3) === word.toLowerCase());
  if (index < 0) throw fault(text, `has "${word}", which is no day of the week`);
  return index;
}

/** Whether a word at the end names a zone: nothing else there begins with a letter. */
function isTimezoneWord(word: string): boolean {
  return /^[A-Za-z][\w+-]*(?:\/[\w+/-]+)?$/.test(word) &&
    !weekdays.some((name) => word.toLowerCase().startsWith(name.slice(0, 3)));
}

function fault(text: string, predicate: string): CalendarFault {
  return new CalendarFault(`The calendar event "${text}" ${predicate}.`);
}
