/** When a crontab line fires, as cdktr's `cron`. */
import { type Field, FieldFault, fieldForms, readField } from "./field.ts";

/** A schedule that was understood. */
export interface CronSchedule {
  /** For cdktr's `cron`; null for none, as of `@reboot`. */
  readonly cron: string | null;
  /** Sentences on what is not carried over exactly. */
  readonly notes: readonly string[];
}

/** Names that both know, with one meaning. */
const sharedNames = new Set(["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"]);

/**
 * Reads `@daily` and the like.
 *
 * @throws {FieldFault}
 */
export function readNickname(name: string): CronSchedule {
  if (sharedNames.has(name)) return { cron: name, notes: [] };
  if (name === "@reboot") {
    const note = "@reboot has no equivalent, so it has no schedule: trigger it when the machine starts, or by hand.";
    return { cron: null, notes: [note] };
  }
  throw new FieldFault(`"${name}" is no name that cron knows.`);
}

/**
 * Reads the five fields.
 *
 * @param spread See {@linkcode readField}.
 * @throws {FieldFault}
 */
export function readFields(words: readonly string[], spread: number): CronSchedule {
  const fields = fieldForms.map((form, index) => ({ form, ...readField(words[index] ?? "", form, spread) }));
  const notes = fields.flatMap(({ form, note }, index) =>
    note === null ? [] : [`The ${form.name} "${words[index]}" ${note}.`]
  );
  const texts = fields.map(({ text }: Field) => text);
  // To cron a field that begins with a star is no restriction, however it goes on: both days must match then, while of two
  // restricted ones either may. To cdktr only the star alone is none, and a plus asks for both.
  const isOpen = words[2]?.startsWith("*") || words[4]?.startsWith("*");
  if (isOpen && texts[2] !== "*" && texts[4] !== "*") texts[4] = `+${texts[4]}`;
  return { cron: texts.join(" "), notes };
}
