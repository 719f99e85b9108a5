/** How the values of options are read, for commander: each function makes a parser of one option's text. */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Clock } from "../clock/mod.ts";
import { durationMs } from "../workflow/definition.ts";
import { noteChoices } from "./choices.ts";
import { instantForm, parseInstant } from "./instant.ts";

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** One or more of `choices`, in upper or lower case, separated by commas; the option may be given several times. */
export function someOf<const Choice extends string>(
  choices: readonly Choice[],
): (text: string, given: readonly Choice[] | undefined) => readonly Choice[] {
  const parse = (text: string, given: readonly Choice[] = []) => {
    const added = text.split(",").map((word) => {
      const wanted = word.trim().toUpperCase();
      const choice = choices.find((one) => one.toUpperCase() === wanted);
      if (choice === undefined) throw new InvalidArgumentError(`It must be one or more of ${choices.join(", ")}.`);
      return choice;
    });
    return [...new Set([...given, ...added])];
  };
  noteChoices(parse, choices);
  return parse;
}

/** An instant, as Unix milliseconds. */
export function instant(clock: Clock): (text: string) => number {
  return (text) => {
    const atMs = parseInstant(text, clock.nowMs());
    if (atMs === null) throw new InvalidArgumentError(`It must be a date and time: ${instantForm}.`);
    return atMs;
  };
}

/** The instant that was a duration ago, as Unix milliseconds. */
export function ago(clock: Clock): (text: string) => number {
  return (text) => {
    const agoMs = durationMs(text);
    if (agoMs === null) throw new InvalidArgumentError("It must be a duration such as 90s, 15m, 1h30m or 1d.");
    return Math.max(clock.nowMs() - agoMs, 0);
  };
}

/** A second name of `option`, not shown in help: another spelling that scripts use. */
export function aliasOf(option: Option, flags: string): Option {
  const alias = new Option(flags).hideHelp();
  alias.attributeName = () => option.attributeName();
  if (option.parseArg !== undefined) alias.argParser(option.parseArg);
  return alias;
}
