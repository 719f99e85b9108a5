/** What needs somebody's attention at the principal, on few rows: in full it stands in Admin. */
import { box, fitLine, type Glyphs, type Line, lineWidth, printable, type Size, span, wrapped } from "../paint/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";

/** Where a screen has fewer rows than this, the troubles do without a frame. */
const framedFromRows = 24;
/** Troubles that are told without one. */
const unframedMax = 2;
const title = "NEEDS ATTENTION";

/** What is wrong with the principal and with the workflows, each in full; an empty list when nothing is. */
export function troubles(
  status: ReplyTo<"STATUS"> | null,
  workflowProblems: readonly string[],
): string[] {
  const { problems = [], history = null } = status ?? {};
  const told = new Set([...problems, ...workflowProblems]);
  const reason = history?.reason ?? null;
  const isTold = reason === null || [...told].some((problem) => problem.includes(reason));
  if (history !== null && history.state !== "ok" && !isTold) told.add(`The history is ${history.state}: ${reason}`);
  return [...told];
}

/** A trouble a row, cut where it is longer, and how many there are besides; whole ones where there is room for all of them. */
export function troubleLines(all: readonly string[], { width, height }: Size, glyphs: Glyphs): Line[] {
  if (all.length === 0) return [];
  if (height < framedFromRows) return unframed(all, width);
  const rowsMax = Math.floor(height / 6);
  const whole = all.flatMap((text) =>
    wrapped(printable(text), width - 6).map((part, row): Line => [span(row === 0 ? " ! " : "   ", "bad"), span(part)])
  );
  const cut = all.slice(0, rowsMax).map((text) => troubleLine(text, width - 2));
  const shown = whole.length <= rowsMax ? whole : cut;
  const more = whole.length <= rowsMax ? "" : moreWords(all.length - cut.length);
  return box(shown, { width, height: shown.length + 2 }, glyphs, {
    title: [span(`${title} ${all.length}`, "bad")],
    ...more === "" ? {} : { footer: [span(more, "bad")] },
    role: "bad",
  });
}

function unframed(all: readonly string[], width: number): Line[] {
  const shown = all.slice(0, unframedMax);
  return shown.map((text, row): Line => {
    const lead = row === 0 ? `${title}: ` : "";
    const isLast = row === shown.length - 1;
    const isCut = all.some((each) => printable(each).length + title.length + 6 > width);
    const more = isLast && (isCut || all.length > shown.length) ? ` ${moreWords(all.length - shown.length)} ` : "";
    const told = troubleLine(text, width - more.length, lead);
    const gap = Math.max(width - more.length - lineWidth(told), 0);
    return [...told, span(" ".repeat(gap)), span(more, "bad")];
  });
}

function troubleLine(text: string, width: number, lead = ""): Line {
  return fitLine([span(` ! ${lead}`, "bad"), span(printable(text))], width);
}

function moreWords(count: number): string {
  return count === 0 ? "in full in 2" : `+${count} more in 2`;
}
