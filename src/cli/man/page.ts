/** The manual pages, from the same tree of commands as the help. Nothing in them depends on when or where they are made. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { settingKeys, settings } from "../../config/mod.ts";
import { shownCommands } from "../command_tree.ts";
import { exitCodes } from "../exit_codes.ts";
import { settingOf } from "../settings.ts";
import { version } from "../version.ts";
import { entry, literal, paragraphs, quoted, roffText, section } from "./roff.ts";

/** A page: its name, such as `cdktr-runs-list`, and its text as roff. */
export interface Page {
  readonly name: string;
  readonly text: string;
}

const files: readonly (readonly [path: string, meaning: string])[] = [
  [".env", "Settings, in the working directory or above it. Variables of the environment win."],
  ["workflows/", "The workflow files of a principal (CDKTR_WORKFLOW_DIR)."],
  ["~/.cdktr/", "What cdktr keeps (CDKTR_APP_DATA_DIRECTORY), readable by its owner alone."],
  ["~/.cdktr/state.db", "The principal's journal: queue, runs, decisions (CDKTR_STATE_PATH)."],
  ["~/.cdktr/state.db.holder", "Which process has the journal."],
  ["~/.cdktr/app.db", "Log lines and history, for queries (CDKTR_DB_PATH)."],
  ["~/.cdktr/archive/", "Log lines of older days, as Parquet files (CDKTR_ARCHIVE_DIRECTORY)."],
  ["~/.cdktr/spool/", "Log lines of an agent that its principal does not have yet."],
  ["~/.cdktr/agents/", "What the agents of this machine run at the moment."],
];

const otherVariables: readonly (readonly [name: string, meaning: string])[] = [
  ["NO_COLOR", "No colours, if it is set and not empty."],
  ["NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Set by systemd(1) for a service; see sd_notify(3)."],
];

/** The pages of a program and of all commands below it, whose tree has to be loaded whole. */
export function pagesOf(program: CommandUnknownOpts): Page[] {
  const pages = (command: CommandUnknownOpts): Page[] => {
    return [{ name: pageName(command), text: pageText(command) }, ...shownCommands(command).flatMap(pages)];
  };
  return pages(program);
}

function pageName(command: CommandUnknownOpts): string {
  return namesOf(command).join("-");
}

function namesOf(command: CommandUnknownOpts): string[] {
  return [...command.parent === null ? [] : namesOf(command.parent), command.name()];
}

function pageText(command: CommandUnknownOpts): string {
  const { about, examples } = afterHelpOf(command);
  const isProgram = command.parent === null;
  return [
    `.TH ${quoted(pageName(command).toUpperCase())} 1 "" ${quoted(`cdktr ${version}`)} "cdktr"\n`,
    // Names that are copied from a page, or searched for, must not be broken.
    ".nh\n",
    section("NAME", `${roffText(pageName(command))} \\- ${roffText(summaryOf(command))}\n`),
    section("SYNOPSIS", synopsisOf(command)),
    section("DESCRIPTION", paragraphs(command.description()) + (isProgram ? "" : paragraphs(about))),
    section("COMMANDS", shownCommands(command).map((child) => entry(child.name(), summaryOf(child))).join("")),
    section("ARGUMENTS", argumentsOf(command)),
    section("OPTIONS", optionsOf(command)),
    section("EXIT STATUS", exitCodesText()),
    section("ENVIRONMENT", environmentOf(command)),
    section("FILES", isProgram ? files.map(([path, meaning]) => entry(path, meaning)).join("") : ""),
    section("EXAMPLES", examples === "" ? "" : literal(examples)),
    section("SEE ALSO", seeAlso(command)),
  ].join("");
}

function summaryOf(command: CommandUnknownOpts): string {
  const sentence = command.summary() || command.description();
  return sentence.replace(/\.$/, "");
}

function synopsisOf(command: CommandUnknownOpts): string {
  const words = command.createHelp().commandUsage(command).replace(/\[options\]/g, "[OPTIONS]").split(" ");
  const names = namesOf(command);
  return `\\fB${roffText(names.join(" "))}\\fR ${roffText(words.slice(names.length).join(" "))}\n`;
}

function argumentsOf(command: CommandUnknownOpts): string {
  const help = command.createHelp();
  return command.registeredArguments.map((argument) => entry(argument.name(), help.argumentDescription(argument)))
    .join("");
}

function optionsOf(command: CommandUnknownOpts): string {
  const help = command.createHelp();
  return help.visibleOptions(command).map((option) => entry(help.optionTerm(option), help.optionDescription(option)))
    .join("");
}

function exitCodesText(): string {
  return Object.values(exitCodes).map(({ code, meaning }) => entry(String(code), meaning)).join("");
}

/** All settings for the program; for a command those that its options override, and where the rest is told. */
function environmentOf(command: CommandUnknownOpts): string {
  const isProgram = command.parent === null;
  const own = new Set(command.options.map(settingOf));
  const keys = settingKeys.filter((key) => isProgram || own.has(key));
  const variables = keys.map((key) => {
    const { variable, description, accepts, defaultText } = settings[key];
    const fallback = defaultText === "" ? "Empty by default." : `Default: ${defaultText}.`;
    return entry(variable, isProgram ? `${description} It takes ${accepts}. ${fallback}` : description);
  });
  if (isProgram) return [...variables, ...otherVariables.map(([name, meaning]) => entry(name, meaning))].join("");
  return `${variables.join("")}${paragraphs("cdktr(1) lists all of them.")}`;
}

function seeAlso(command: CommandUnknownOpts): string {
  const others = [...command.parent === null ? [] : [command.parent], ...shownCommands(command)];
  return `${others.map((other) => `\\fB${roffText(pageName(other))}\\fR(1)`).join(",\n")}\n`;
}

/** What the help says below the options: paragraphs, and then the examples. */
function afterHelpOf(command: CommandUnknownOpts): { about: string; examples: string } {
  let help = "";
  command.configureOutput({ writeOut: (part) => help += part });
  command.outputHelp();
  const [about = "", rest = ""] = help.slice(command.helpInformation().length).split(/^Examples?:\n/m);
  const [examples = ""] = rest.split(/\n\n/);
  return { about, examples: examples.replace(/\s+$/, "").replace(/^ {2}/gm, "") };
}
