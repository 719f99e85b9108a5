/** All settings as rows to show, secrets masked. */
import { type Config, mask, type Source } from "./load.ts";
import { settingKeys, settings } from "./settings.ts";
import type { Setting } from "./setting.ts";

/** One setting as shown. */
export interface SettingRow {
  /** Name of the environment variable. */
  readonly name: string;
  /** The value in force; a row of asterisks for a secret. */
  readonly value: string | number;
  readonly source: Source;
  /** The flag, or the `.env` file and line. Absent for other sources. */
  readonly sourceDetail?: string;
  /** The default, with `$HOME` and the like not replaced. */
  readonly default: string;
  readonly unit?: "ms" | "s" | "bytes";
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
  value: string | number,
  origin: Config["origins"][keyof Config["origins"]],
): SettingRow {
  return {
    name: setting.variable,
    value: setting.secret ? mask : value,
    ...origin,
    default: setting.secret ? mask : setting.defaultText,
    ...(setting.unit ? { unit: setting.unit } : {}),
    accepts: setting.accepts,
    description: setting.description,
  };
}
