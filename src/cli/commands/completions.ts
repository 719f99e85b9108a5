/** `cdktr completions`: the script that has a shell complete our commands. */
import { Argument, Command } from "@commander-js/extra-typings";
import { scripts, shells } from "../completions/scripts.ts";
import type { Invocation } from "../invocation.ts";

const afterHelp = `
Commands, options and their values are completed; workflows, runs, tasks and agents are those of the principal, if it answers
at once.

Examples:
  source <(cdktr completions bash)
  cdktr completions zsh > ~/.zfunc/_cdktr
  cdktr completions fish > ~/.config/fish/completions/cdktr.fish
  cdktr completions powershell > cdktr.ps1`;

export function completionsCommand({ stdout }: Invocation) {
  return new Command("completions")
    .description("Print the script that has a shell complete the commands of cdktr.")
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .addHelpText("after", afterHelp)
    .action((shell) => stdout.write(scripts[shell]));
}
