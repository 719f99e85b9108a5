/** `cdktr complete`: what a word of a command line can become. The scripts of `cdktr completions` call it at each tab. */
import { Argument, Command } from "@commander-js/extra-typings";
import type { LoadTree } from "../command_tree.ts";
import { bashWords, forBash } from "../completions/bash_line.ts";
import { offerFor } from "../completions/candidates.ts";
import { shells } from "../completions/scripts.ts";
import type { Invocation } from "../invocation.ts";
import { printable } from "../../paint/mod.ts";

/** Longer descriptions would fill the screen. */
const aboutMaxChars = 80;

export function completeCommand(invocation: Invocation, loadTree: LoadTree) {
  return new Command("complete")
    .description("Print what a word of a command line can be, for the scripts of `cdktr completions`.")
    .addArgument(new Argument("<shell>", "the shell that asks").choices(shells))
    .argument("[words...]", "the words before it; for bash, the line up to the cursor, and COMP_WORDBREAKS")
    .option("--current <word>", "the word itself, as far as it is written", "")
    .action(async (shell, words, options) => {
      const [line = "", breaks = ""] = words;
      const written = shell === "bash" ? bashWords(line).slice(1) : [...words, options.current];
      const current = written.at(-1) ?? "";
      const { candidates, disk } = await offerFor(invocation, loadTree, written.slice(0, -1), current);
      const lines = candidates.filter(({ value }) => printable(value) === value).map(({ value, about }) => {
        const shown = shell === "bash" ? forBash(value, current, breaks) : value;
        return `${shown}\t${printable(about).slice(0, aboutMaxChars)}\n`;
      });
      if (disk !== null) lines.push(`:${disk}\n`);
      await invocation.stdout.write(lines.join(""));
    });
}
