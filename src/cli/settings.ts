/** Settings as the command line sees them: read from this process, and overridden by flags. */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import {
  type Config,
  type ConfigSources,
  type FlagValue,
  loadConfig,
  type SettingKey,
  settings,
} from "../config/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import type { Invocation } from "./invocation.ts";

const overridden = new WeakMap<Option, SettingKey>();

/**
 * A flag that overrides a setting. Several flags may override one; the last one given wins. What it takes is checked with the
 * setting, so that the same sentence tells of a bad value wherever it comes from.
 *
 * @param flags As commander takes them, such as `-p, --port <port>`.
 */
export function settingOption<const Flags extends string>(flags: Flags, key: SettingKey): Option<Flags> {
  const { description, variable, defaultText } = settings[key];
  const option = new Option(flags, `${description.replace(/\.$/, "")} (${variable}, default ${defaultText})`);
  overridden.set(option, key);
  return option;
}

/** The setting that `option` overrides, if it is one of {@linkcode settingOption}. */
export function settingOf(option: Option): SettingKey | undefined {
  return overridden.get(option);
}

/** The settings for `command`: its own flags, the environment, `.env` and the defaults. */
export function loadSettings(invocation: Invocation, command: CommandUnknownOpts): Config {
  const flags: { [Key in SettingKey]?: FlagValue } = {};
  for (const option of command.options) {
    const key = overridden.get(option);
    const text: unknown = command.getOptionValue(option.attributeName());
    if (key !== undefined && typeof text === "string") flags[key] = { text, flag: option.long ?? option.flags };
  }
  return loadConfig({ ...invocation, readTextFile, flags });
}

/** The text of a file; `undefined` where there is none, as for a directory called `.env`, which Python projects often have. */
const readTextFile: ConfigSources["readTextFile"] = (path) => {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw new CdktrError("STORAGE", `${path} cannot be read: ${messageOf(error)}.`, {
      hint: "Make the file readable, or move it away.",
      cause: error,
    });
  }
};
