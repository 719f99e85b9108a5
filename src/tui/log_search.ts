/** The next line that something holds for: among those that are there, else the principal is asked for it. */
import { outputSpans } from "../paint/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import type { Entry } from "./log_buffer.ts";
import { bodyOf } from "./log_line.ts";
import { wants } from "./log_source.ts";
import type { LogWindow } from "./log_window.ts";

/** What is looked for. */
export interface Wanted {
  readonly holds: (line: WireLogLine) => boolean;
  /** What the principal can sort out beforehand. */
  readonly contains?: string;
  readonly levels?: readonly string[];
}

/** Lines that the principal takes for the right ones and that are not, read at once; and how many such pages are read. */
const pageLines = 1000;
const pagesMax = 50;

/** Lines in which a text is seen, capitals or not. */
export function wantedText(text: string): Wanted {
  const lower = text.toLowerCase();
  return { contains: text, holds: (line) => plainOf(bodyOf(line)).toLowerCase().includes(lower) };
}

/** What a task wrote to standard error. */
export const wantedErrors: Wanted = { levels: ["ERROR"], holds: ({ level }) => level === "ERROR" };

/**
 * Looks for a line.
 *
 * @param from Where the search begins; this line is not looked at.
 * @param step 1 for newer lines, -1 for older ones.
 * @returns Its entry, where the window is now; null when there is none.
 * @throws {CdktrError} When the principal has to be asked and cannot be. The signal's reason when it aborts.
 */
export async function findLine(
  window: LogWindow,
  wanted: Wanted,
  from: number,
  step: 1 | -1,
  signal: AbortSignal,
): Promise<Entry | null> {
  const { buffer } = window;
  for (let index = from + step; index >= 0 && index < buffer.length; index += step) {
    const entry = buffer.at(index);
    if (entry?.isShown && wanted.holds(entry.line)) return entry;
  }
  if (step === 1 ? buffer.isAtEnd : buffer.isAtStart) return null;
  const after = step === 1 ? buffer.endCursor : buffer.startCursor;
  return after === null ? null : await askFor(window, wanted, after, step, signal);
}

/** Which of the lines at hand that are looked for `entry` is, from 1 on, and how many these are. */
export function rankOf({ buffer }: LogWindow, { holds }: Wanted, entry: Entry): { rank: number; count: number } {
  let rank = 0;
  let count = 0;
  for (let index = 0; index < buffer.length; index++) {
    const each = buffer.at(index);
    if (each === undefined || !each.isShown || !holds(each.line)) continue;
    count++;
    if (each === entry) rank = count;
  }
  return { rank, count };
}

async function askFor(
  window: LogWindow,
  { holds, contains, levels }: Wanted,
  cursor: string,
  step: 1 | -1,
  signal: AbortSignal,
): Promise<Entry | null> {
  const { selection } = window;
  const narrowed = levels === undefined ? selection : { ...selection, levels };
  const order = step === 1 ? "oldest" : "newest";
  const page = (after: string, limit: number) =>
    window.page({ order, after, limit, ...contains === undefined ? {} : { contains } }, signal, narrowed);
  let after = cursor;
  for (let pages = 0; pages < pagesMax; pages++) {
    const found = await page(after, pages === 0 ? 1 : pageLines);
    signal.throwIfAborted();
    const index = found.lines.findIndex((line) => wants(narrowed, line) && holds(line));
    const line = found.lines[index];
    if (line !== undefined) {
      const name = index === found.lines.length - 1 ? found.cursor : (await page(after, index + 1)).cursor;
      signal.throwIfAborted();
      return await window.openAt(line, name);
    }
    if (!found.mayHaveMore || found.cursor === null) return null;
    after = found.cursor;
  }
  return null;
}

function plainOf(text: string): string {
  return text.includes("\x1b") ? outputSpans(text, "plain").map((piece) => piece.text).join("") : text;
}
