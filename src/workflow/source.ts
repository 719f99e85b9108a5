/** The bytes of a workflow file as text, and where in it something stands. */

import { LineCounter } from "yaml";
import { fileLimits } from "./limits.ts";
import type { Problem, ProblemCode } from "./problem.ts";

/** What a problem says, apart from where. */
export interface Complaint {
  readonly code: ProblemCode;
  readonly message: string;
  readonly severity?: "error" | "warning";
  readonly path?: string;
  readonly value?: string | null;
  readonly expected?: string | null;
}

/** The text of one file, and the problems found in it so far. */
export class Source {
  readonly file: string;
  readonly lineCounter = new LineCounter();
  readonly #problems: Problem[] = [];
  readonly #unlisted = { error: 0, warning: 0 };

  /** @param file Path as problems shall show it. */
  constructor(file: string) {
    this.file = file;
    this.lineCounter.addNewLine(0);
  }

  /** Notes a problem at `offset` UTF-16 code units into the text. */
  report(offset: number, complaint: Complaint): void {
    if (this.isFull) {
      this.#unlisted[complaint.severity ?? "error"] += 1;
      return;
    }
    const { line, col } = this.lineCounter.linePos(offset);
    this.#problems.push({
      severity: complaint.severity ?? "error",
      file: this.file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: complaint.path ?? "",
      value: complaint.value ?? null,
      expected: complaint.expected ?? null,
      message: complaint.message,
      code: complaint.code,
    });
  }

  /** Whether further problems are only counted, so that nobody need find good words for them. */
  get isFull(): boolean {
    return this.#problems.length >= fileLimits.maxProblems;
  }

  /** Whether anything was found that keeps the file from being loaded. */
  get hasErrors(): boolean {
    return this.#unlisted.error > 0 || this.#problems.some(({ severity }) => severity === "error");
  }

  /** All problems, in the order of the file; the last one counts those beyond the limit. */
  problems(): Problem[] {
    const inOrder = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const last = inOrder.at(-1);
    const { error, warning } = this.#unlisted;
    if (error + warning === 0 || last === undefined) return inOrder;
    const severity = error > 0 ? "error" : "warning";
    const message = `${error + warning} more problems are not listed.`;
    return [...inOrder, { ...last, severity, path: "", value: null, expected: null, message, code: "limit" }];
  }
}

/** The text of a file, or `null` when it is not text or too large; `source` then knows the problem. */
export function decode(bytes: Uint8Array, source: Source): string | null {
  if (bytes.length > fileLimits.maxFileBytes) {
    const message = `The file has ${bytes.length} bytes; at most ${fileLimits.maxFileBytes} are read.`;
    source.report(0, { code: "limit", message });
    return null;
  }
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) {
    source.report(0, { code: "encoding", message: "The file is encoded as UTF-16; save it as UTF-8." });
    return null;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const text = new TextDecoder().decode(bytes);
    for (const { index } of text.matchAll(/\n/g)) source.lineCounter.addNewLine(index + 1);
    const offset = firstReplaced(text, bytes);
    source.report(offset, { code: "encoding", message: "Here the file is not UTF-8 text; save it as UTF-8." });
    return null;
  }
}

/** Where `text`, decoded from `bytes`, has the first replacement character that does not stand in the bytes. */
function firstReplaced(text: string, bytes: Uint8Array): number {
  const encoder = new TextEncoder();
  let byteOffset = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let textOffset = 0;
  for (const { index } of text.matchAll(/\ufffd/g)) {
    byteOffset += encoder.encode(text.slice(textOffset, index)).length;
    const isReal = bytes[byteOffset] === 0xef && bytes[byteOffset + 1] === 0xbf && bytes[byteOffset + 2] === 0xbd;
    if (!isReal) return index;
    byteOffset += 3;
    textOffset = index + 1;
  }
  return 0;
}
