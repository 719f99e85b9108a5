/** `docs/command-reference.md`, made from the tree of commands that the help and the manual pages are made from. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { fullTree } from "../../tests/cli/full_tree.ts";
import { cell } from "./cell.ts";

const before = `# Command reference

<!-- Made by \`deno task docs\` from the commands themselves. -->

Every command with its arguments, options and examples, as \`cdktr COMMAND --help\` and \`cdktr man\` tell them.
[Command line](cli.md) tells what they are for, [Configuration](configuration.md) has every variable. An option that
names a variable wins over it. \`-h\` and \`--help\` are everywhere.

`;

/** The page's text. */
export async function commandReferencePage(): Promise<string> {
  const program = await fullTree();
  const commands = leavesOf(program);
  const contents = commands.map((command) =>
    `- [\`${nameOf(command)}\`](#${anchorOf(command)}): ${summaryOf(command)}\n`
  );
  return `${before}${contents.join("")}${[program, ...commands].map(sectionOf).join("")}`;
}

/** The commands that do something, in the order of the help. */
function leavesOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  const shown = command.createHelp().visibleCommands(command).filter((child) => child.name() !== "help");
  return shown.flatMap((child) => [...isGroup(child) ? [] : [child], ...leavesOf(child)]);
}

/** Whether a command only holds others. */
function isGroup(command: CommandUnknownOpts): boolean {
  const { length } = command.createHelp().visibleOptions(command);
  return command.commands.length > 0 && command.registeredArguments.length === 0 && length <= 1;
}

function nameOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function anchorOf(command: CommandUnknownOpts): string {
  return nameOf(command).replaceAll(" ", "-");
}

function summaryOf(command: CommandUnknownOpts): string {
  return cell(command.summary() || command.description().split("\n", 1)[0] || "");
}

function sectionOf(command: CommandUnknownOpts): string {
  const help = command.createHelp();
  const { about, examples } = afterHelpOf(command);
  const given = command.registeredArguments.map((argument) => [argument.name(), help.argumentDescription(argument)]);
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help")
    .map((option) => [help.optionTerm(option), help.optionDescription(option)]);
  const variables = new Set(
    options.flatMap(([, meaning = ""]) => meaning.match(/(?<=\()CDKTR_[A-Z_]+(?=, default)/) ?? []),
  );
  return [
    `\n## ${nameOf(command)}\n`,
    `\n${prose(command.description())}\n`,
    `\n\`\`\`text\n${help.commandUsage(command)}\n\`\`\`\n`,
    command.parent === null ? "" : table(["argument", "meaning"], given),
    table(["option", "meaning"], options),
    variables.size === 0 ? "" : `\nVariables: ${[...variables].map((name) => `\`${name}\``).join(", ")}.\n`,
    about === "" ? "" : `\n${prose(about)}\n`,
    examples === "" ? "" : `\n\`\`\`${examples.includes("<(") ? "bash" : "sh"}\n${examples}\n\`\`\`\n`,
  ].join("");
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(([term = "", meaning = ""]) => `| \`${cell(term)}\` | ${cell(meaning)} |\n`);
  return `\n| ${titles.join(" | ")} |\n|${titles.map(() => "---|").join("")}\n${lines.join("")}`;
}

/** Text of the help as Markdown: paragraphs in which what would be markup stands for itself, and lists as they are. */
function prose(text: string): string {
  const paragraphs = text.trim().split(/\n\n+/).map((paragraph) =>
    /^ {2}/m.test(paragraph) ? `\`\`\`text\n${paragraph}\n\`\`\`` : paragraph.replace(/[<*]/g, "\\$&")
  );
  return paragraphs.join("\n\n");
}

/** What the help says below the options: paragraphs, and then the examples. */
function afterHelpOf(command: CommandUnknownOpts): { about: string; examples: string } {
  let help = "";
  command.configureOutput({ writeOut: (part) => help += part });
  command.outputHelp();
  const [about = "", rest = ""] = help.slice(command.helpInformation().length).split(/^Examples?:\n/m);
  const [examples = "", ...more] = rest.split(/\n\n/);
  const paragraphs = [about, ...more].map((text) => text.replace(/^\n+|\s+$/g, "")).filter((text) => text !== "");
  const lines = examples.trimEnd().replace(/^ {2}/gm, "");
  // What is said about an example stands two blanks behind it.
  return { about: paragraphs.join("\n\n"), examples: lines.replace(/^(\S.*?\S)( {2,})(?=\w)/gm, "$1$2# ") };
}
