/** Text as roff has it, man(7). */

/** Characters on a line of the source, of which mandoc(1) wants no more than 80. */
const lineChars = 72;

/** A line of text in which nothing is a request or an escape. */
export function roffText(text: string): string {
  return protectedLine(escaped(text.replace(/\s+/g, " ").trim()));
}

/** Text of any length, in lines. */
function flowing(text: string): string {
  const lines = text.replace(/\s+/g, " ").trim().match(new RegExp(`.{1,${lineChars}}(?: |$)|\\S+(?: |$)`, "g"));
  return (lines ?? []).map((line) => `${protectedLine(escaped(line.trimEnd()))}\n`).join("");
}

/** Paragraphs, which blank lines divide. */
export function paragraphs(text: string): string {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim()).filter((part) => part !== "");
  return parts.map((part) => `.PP\n${flowing(part)}`).join("");
}

/** Lines as they stand, in the font of a terminal. */
export function literal(lines: string): string {
  return `.PP\n.nf\n${escaped(lines).split("\n").map(protectedLine).join("\n")}\n.fi\n`;
}

/** A section. Without a body there is none. */
export function section(title: string, body: string): string {
  return body === "" ? "" : `.SH ${title}\n${body.replace(/^\.PP\n/, "")}`;
}

/** A term and what it means. */
export function entry(term: string, meaning: string): string {
  return `.TP\n\\fB${roffText(term)}\\fR\n${flowing(meaning)}`;
}

/** An argument of a request. */
export function quoted(text: string): string {
  return `"${roffText(text).replaceAll('"', "\\(dq")}"`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}

function protectedLine(line: string): string {
  return /^\s*[.']/.test(line) ? `\\&${line}` : line;
}
