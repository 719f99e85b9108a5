/** What a task starts for a command of a service: the program itself, or a shell where variables or a directory need one. */
import type { ExecCommand, Piece, Word } from "./exec_line.ts";

/** What a command needs besides itself. */
export interface Surroundings {
  /** Where it runs; null for where the agent does. */
  readonly directory: string | null;
  /** Whether it may run elsewhere if that directory is not there. */
  readonly mayLackDirectory: boolean;
}

/** The program and the arguments of a task that does what `command` does. */
export function taskProcess(
  { words, prefixes }: ExecCommand,
  { directory, mayLackDirectory }: Surroundings,
): { cmd: string; args: string[] } {
  const ignoresFailure = prefixes.includes("-");
  const plain = words.map(plainText);
  const [cmd, ...args] = plain.flatMap((word) => word ?? []);
  const isPlain = plain.every((word) => word !== null);
  if (isPlain && cmd !== undefined && directory === null && !ignoresFailure) return { cmd, args };
  const isSplit = words.some((word) => word.isSplit);
  // systemd calls it exit code 200 that a directory is not there.
  const cd = `cd -- ${quoted(directory ?? "")}`;
  const script = [
    // The values of variables make words, but no names of files.
    ...isSplit ? ["set -f"] : [],
    ...directory === null ? [] : [mayLackDirectory ? cd : `${cd} || exit ${ignoresFailure ? 0 : 200}`],
    `${ignoresFailure ? "" : "exec "}${words.map(shellWord).join(" ")}`,
    ...ignoresFailure ? ["exit 0"] : [],
  ].join("\n");
  return { cmd: "/bin/sh", args: ["-c", script] };
}

/** A word without variables; null for one with some. */
function plainText({ pieces }: Word): string | null {
  const texts = pieces.map((piece) => "text" in piece ? piece.text : null);
  return texts.includes(null) ? null : texts.join("");
}

function shellWord({ pieces, isSplit }: Word): string {
  const word = pieces.map((piece: Piece) =>
    "text" in piece ? quoted(piece.text) : isSplit ? `$${piece.variable}` : `"\${${piece.variable}}"`
  ).join("");
  return word === "" ? "''" : word;
}

/** Text that a POSIX shell takes as it is. */
function quoted(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
