/** Settings: one schema, and where each value came from. */
export type { Address } from "./address.ts";
export { defaultContext } from "./contexts.ts";
export { type Config, type ConfigSources, type FlagValue, loadConfig, type Origin, type Source } from "./load.ts";
export { listSettings, type SettingRow } from "./list.ts";
export { type LogLevel, type SettingKey, settingKeys, settings, type SettingValues } from "./settings.ts";
