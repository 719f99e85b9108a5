/** `cdktr config`: what the settings are and where they come from. */
import { Command } from "@commander-js/extra-typings";
import { listSettings, type SettingRow } from "../../config/mod.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { printable } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { formatTable } from "../table.ts";

const columns = [{ heading: "SETTING" }, { heading: "VALUE" }, { heading: "FROM" }] as const;

export function configCommand(invocation: Invocation) {
  return new Command("config")
    .description("Show settings and where they come from.")
    .addCommand(listCommand(invocation));
}

function listCommand(invocation: Invocation) {
  const { stdout, stderr } = invocation;
  return new Command("list")
    .summary("List every setting, its value and where it comes from")
    .description("List every setting, its value and where it comes from: a flag, the environment, .env or its default.")
    .option("--json", "print one JSON array, with descriptions, defaults and accepted values")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .action(async ({ json }, command) => {
      const config = loadSettings(invocation, command);
      const rows = listSettings(config);
      if (json) await printJson(stdout, rows);
      else await stdout.write(formatTable(columns, rows.map(cells), stdout.columns()));
      for (const name of config.unknownVariables) {
        stderr.say(`note: ${printable(name)} is set and no setting of cdktr has that name`);
      }
    });
}

function cells({ name, value, unit, source, sourceDetail }: SettingRow): string[] {
  const from = source === ".env" ? sourceDetail : sourceDetail === undefined ? source : `${source} ${sourceDetail}`;
  return [name, unit === undefined ? String(value) : `${value} ${unit}`, from ?? source];
}
