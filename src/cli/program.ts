/**
 * The program's commands as a tree. A command's file is loaded only when the command is called, so that no command pays for the
 * libraries of another; the others are known by name and summary, which is all that help and suggestions need.
 *
 * To add a command: a file in commands/ that exports a function from {@linkcode Invocation} to a commander `Command`, and a row below.
 */
import { Command, CommanderError, type CommandUnknownOpts, Help } from "@commander-js/extra-typings";
import { CdktrError } from "../core/mod.ts";
import { exitCodes } from "./exit_codes.ts";
import type { LoadTree } from "./command_tree.ts";
import type { Invocation } from "./invocation.ts";
import { version } from "./version.ts";

interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** For programs: no list shows it. @default false */
  readonly isHidden?: boolean;
  readonly load: () => Promise<(invocation: Invocation, loadTree: LoadTree) => CommandUnknownOpts>;
}

const entries: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "Run one workflow here and now",
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  {
    name: "start",
    summary: "Start a principal or an agent",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  {
    name: "task",
    summary: "List the workflows of a principal, and run them there",
    load: async () => (await import("./commands/task.ts")).taskCommand,
  },
  {
    name: "listen",
    summary: "Run workflows for HTTP requests and for files",
    load: async () => (await import("./commands/listen.ts")).listenCommand,
  },
  {
    name: "ui",
    summary: "Watch and steer a principal on the full screen",
    load: async () => (await import("./commands/ui.ts")).uiCommand,
  },
  {
    name: "runs",
    summary: "List, show and steer runs: cancel, retry, pause, resume",
    load: async () => (await import("./commands/runs.ts")).runsCommand,
  },
  {
    name: "explain",
    summary: "Say why something ran, waits, or did not run",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  {
    name: "logs",
    summary: "Query and follow the logs of tasks",
    load: async () => (await import("./commands/logs.ts")).logsCommand,
  },
  {
    name: "sql",
    summary: "Query runs, tasks, logs and decisions with SQL",
    load: async () => (await import("./commands/sql.ts")).sqlCommand,
  },
  {
    name: "status",
    summary: "Show how a principal is",
    load: async () => (await import("./commands/status.ts")).statusCommand,
  },
  {
    name: "agents",
    summary: "List the agents of a principal",
    load: async () => (await import("./commands/agents.ts")).agentsCommand,
  },
  {
    name: "doctor",
    summary: "Look for what is wrong, here and at the principal",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    name: "archive",
    summary: "Move old log lines into the archive now",
    load: async () => (await import("./commands/archive.ts")).archiveCommand,
  },
  {
    name: "init",
    summary: "Set up a project: examples, settings, systemd, Docker, CI",
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  {
    name: "demo",
    summary: "Run a workflow that comes with cdktr",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
  {
    name: "import",
    summary: "Make workflows of crontabs and systemd timers",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  {
    name: "validate",
    summary: "Check workflow files and show when they fire next",
    load: async () => (await import("./commands/validate.ts")).validateCommand,
  },
  {
    name: "schema",
    summary: "Print the JSON Schema of workflow files",
    load: async () => (await import("./commands/schema.ts")).schemaCommand,
  },
  {
    name: "config",
    summary: "Show settings and where they come from",
    load: async () => (await import("./commands/config.ts")).configCommand,
  },
  {
    name: "completions",
    summary: "Print the completions of a shell",
    load: async () => (await import("./commands/completions.ts")).completionsCommand,
  },
  {
    name: "man",
    summary: "Print or write the manual pages",
    load: async () => (await import("./commands/man.ts")).manCommand,
  },
  {
    name: "complete",
    summary: "Print what a word of a command line can be, for shells",
    isHidden: true,
    load: async () => (await import("./commands/complete.ts")).completeCommand,
  },
];

const examples = `
Examples:
  cdktr demo                            see a workflow run, here and now
  cdktr init my-project                 a project to start from
  cdktr run workflows/daily.yml         run one workflow here and now
  cdktr start principal --with-agent    serve workflows and run them on this machine
  cdktr task run etl.daily --wait       run a workflow on the principal's agents
  cdktr logs query --follow             what tasks print, stored and live
  cdktr explain etl.daily               what a workflow did, and why not more

Exit codes:
${Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`).join("\n")}

Settings come from flags, else the environment (CDKTR_...), else a .env file here or above, else their defaults.`;

/**
 * Finds the command that `argv` calls and runs it.
 *
 * @throws {CdktrError} INVALID_ARGUMENT for a command line that cannot be understood; and whatever the command throws.
 */
export async function runProgram(argv: readonly string[], invocation: Invocation): Promise<void> {
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  const called = words.find((word) => !word.startsWith("-"));
  const help: string[] = [];
  const program = await treeOf(invocation, help, (name) => name === called);
  try {
    // commander would answer `nonsense --help` with the program's help and success.
    const isKnown = called === undefined || entries.some(({ name }) => name === called);
    await program.parseAsync(isKnown ? words : [called], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      await invocation.stdout.write(help.join(""));
    } else {
      // A command that needs a subcommand was called without one: its help is the answer, and no success.
      invocation.stderr.say(help.join("").trimEnd());
      invocation.exitCode = exitCodes.usage.code;
    }
  }
}

/**
 * The program with its commands, of which those that `isWanted` are loaded.
 *
 * @param help Takes what is printed as help.
 */
export async function treeOf(
  invocation: Invocation,
  help: string[],
  isWanted: (name: string) => boolean,
): Promise<CommandUnknownOpts> {
  const program = new Command("cdktr")
    .description("A workflow engine: principals decide, agents run, YAML says what.")
    .helpCommand("help [command]", "Show the help of a command")
    // An option after a command is that command's, also where the one above it has one of the same name.
    .enablePositionalOptions()
    .hook("preAction", async (_, called) => (await import("./refuse_empty.ts")).refuseEmpty(called))
    .addHelpText("after", examples);
  const loadTree: LoadTree = (isWanted) => treeOf(invocation, [], isWanted);
  for (const { name, summary, isHidden = false, load } of entries) {
    const command = isWanted(name) ? (await load())(invocation, loadTree) : new Command(name);
    program.addCommand(command.summary(summary), { hidden: isHidden });
  }
  prepare(program, invocation, help);
  return program;
}

const plainHelp = new Help();

/** Makes a command and all below it end by an exception, print through `invocation` and know `--version`. */
function prepare(command: CommandUnknownOpts, invocation: Invocation, help: string[]): void {
  const collect = (text: string) => void help.push(text);
  command
    .version(`cdktr ${version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .configureHelp({
      subcommandTerm: (child) => child.name(),
      // An option that gathers pairs begins with none, which is no default to speak of.
      optionDescription: (option) => plainHelp.optionDescription(option).replace(" (default: {})", ""),
    })
    .configureOutput({
      writeOut: collect,
      writeErr: collect,
      outputError: () => {},
      getOutHelpWidth: () => invocation.stdout.columns() ?? 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => invocation.stdout.colours,
      getErrHasColors: () => invocation.stderr.colours,
    })
    .exitOverride((error) => {
      throw error.exitCode === 0 || error.code === "commander.help" ? error : usageError(error, command);
    });
  // Every command takes --version, as the original's do; only the first help page needs to say so.
  if (command.parent) {
    command.helpCommand(false).options.find(({ long }) => long === "--version")?.hideHelp();
  }
  for (const child of command.commands) prepare(child, invocation, help);
}

/** Turns commander's text, such as "error: unknown option '--prot'\n(Did you mean --port?)", into our form. */
function usageError(error: CommanderError, command: CommandUnknownOpts): CdktrError {
  const [sentence = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n");
  const names: string[] = [];
  for (let at: CommandUnknownOpts | null = command; at !== null; at = at.parent) names.unshift(at.name());
  const seeHelp = `\`${names.join(" ")} --help\` says what it takes.`;
  return new CdktrError("INVALID_ARGUMENT", sentence.replace(/^./, (c) => c.toUpperCase()).replace(/[.]?$/, "."), {
    hint: [suggestion.replace(/^\((.*)\)$/, "$1"), seeHelp].filter(Boolean).join(" "),
  });
}
