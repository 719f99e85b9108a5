/** Unit files as systemd.syntax(7) has them: sections of `KEY=value`, comments, and lines that go on after a backslash. */
import type { Remark } from "../imported.ts";

/** `KEY=value`. */
export interface Directive {
  /** From 1. */
  readonly line: number;
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** A unit file. */
export class UnitFile {
  constructor(
    /** As messages name it. */
    readonly file: string,
    readonly directives: readonly Directive[],
    /** Lines that systemd passes over with a warning. */
    readonly faults: readonly Remark[],
  ) {}

  /** What a list of values holds: an empty one takes back those before it. */
  list(section: string, key: string): Directive[] {
    const found: Directive[] = [];
    for (const directive of this.directives) {
      if (directive.section !== section || directive.key !== key) continue;
      if (directive.value === "") found.length = 0;
      else found.push(directive);
    }
    return found;
  }

  /** The value of which the last one counts; null for none. */
  last(section: string, key: string): Directive | null {
    return this.directives.findLast((found) => found.section === section && found.key === key && found.value !== "") ??
      null;
  }
}

/** Reads a unit file. */
export function readUnitFile(file: string, text: string): UnitFile {
  const directives: Directive[] = [];
  const faults: Remark[] = [];
  let section = "";
  let beginLine = 0;
  let begin = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/\r$/, "");
    // A comment between lines that belong together is no part of them.
    if (/^\s*[#;]/.test(content)) continue;
    const line = begin === "" ? index + 1 : beginLine;
    if (/\\$/.test(content)) {
      beginLine = line;
      begin += `${content.slice(0, -1)} `;
      continue;
    }
    const whole = (begin + content).trim();
    begin = "";
    if (whole === "") continue;
    const header = /^\[([^\]]+)\]$/.exec(whole);
    const [, key, value] = /^([^\s=]+)\s*=\s*([^]*)$/.exec(whole) ?? [];
    if (header !== null) section = header[1] ?? "";
    else if (key === undefined || value === undefined || section === "") {
      faults.push({ file, line, sentence: `"${whole}" is neither a section nor KEY=value in one.` });
    } else directives.push({ line, section, key, value });
  }
  return new UnitFile(file, directives, faults);
}
