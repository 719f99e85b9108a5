/**
 * crontab(5), as Vixie cron and cronie read it: a job or a variable on each line, and comments.
 *
 * A variable counts for the jobs below it. `%` in a command ends it, and what follows goes to its stdin; `\%` is a percent
 * sign.
 */
import type { Remark } from "../imported.ts";
import { FieldFault } from "./field.ts";
import { type CronSchedule, readFields, readNickname } from "./schedule.ts";

/** A variable, and where it was set. */
export interface Variable {
  readonly value: string;
  readonly line: number;
}

/** A line that starts something. */
export interface CrontabJob {
  /** From 1. */
  readonly line: number;
  /** The line as it stands. */
  readonly text: string;
  readonly schedule: CronSchedule;
  /** Who runs it, where the crontab says so. */
  readonly user: string | null;
  readonly command: string;
  /** What the command reads; null for nothing. */
  readonly stdin: string | null;
  /** The comment right above it. */
  readonly comment: readonly string[];
  /** The variables above it. */
  readonly variables: ReadonlyMap<string, Variable>;
}

/** What is in a crontab. */
export interface Crontab {
  readonly jobs: readonly CrontabJob[];
  /** Lines that cron would not take. */
  readonly faults: readonly Remark[];
}

/** The titles of the fields that some systems put at the top. */
const fieldTitles = /^m\s+h\s+dom\s+mon\s+dow/;

/**
 * Reads a crontab.
 *
 * @param file Its name, for messages.
 * @param isSystem Whether a user stands before each command, as in /etc/crontab and /etc/cron.d.
 */
export function readCrontab(text: string, file: string, isSystem: boolean): Crontab {
  const jobs: CrontabJob[] = [];
  const faults: Remark[] = [];
  let variables = new Map<string, Variable>();
  let comment: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = index + 1;
    const content = raw.replace(/\r$/, "").replace(/^[ \t]+/, "");
    if (content.startsWith("#")) {
      const words = content.replace(/^#+/, "").trim();
      // Above the titles stands an introduction, which is about no job.
      if (fieldTitles.test(words)) comment = [];
      else if (words !== "") comment.push(words);
      continue;
    }
    const above = comment;
    comment = [];
    if (content === "") continue;
    const variable = readVariable(content);
    if (variable !== null) {
      const [name, value] = variable;
      variables = new Map(variables).set(name, { value, line });
      continue;
    }
    try {
      const entry = readEntry(content, isSystem);
      jobs.push({ line, text: content, comment: above, variables, ...entry });
    } catch (error) {
      if (!(error instanceof FieldFault)) throw error;
      faults.push({ file, line, sentence: error.message });
    }
  }
  return { jobs, faults };
}

/** `NAME = value`, where both may stand in quotes; null for a line that is none. */
function readVariable(content: string): readonly [string, string] | null {
  const match = /^("[^"]*"|'[^']*'|[^\s="']+)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(content);
  if (match === null) return null;
  const [, name = "", value = ""] = match;
  const isHalfQuoted = /^["']/.test(value) && !/^(["'])[^]*\1$/.test(value);
  return isHalfQuoted ? null : [unquoted(name), unquoted(value)];
}

function unquoted(word: string): string {
  return /^(["'])[^]*\1$/.test(word) && word.length > 1 ? word.slice(1, -1) : word;
}

function readEntry(
  content: string,
  isSystem: boolean,
): Pick<CrontabJob, "schedule" | "user" | "command" | "stdin"> {
  // A minus before the minute only keeps the job out of the system's log.
  const [time, rest] = splitWords(content.replace(/^-(?=[\d*])/, ""), content.startsWith("@") ? 1 : 5);
  const schedule = content.startsWith("@") ? readNickname(time[0] ?? "") : readFields(time, spreadOf(content));
  const [[user = null], command] = isSystem ? splitWords(rest, 1) : [[], rest];
  if (command === "") {
    throw new FieldFault(isSystem ? "There is no command behind the time and the user." : "There is no command.");
  }
  return { schedule, user, ...splitCommand(command) };
}

/** The first `count` words, and what follows them. */
function splitWords(content: string, count: number): readonly [string[], string] {
  const words: string[] = [];
  let rest = content;
  while (words.length < count) {
    const match = /^(\S+)[ \t]*/.exec(rest);
    if (match === null) throw new FieldFault(`There are ${words.length} fields, where ${count} and a command belong.`);
    words.push(match[1] ?? "");
    rest = rest.slice(match[0].length);
  }
  return [words, rest];
}

/** A command and what it reads. A backslash before another character than `%` stays, and so does what it protects. */
function splitCommand(text: string): { command: string; stdin: string | null } {
  const [whole = "", command = ""] = /^((?:\\[^]|[^\\%]|\\$)*)%?/.exec(text) ?? [];
  const input = text.slice(whole.length);
  return {
    command: command.replaceAll(/\\([^])/g, (pair, char: string) => char === "%" ? "%" : pair),
    stdin: input === "" ? null : input.replaceAll(/\\%|%/g, (match) => match === "%" ? "\n" : "%") + "\n",
  };
}

/** A whole number that depends on the line alone, so that the same crontab always gives the same workflows (FNV-1a). */
function spreadOf(content: string): number {
  let hash = 0x811c9dc5;
  for (const char of content) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
