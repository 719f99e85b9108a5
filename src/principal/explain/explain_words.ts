/** What explanations are made of. */
import { counted } from "../../core/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";

/** Why something is as it is: the reply to EXPLAIN. */
export type Explanation = ReplyTo<"EXPLAIN">;
/** One step of how it came to that. */
export type Step = Explanation["steps"][number];

/** Steps of one explanation; of more, those in the middle are left out. */
const stepsMax = 500;
/** Names in one list. */
const listedMax = 6;
/** Characters of a value that is quoted. */
const quotedMax = 120;

/** `a`, `a and b`, `a, b and c`; of many names the first few and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.length > listedMax ? names.slice(0, listedMax - 1) : names;
  const left = names.length - shown.length;
  const parts = left > 0 ? [...shown, `${left} others`] : shown;
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** A text as it stands in a sentence: in full if it is short. */
export function quotable(text: string): string {
  return text.length <= quotedMax ? text : `${text.slice(0, quotedMax - 1)}…`;
}

/** Parameters as `day=2026-03-01, full=true`. */
export function paramsText(params: Readonly<Record<string, string>>): string {
  return listed(Object.entries(params).map(([key, value]) => `${key}=${quotable(value)}`));
}

/** A word as it is typed into a shell. */
export function shellWord(text: string): string {
  return /^[\w.:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Collects steps and gives them in the order of their times. */
export class Story {
  readonly #steps: Step[] = [];

  /** Tells one step; `atMs` in Unix milliseconds. */
  tell(atMs: number, sentence: string): void {
    this.#steps.push({ atMs, sentence });
  }

  /** The steps in order, and after them what is about the whole. Of too many the middle is left out, which a step says. */
  steps(atTheEnd: readonly string[] = []): Step[] {
    const inOrder = this.#steps.toSorted((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
    const left = inOrder.length - stepsMax;
    if (left > 0) {
      const gap = { atMs: null, sentence: `${counted(left, "step")} are left out here.` };
      inOrder.splice(stepsMax / 2, left, gap);
    }
    return [...inOrder, ...atTheEnd.map((sentence) => ({ atMs: null, sentence }))];
  }
}
