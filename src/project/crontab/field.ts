/** One field of a crontab line: which values it means, and how cdktr's `cron` says the same. */

/** What a field may hold. */
export interface FieldForm {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Three letters each, for the values from `low` on. */
  readonly names: readonly string[];
}

/** The five fields of crontab(5), in their order. */
export const fieldForms: readonly FieldForm[] = [
  { name: "minute", low: 0, high: 59, names: [] },
  { name: "hour", low: 0, high: 23, names: [] },
  { name: "day of month", low: 1, high: 31, names: [] },
  {
    name: "month",
    low: 1,
    high: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  // 7 is Sunday, as 0 is.
  { name: "day of week", low: 0, high: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** A field that was understood. */
export interface Field {
  /** For cdktr's `cron`. */
  readonly text: string;
  /** What of it is not carried over exactly, as the rest of a sentence about it; null for nothing. */
  readonly note: string | null;
}

/** A field that cron would refuse. The message names the field. */
export class FieldFault extends Error {}

/** What crontab(5) does not know and cdktr does: the last day, the nearest weekday, the third Monday. */
const beyondCron = /^[0-9*,/-]*(?:L|W|#)[0-9LW#*,/-]*$/i;

/**
 * Reads a field.
 *
 * @param spread A whole number from which `~`, a random value in cron, takes the value that it then always has.
 * @throws {FieldFault}
 */
export function readField(text: string, form: FieldForm, spread: number): Field {
  if (text === "?") return { text: "*", note: null };
  if (/^day/.test(form.name) && beyondCron.test(text)) {
    return { text, note: "is no part of crontab(5); it has the meaning that it has to cdktr" };
  }
  const values = new Set<number>();
  let isRandom = false;
  let isPlain = true;
  for (const element of text.split(",")) {
    const [range = "", step, ...more] = element.split("/");
    if (more.length > 0) throw fault(text, form, "has two steps in one element");
    const [first, last] = readRange(range, text, form);
    // Where cdktr's week ends with Sunday, cron's has begun with it.
    if (/-sun$/i.test(range)) isPlain = false;
    if (range.includes("~")) {
      if (step !== undefined) throw fault(text, form, "has a step behind a random value");
      isRandom = true;
      values.add(first + spread % (last - first + 1));
      continue;
    }
    if (step === undefined) {
      for (let value = first; value <= last; value++) values.add(value);
      continue;
    }
    if (!/^\d{1,9}$/.test(step) || Number(step) === 0) throw fault(text, form, `has the step "${step}"`);
    if (range !== "*" && !range.includes("-")) {
      throw fault(text, form, "has a step behind a single value, where cron wants a range or *");
    }
    // cdktr takes no step that is longer than the field.
    if (Number(step) > form.high) isPlain = false;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  const listed = [...values].sort((a, b) => a - b).join(",");
  return {
    text: isRandom || !isPlain ? listed : text,
    note: isRandom ? `means a random value that cron chooses anew when it starts; here it is always ${listed}` : null,
  };
}

function readRange(range: string, text: string, form: FieldForm): readonly [number, number] {
  if (range === "*") return [form.low, form.high];
  const [, from = "", between = "", to = ""] = /^([^~-]*)([~-]?)(.*)$/.exec(range) ?? [];
  const first = between === "~" && from === "" ? form.low : readValue(from, text, form);
  const last = between === "" ? first : between === "~" && to === "" ? form.high : readValue(to, text, form);
  if (first > last) throw fault(text, form, `has the range "${range}", which runs backwards`);
  return [first, last];
}

function readValue(word: string, text: string, form: FieldForm): number {
  const named = form.names.indexOf(word.toLowerCase());
  const value = named >= 0 ? named + form.low : /^\d{1,9}$/.test(word) ? Number(word) : NaN;
  if (value >= form.low && value <= form.high) return value;
  const accepted = `${form.low} to ${form.high}${
    form.names.length > 0 ? ` or ${form.names[0]} to ${form.names.at(-1)}` : ""
  }`;
  throw fault(
    text,
    form,
    `has ${word === "" ? "an empty value" : `the value "${word}"`}, where cron takes ${accepted}`,
  );
}

function fault(text: string, { name }: FieldForm, predicate: string): FieldFault {
  return new FieldFault(`The ${name} "${text}" ${predicate}.`);
}
