/** All settings as rows to show, secrets masked. */
import { type Config, mask, type Source } from "./load.ts";
import { formatContexts, type NamedAddress } from "./contexts.ts";
import { formatRetention, type RetentionLimit } from "./retention.ts";
import { settingKeys, settings } from "./settings.ts";
import type { Setting, Unit } from "./setting.ts";

/** The values that settings have. */
type Shown = string | number | readonly (string | NamedAddress)[] | RetentionLimit;

/** One setting as shown. */
export interface SettingRow {
  /** Name of the environment variable. */
  readonly name: string;
  /** The value in force, a list with commas; a row of asterisks for a secret. */
  readonly value: string | number;
  readonly source: Source;
  /** The flag, or the `.env` file and line. Absent for other sources. */
  readonly sourceDetail?: string;
  /** The default, with `$HOME` and the like not replaced. */
  readonly default: string;
  readonly unit?: Unit;
  /** What values are accepted. */
  readonly accepts: string;
  readonly description: string;
}

/** The settings of `config` as rows, in the order in which they are documented. */
export function listSettings(config: Config): SettingRow[] {
  return settingKeys.map((key) => settingRow(settings[key], config[key], config.origins[key]));
}

/** One row. A secret value is masked, whatever it is. */
export function settingRow(
  setting: Setting<unknown>,
  value: Shown,
  origin: Config["origins"][keyof Config["origins"]],
): SettingRow {
  return {
    name: setting.variable,
    value: setting.secret ? mask : shown(value),
    ...origin,
    default: setting.secret ? mask : setting.defaultText,
    ...(setting.unit ? { unit: setting.unit } : {}),
    accepts: setting.accepts,
    description: setting.description,
  };
}

function shown(value: Shown): string | number {
  if (typeof value !== "object") return value;
  if ("ageMs" in value) return formatRetention(value);
  return value.map((one) => typeof one === "string" ? one : formatContexts([one])).join(",");
}
