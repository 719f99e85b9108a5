/** The process log: what principals and agents say about themselves, one line a message on stderr. */
import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import type { LogLevel } from "../config/mod.ts";
import type { Talk } from "./output.ts";
import { printable } from "../paint/mod.ts";

/** Category under which all rooms of cdktr log; the next part of the category is the room. */
const root = "cdktr";

const lowestLevels = { TRACE: "trace", DEBUG: "debug", INFO: "info", WARN: "warning", ERROR: "error" } as const;

/** Five characters each, so that the texts stand in one column, and their colour. */
const labels = {
  trace: { text: "TRACE", colour: 90 },
  debug: { text: "DEBUG", colour: 36 },
  info: { text: "INFO ", colour: 32 },
  warning: { text: "WARN ", colour: 33 },
  error: { text: "ERROR", colour: 31 },
  fatal: { text: "ERROR", colour: 31 },
} as const;

/** The process log, until disposed. */
export interface ProcessLog extends Disposable {
  /** From now on writes what is at least of this level. */
  setLevel(level: LogLevel): void;
}

/**
 * Sends everything logged under `cdktr` to `talk` until disposed.
 *
 * @param level The least important level that is written.
 */
export function startProcessLog(level: LogLevel, talk: Pick<Talk, "say" | "colours">): ProcessLog {
  const setLevel = (level: LogLevel) =>
    configureSync({
      sinks: { talk: (record: LogRecord) => talk.say(formatRecord(record, talk.colours)) },
      loggers: [
        { category: root, lowestLevel: lowestLevels[level], sinks: ["talk"] },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["talk"] },
      ],
      reset: true,
    });
  setLevel(level);
  return { setLevel, [Symbol.dispose]: resetSync };
}

/** One line, such as `2026-03-04T08:40:30.123Z INFO  principal: text`. Nothing in the message can begin another line. */
export function formatRecord({ timestamp, level, category, message }: LogRecord, colours: boolean): string {
  const { text, colour } = labels[level];
  const label = colours ? `\x1b[${colour}m${text}\x1b[0m` : text;
  const where = (category[0] === root ? category.slice(1) : category).join(".");
  const said = message.map((part) => typeof part === "string" ? part : inspect(part)).join("");
  return `${new Date(timestamp).toISOString()} ${label} ${printable(`${where}: ${said}`)}`;
}

function inspect(value: unknown): string {
  if (value instanceof Error) return value.message;
  return Deno.inspect(value, { colors: false, compact: true, breakLength: Infinity, depth: 4 });
}
