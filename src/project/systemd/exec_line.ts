/** The command lines of services, as systemd.service(5) has them under "Command lines". */

/** A piece of a word: text as it is, or the value of a variable. */
export type Piece = { readonly text: string } | { readonly variable: string };

/** A word of a command. */
export interface Word {
  readonly pieces: readonly Piece[];
  /** Whether it is `$NAME` and nothing else: its value makes as many words as it has. */
  readonly isSplit: boolean;
}

/** One command. */
export interface ExecCommand {
  /** The characters before the program that change how it is started. */
  readonly prefixes: string;
  /** The program first. */
  readonly words: readonly Word[];
}

/** A line that cannot be read. The message is a sentence. */
export class ExecFault extends Error {}

/** Escapes of one character, by what stands behind the backslash. */
const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
  ";": ";",
};

/**
 * The words of a line, without quotes and escapes. A semicolon that stands alone is null: it separates commands.
 *
 * @throws {ExecFault}
 */
export function splitLine(line: string): (string | null)[] {
  const words: (string | null)[] = [];
  let word: string | null = null;
  let begin = 0;
  let quote: string | null = null;
  const end = (at: number) => {
    if (word !== null) words.push(line.slice(begin, at) === ";" ? null : word);
    word = null;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (quote === null && /\s/.test(char)) {
      end(at);
      continue;
    }
    if (word === null) begin = at;
    word ??= "";
    if (char === "\\") {
      const [raw, text] = readEscape(line.slice(at));
      word += text;
      at += raw.length - 1;
    } else if (quote === null && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = null;
    else word += char;
  }
  if (quote !== null) throw new ExecFault(`A ${quote} is not closed.`);
  end(line.length);
  return words;
}

/** The escape at the beginning of `text`, and what it stands for. */
function readEscape(text: string): readonly [string, string] {
  const match = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/.exec(text);
  if (match === null) throw new ExecFault("The line ends with a backslash.");
  const [raw, two, four, eight, octal, single = ""] = match;
  const hex = two ?? four ?? eight;
  if (hex === undefined && octal === undefined) return [raw, escapes[single] ?? raw];
  const code = hex !== undefined ? parseInt(hex, 16) : parseInt(octal ?? "", 8);
  if (code === 0 || code > 0x10ffff) throw new ExecFault(`${raw} is no character.`);
  return [raw, String.fromCodePoint(code)];
}

/**
 * Reads the value of ExecStart and its like: one command or, with `;` between them, several.
 *
 * @param expand Replaces specifiers (`%i`) in a word.
 * @throws {ExecFault}
 */
export function readExecLine(line: string, expand: (word: string) => string): ExecCommand[] {
  const commands: string[][] = [[]];
  for (const word of splitLine(line)) {
    if (word === null) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0).map((words) => readCommand(words, expand));
}

function readCommand([first = "", ...rest]: readonly string[], expand: (word: string) => string): ExecCommand {
  const [, prefixes = "", path = ""] = /^([@:+!-]*)([^]*)$/.exec(first) ?? [];
  const text = expand(path);
  if (text === "") throw new ExecFault("There is no program.");
  const program: Word = { pieces: [{ text }], isSplit: false };
  // With "@" the first argument stands for the name of the program.
  const args = prefixes.includes("@") ? rest.slice(1) : rest;
  return { prefixes, words: [program, ...args.map((arg) => readWord(expand(arg), prefixes.includes(":")))] };
}

/** Finds the variables in a word: `${NAME}` anywhere, `$NAME` as a word, `$$` for a dollar. */
function readWord(word: string, isPlain: boolean): Word {
  if (isPlain) return { pieces: [{ text: word }], isSplit: false };
  const alone = /^\$([A-Za-z_]\w*)$/.exec(word);
  if (alone !== null) return { pieces: [{ variable: alone[1] ?? "" }], isSplit: true };
  const pieces: Piece[] = [];
  let text = "";
  for (const [part, variable] of word.matchAll(/\$\$|\$\{([A-Za-z_]\w*)\}|[^$]+|\$/g)) {
    if (variable === undefined) text += part === "$$" ? "$" : part;
    else {
      pieces.push({ text }, { variable });
      text = "";
    }
  }
  return { pieces: [...pieces, { text }].filter((piece) => !("text" in piece && piece.text === "")), isSplit: false };
}
