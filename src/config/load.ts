/** From a process's surroundings to its settings, each of which remembers where it came from. */
import { dirname, join } from "node:path";
import { CdktrError } from "../core/mod.ts";
import { type DotenvVariable, parseDotenv } from "./dotenv.ts";
import type { PathScope, Setting } from "./setting.ts";
import { type SettingKey, settingKeys, settings, type SettingValues } from "./settings.ts";

/** Where a value came from, strongest first. */
export type Source = "flag" | "environment" | ".env" | "default";

/** Where a value came from, and the place in it. */
export interface Origin {
  readonly source: Source;
  /** The flag's name; or the path of the `.env` file, `:` and the line. Absent for the other two. */
  readonly sourceDetail?: string;
}

/** The value given by a flag of the command line. */
export interface FlagValue {
  /** What was typed. */
  readonly text: string;
  /** The flag's name as the user knows it, such as `--port`. */
  readonly flag: string;
}

/** What settings are read from. */
export interface ConfigSources {
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path of the directory in which the search for `.env` begins. */
  readonly workingDirectory: string;
  /** The text of a file, or `undefined` where there is no file of that path. */
  readonly readTextFile: (path: string) => string | undefined;
  /** Flags given, by the key of the setting they override. @default {} */
  readonly flags?: { readonly [Key in SettingKey]?: FlagValue | undefined };
}

/** The settings of a process. */
export interface Config extends SettingValues {
  /** Where each value came from. */
  readonly origins: { readonly [Key in SettingKey]: Origin };
  /** The `.env` file in force, if one was found. */
  readonly dotenvPath: string | undefined;
  /** What `.env` adds to the environment. Tasks inherit it; it never replaces a variable that is set. */
  readonly inheritedEnvironment: Readonly<Record<string, string>>;
  /** Variables that begin with `CDKTR_` and are neither settings nor what a task is told, such as misspelt ones. */
  readonly unknownVariables: readonly string[];
}

/** A text for a setting. */
interface Given {
  readonly text: string;
  readonly origin: Origin;
}

/** The `.env` file in force. */
interface Dotenv {
  readonly path: string;
  readonly variables: ReadonlyMap<string, DotenvVariable>;
}

/**
 * Reads all settings: flag, else environment, else `.env`, else default. An empty variable counts as not set.
 *
 * `.env` is looked for in the working directory and then in each parent; the first one found is the one.
 *
 * @throws {CdktrError} INVALID_SETTING for a value that cannot be used or a `.env` line that cannot be read.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { environment, flags = {} } = sources;
  const dotenv = findDotenv(sources);
  const given = mapSettings((setting, key) => giveText(setting, flags[key], environment, dotenv));
  const home = nonEmpty(environment["HOME"]) ?? nonEmpty(environment["USERPROFILE"]);
  const appDataDirectory = readValue(settings.appDataDirectory, given.appDataDirectory, {
    home,
    appDataDirectory: undefined,
  });
  const scope: PathScope = { home, appDataDirectory };

  return {
    ...readSettings((setting, key) => readValue(setting, given[key], scope)),
    appDataDirectory,
    origins: mapSettings((_, key) => given[key].origin),
    dotenvPath: dotenv?.path,
    inheritedEnvironment: Object.fromEntries(
      [...dotenv?.variables ?? []].filter(([name]) => !Object.hasOwn(environment, name)).map(([n, v]) => [n, v.value]),
    ),
    unknownVariables: unknownVariables([...Object.keys(environment), ...dotenv?.variables.keys() ?? []]),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function findDotenv(sources: ConfigSources): Dotenv | undefined {
  for (let directory = sources.workingDirectory;; directory = dirname(directory)) {
    const path = join(directory, ".env");
    const text = sources.readTextFile(path);
    if (text !== undefined) return { path, variables: parseDotenv(text, path, sources.environment) };
    if (dirname(directory) === directory) return undefined;
  }
}

function giveText(
  setting: Setting<unknown>,
  flag: FlagValue | undefined,
  environment: ConfigSources["environment"],
  dotenv: Dotenv | undefined,
): Given {
  if (flag) return { text: flag.text, origin: { source: "flag", sourceDetail: flag.flag } };
  const text = environment[setting.variable];
  if (text) return { text, origin: { source: "environment" } };
  const variable = dotenv?.variables.get(setting.variable);
  if (dotenv && variable?.value) {
    return { text: variable.value, origin: { source: ".env", sourceDetail: `${dotenv.path}:${variable.line}` } };
  }
  return { text: setting.defaultText, origin: { source: "default" } };
}

function readValue<Value>(setting: Setting<Value>, { text, origin }: Given, scope: PathScope): Value {
  const reading = text === "" && origin.source !== "default"
    ? { problem: `it must be ${setting.accepts}` }
    : setting.read(text, scope);
  if ("value" in reading) return reading.value;
  const shown = setting.secret ? mask : JSON.stringify(text);
  throw new CdktrError(
    "INVALID_SETTING",
    `${setting.variable} is ${shown} (from ${describeOrigin(origin)}), but ${reading.problem}.`,
    { hint: correction(setting, origin) },
  );
}

/** Shown in place of a secret value. */
export const mask = "********";

/** An origin in words, such as "flag --port" or "/srv/.env:3". */
function describeOrigin(origin: Origin): string {
  switch (origin.source) {
    case "flag":
      return `flag ${origin.sourceDetail}`;
    case ".env":
      return `${origin.sourceDetail}`;
    case "environment":
      return "the environment";
    case "default":
      return "its default";
  }
}

function correction({ variable }: Setting<unknown>, origin: Origin): string {
  switch (origin.source) {
    case "flag":
      return "Change the flag, or leave it out.";
    case ".env":
      return "Correct that line, or take it out.";
    case "environment":
      return `Change ${variable}, or unset it.`;
    case "default":
      return `Set ${variable}.`;
  }
}

/** What an agent tells a task, which is no setting of a cdktr that the task calls. */
const taskVariable = /^CDKTR_(WORKFLOW_ID|RUN_ID|ATTEMPT|TASK_ID|TASK_RUN_ID|TRY|OUTPUT|INPUTS|PARAM_.+|OUTPUT_.+)$/;
/** Secrets are no settings: `cdktr config list` shows those. */
const secretVariables = ["CDKTR_WEBHOOK_SECRET"];

function unknownVariables(names: readonly string[]): string[] {
  const known = new Set([...Object.values(settings).map((setting): string => setting.variable), ...secretVariables]);
  return [...new Set(names)]
    .filter((name) => name.startsWith("CDKTR_") && !known.has(name) && !taskVariable.test(name)).sort();
}

/** Makes one value a setting. The overload says what the loop over names cannot: every key is there. */
function mapSettings<Result>(make: (setting: Setting<unknown>, key: SettingKey) => Result): Record<SettingKey, Result>;
function mapSettings(make: (setting: Setting<unknown>, key: SettingKey) => unknown): Record<string, unknown> {
  return Object.fromEntries(settingKeys.map((key) => [key, make(settings[key], key)]));
}

/** Reads each setting. The overload says what the loop cannot: each key's value has the type that its setting reads. */
function readSettings(read: <Value>(setting: Setting<Value>, key: SettingKey) => Value): SettingValues;
function readSettings(read: (setting: Setting<unknown>, key: SettingKey) => unknown): Record<string, unknown> {
  return mapSettings(read);
}
