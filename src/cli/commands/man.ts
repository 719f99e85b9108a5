/** `cdktr man`: the manual pages, so that the program carries them wherever it is. */
import { join, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { CdktrError, messageOf } from "../../core/mod.ts";
import type { LoadTree } from "../command_tree.ts";
import type { Invocation } from "../invocation.ts";
import { type Page, pagesOf } from "../man/page.ts";

const afterHelp = `
A page is printed as roff, which man(1) and mandoc(1) show.

Examples:
  cdktr man | man -l -
  cdktr man runs list | man -l -
  cdktr man --output ~/.local/share/man/man1`;

export function manCommand(invocation: Invocation, loadTree: LoadTree) {
  return new Command("man")
    .description("Print a page of the manual, or write all of them.")
    .argument(
      "[command...]",
      "the command whose page it is, such as `runs list` or `runs-list`; without it that of cdktr",
    )
    .option("-o, --output <directory>", "write all pages to this directory, which is made if need be")
    .addHelpText("after", afterHelp)
    .action(async (words, { output }) => {
      const pages = pagesOf(await loadTree(() => true));
      if (output !== undefined) {
        if (words.length > 0) {
          throw new CdktrError("INVALID_ARGUMENT", "--output writes all pages, and a command names one.", {
            hint: "Give one of them.",
          });
        }
        await writeAll(pages, resolve(invocation.workingDirectory, output));
        invocation.stderr.say(`${pages.length} pages written to ${output}`);
        return;
      }
      const name = ["cdktr", ...words].join("-");
      const page = pages.find((one) => one.name === name) ?? pages.find((one) => one.name === words.join("-"));
      if (page === undefined) {
        throw new CdktrError("NOT_FOUND", `There is no manual page of the name ${name}.`, {
          hint: "`cdktr --help` lists the commands.",
        });
      }
      await invocation.stdout.write(page.text);
      if (invocation.stdout.columns() !== undefined) {
        invocation.stderr.say(`note: this is roff; \`${["cdktr man", ...words].join(" ")} | man -l -\` shows it`);
      }
    });
}

async function writeAll(pages: readonly Page[], directory: string): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true });
    for (const { name, text } of pages) await Deno.writeTextFile(join(directory, `${name}.1`), text);
  } catch (cause) {
    throw new CdktrError("STORAGE", `The manual pages cannot be written to ${directory}: ${messageOf(cause)}.`, {
      hint: "Name another directory.",
      cause,
    });
  }
}
