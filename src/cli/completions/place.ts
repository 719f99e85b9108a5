/** Where in a command line the cursor stands: of which command, and in which of its options and arguments. */
import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** See the top of this file. */
export interface Place {
  readonly command: CommandUnknownOpts;
  /** The values given to options of the command, by their long flag. */
  readonly given: ReadonlyMap<string, string>;
  /** The words before that are no options, after the command's name. */
  readonly positionals: readonly string[];
  /** The option whose value is being written; null outside one. */
  readonly option: Option | null;
  /** The argument that is being written; null where there is none. */
  readonly argument: Argument | null;
  /** Whether a word that begins with `-` is an option here. */
  readonly takesOptions: boolean;
}

/**
 * Walks a command line.
 *
 * @param program The tree, with the commands that are called loaded.
 * @param words The words between the program's name and the one that is being written.
 */
export function placeAfter(program: CommandUnknownOpts, words: readonly string[]): Place {
  let command = program;
  let option: Option | null = null;
  let takesOptions = true;
  const given = new Map<string, string>();
  let positionals: string[] = [];
  for (const word of words[0] === "help" ? words.slice(1) : words) {
    if (option !== null) {
      given.set(option.long ?? option.flags, word);
      option = null;
    } else if (takesOptions && word === "--") {
      takesOptions = false;
    } else if (takesOptions && word.startsWith("-") && word !== "-") {
      const [flag = "", value] = splitAt(word, "=");
      const found = command.options.find(({ long, short }) => long === flag || short === flag);
      if (found === undefined || !found.required) continue;
      if (value === undefined) option = found;
      else given.set(found.long ?? found.flags, value);
    } else {
      const child = positionals.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (child === undefined) positionals.push(word);
      else {
        command = child;
        positionals = [];
      }
    }
  }
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[positionals.length] ?? (last?.variadic === true ? last : null);
  return { command, given, positionals, option, argument, takesOptions };
}

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
