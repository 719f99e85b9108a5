/** Cron expressions as people say them, for the common forms. */
import type { WorkflowSummary } from "../wire/mod.ts";

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const endings: Readonly<Record<string, string>> = { 1: "st", 2: "nd", 3: "rd" };
const nicknames: ReadonlyMap<string, string> = new Map([
  ["@yearly", "each year"],
  ["@annually", "each year"],
  ["@monthly", "on the 1st of each month"],
  ["@weekly", "each week"],
  ["@daily", "each day at 00:00"],
  ["@midnight", "each day at 00:00"],
  ["@hourly", "each hour"],
]);

/** When a workflow fires; its expression where there are no words for it. */
export function scheduleInWords({ cron, timezone }: Pick<WorkflowSummary, "cron" | "timezone">): string {
  if (cron === null) return "no schedule";
  const words = wordsOf(cron.trim());
  return words === null ? cron : timezone === "UTC" ? words : `${words} ${timezone}`;
}

function wordsOf(cron: string): string | null {
  const nickname = nicknames.get(cron.toLowerCase());
  if (nickname !== undefined) return nickname;
  const fields = cron.split(/\s+/);
  if (fields.length === 5) fields.unshift("0");
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 6 || month !== "*") return null;
  const isEveryDay = isAny(day) && isAny(weekday);
  if (isEveryDay && hour === "*") return withinHour(second, minute);
  if (second !== "0") return null;
  const everyHours = /^(?:\*|0)\/(\d+)$/.exec(hour)?.[1];
  if (isEveryDay && everyHours !== undefined && isNumber(minute)) {
    return minute === "0" ? `every ${everyHours} hours` : `every ${everyHours} hours, ${minute} min past`;
  }
  const time = timeOf(hour, minute);
  if (time === null) return null;
  const days = isAny(weekday) ? monthDays(day) : isAny(day) ? weekdaysOf(weekday) : null;
  return days === null ? null : `${days} at ${time}`;
}

function withinHour(second: string, minute: string): string | null {
  const everySeconds = /^(?:\*|0)\/(\d+)$/.exec(second)?.[1];
  if (minute === "*") {
    if (second === "*") return "each second";
    if (everySeconds !== undefined) return `every ${everySeconds} s`;
    return second === "0" ? "each minute" : null;
  }
  if (second !== "0") return null;
  const everyMinutes = /^(?:\*|0)\/(\d+)$/.exec(minute)?.[1];
  if (everyMinutes !== undefined) return `every ${everyMinutes} min`;
  return minute === "0" ? "each hour" : isNumber(minute) ? `each hour, ${minute} min past` : null;
}

function timeOf(hour: string, minute: string): string | null {
  const hours = hour.split(",");
  if (!isNumber(minute) || !hours.every(isNumber) || hours.length > 3) return null;
  return hours.map((one) => `${one.padStart(2, "0")}:${minute.padStart(2, "0")}`).join(", ");
}

function monthDays(day: string): string | null {
  if (isAny(day)) return "each day";
  if (day === "L") return "on the last of each month";
  if (!isNumber(day)) return null;
  const ending = /1[123]$/.test(day) ? "th" : endings[day.slice(-1)] ?? "th";
  return `on the ${Number(day)}${ending} of each month`;
}

function weekdaysOf(weekday: string): string | null {
  const numbers = weekday.toUpperCase().replace(/[A-Z]{3}/g, (name) => String(weekdayNames.indexOf(name)));
  if (numbers === "1-5") return "Monday to Friday";
  if (numbers === "6,0" || numbers === "0,6" || numbers === "6,7") return "Saturday and Sunday";
  const range = /^([0-7])-([0-7])$/.exec(numbers);
  if (range !== null) return `${weekdays[Number(range[1])]} to ${weekdays[Number(range[2])]}`;
  const names = numbers.split(",").map((one) => /^[0-7]$/.test(one) ? weekdays[Number(one)] : undefined);
  if (names.some((name) => name === undefined)) return null;
  return names.length === 1 ? `each ${names[0]}` : names.join(", ");
}

function isAny(field: string): boolean {
  return field === "*" || field === "?";
}

function isNumber(field: string): boolean {
  return /^\d{1,2}$/.test(field);
}
