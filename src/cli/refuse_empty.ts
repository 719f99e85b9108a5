/** Empty names on a command line, such as a script's variable that is not set leaves behind. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { CdktrError } from "../core/mod.ts";
import { type Expected, expectedOfArgument, expectedOfOption } from "./completions/kinds.ts";
import { settingOf } from "./settings.ts";

/**
 * Refuses an empty argument, and an empty value of an option, where it is to name something. Settings have a check of their own.
 *
 * @throws {CdktrError} INVALID_ARGUMENT.
 */
export function refuseEmpty(command: CommandUnknownOpts): void {
  for (const [at, argument] of command.registeredArguments.entries()) {
    if (!isName(expectedOfArgument("", argument)) || ![command.processedArgs[at]].flat().includes("")) continue;
    throw emptyError("argument", argument.name(), argument.description);
  }
  for (const option of command.options) {
    if (settingOf(option) !== undefined || !isName(expectedOfOption("", option))) continue;
    if (command.getOptionValue(option.attributeName()) === "") {
      throw emptyError("option", option.long ?? option.flags, option.description);
    }
  }
}

function isName(expected: Expected | null): boolean {
  return expected !== null && "kind" in expected && expected.kind !== "text";
}

function emptyError(kind: "argument" | "option", name: string, meaning: string): CdktrError {
  return new CdktrError("INVALID_ARGUMENT", `The ${kind} ${name} is empty.`, { hint: `${name}: ${meaning}.` });
}
