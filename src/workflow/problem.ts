/** What is wrong with a workflow file, where, and what was expected: for people, editors and programs alike. */

/** Stable codes of problems. */
export type ProblemCode =
  /** The file cannot be read from disk. */
  | "unreadable"
  /** The bytes are not UTF-8 text. */
  | "encoding"
  /** The text is not YAML, or uses a part of YAML that workflows do not. */
  | "yaml"
  /** A limit of `limits.ts` is exceeded. */
  | "limit"
  /** A key stands twice in one mapping. */
  | "duplicate-key"
  /** A tag that is not known, or stands where none belongs. */
  | "unknown-tag"
  /** A field that has no meaning; it is ignored. */
  | "unknown-field"
  /** A required field is absent or empty. */
  | "missing-field"
  /** A value of the wrong kind, such as text where a list belongs. */
  | "wrong-type"
  /** A value of the right kind that cannot be used. */
  | "invalid-value"
  /** A dependency on a task that does not exist. */
  | "unknown-dependency"
  /** Tasks that wait for each other. */
  | "cycle"
  /** Two files with the same workflow id. */
  | "duplicate-id";

/** One problem of one file. */
export interface Problem {
  /** A file with an error is not loaded; a warning changes nothing. */
  readonly severity: "error" | "warning";
  /** Path of the file, as the directory was configured. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 code units, from 1. */
  readonly column: number;
  /** The field, such as `tasks.load.depends[0]`; empty when the file as a whole is meant. */
  readonly path: string;
  /** The value seen, shortened, or `null` when there is none to show. */
  readonly value: string | null;
  /** What can stand there instead, or `null` when the message says all. */
  readonly expected: string | null;
  /** Full sentences. */
  readonly message: string;
  readonly code: ProblemCode;
}

/** A field's path as people write it: `["tasks", "load", "depends", 0]` is `tasks.load.depends[0]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    const plain = /^[\p{L}\p{N}_-]+$/u.test(String(part)) ? String(part) : JSON.stringify(String(part));
    return index === 0 ? plain : `.${plain}`;
  }).join("");
}

/** Text in quotes, on one line, of a length that leaves room for the sentence around it. */
export function quoted(text: string): string {
  const maxChars = 80;
  return JSON.stringify(text.length > maxChars ? `${text.slice(0, maxChars)}…` : text);
}

/** A problem the way compilers write it: `file:line:column: error: sentence`. Editors make it a link. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`;
}

/** Whether `problems` keep a file from being loaded. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}
