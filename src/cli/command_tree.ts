/** The tree of commands, for commands that tell of the others. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/**
 * The program with all its commands by name and summary; those that are wanted are loaded, with their options and all below
 * them.
 */
export type LoadTree = (isWanted: (name: string) => boolean) => Promise<CommandUnknownOpts>;

/** The commands below `command` that people are told of. */
export function shownCommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.createHelp().visibleCommands(command).filter((child) => child.name() !== "help");
}
