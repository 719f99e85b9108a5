/** `cdktr doctor`: looks for what is wrong, on this machine and at the principal. */
import { Command } from "@commander-js/extra-typings";
import type { Config } from "../../config/mod.ts";
import { CdktrError } from "../../core/mod.ts";
import { encodeVerbRequest } from "../../wire/mod.ts";
import { clockFinding } from "../check_up/clock.ts";
import { type Finding, finding } from "../check_up/finding.ts";
import { logPortsFinding, portsFinding } from "../check_up/network.ts";
import { connectToPrincipal } from "../connect.ts";
import { exitCodes } from "../exit_codes.ts";
import type { Invocation } from "../invocation.ts";
import { type Output, printJson } from "../output.ts";
import { printable, wrapped } from "../../paint/mod.ts";
import { loadSettings, settingOption } from "../settings.ts";

/** How long the principal may take beyond the usual when it reads its whole journal, in milliseconds. */
const deepCheckUpMaxMs = 120_000;

const afterHelp = `
Looks at settings, directories, disk, clock, ports and programs of this machine, and has the principal look at its own parts. Exits 1
if anything is an error; warnings are none. With --deep the principal reads its journal as a whole, seconds for each gigabyte,
and holds everybody up meanwhile: agents, triggers and schedules.

Examples:
  cdktr doctor
  cdktr doctor --deep
  cdktr doctor --json | jq -r '.findings[] | select(.state != "ok") | .detail'`;

/** A finding and the side it was made on. */
type PlacedFinding = Finding & { readonly where: "here" | "principal" };

export function doctorCommand(invocation: Invocation) {
  return new Command("doctor")
    .description("Look for what is wrong, on this machine and at the principal.")
    .option("--deep", "have the principal read its whole journal for damage; it does nothing else meanwhile")
    .option("--json", "print one JSON object with all findings")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async ({ json, deep = false }, command) => {
      const findings = await findingsFor(invocation, () => loadSettings(invocation, command), deep);
      const isHealthy = findings.every(({ state }) => state !== "error");
      if (!isHealthy) invocation.exitCode = exitCodes.failed.code;
      if (json) await printJson(invocation.stdout, { healthy: isHealthy, findings });
      else await invocation.stdout.write(findings.map((one) => asText(one, invocation.stdout)).join(""));
    });
}

/** Settings that cannot be read are a finding, too, and the last one. */
async function findingsFor(invocation: Invocation, settings: () => Config, deep: boolean): Promise<PlacedFinding[]> {
  const here = (one: Finding): PlacedFinding => ({ where: "here", ...one });
  let config: Config;
  try {
    config = settings();
  } catch (error) {
    if (!(error instanceof CdktrError)) throw error;
    return [here(finding("settings", "error", error.message, error.hint ?? null))];
  }
  const { checkMachine } = await import("../check_up/machine.ts");
  const machine = await checkMachine(config, invocation.clock);
  return [...machine.map(here), ...await askPrincipal(invocation, config, deep)];
}

async function askPrincipal(invocation: Invocation, config: Config, deep: boolean): Promise<PlacedFinding[]> {
  await using client = connectToPrincipal(config, invocation, "cli");
  try {
    if (await client.dialect() === "original") {
      const detail = `The principal at ${client.address} is an original cdktr, which has no check-up.`;
      return [{ where: "principal", ...finding("principal", "warning", detail, "Run a principal of this version.") }];
    }
    const askedMs = invocation.clock.nowMs();
    const { findings, nowMs } = await client.callEncoded(
      "DOCTOR",
      encodeVerbRequest("DOCTOR", { deep }),
      deep ? deepCheckUpMaxMs : 0,
    );
    return [
      { where: "here", ...clockFinding(askedMs, invocation.clock.nowMs(), nowMs) },
      { where: "here", ...await logPortsFinding(config, invocation.clock) },
      ...findings.map((one): PlacedFinding => ({ where: "principal", ...one })),
    ];
  } catch (error) {
    if (!(error instanceof CdktrError)) throw error;
    return [
      { where: "here", ...portsFinding(config) },
      { where: "principal", ...finding("principal", "error", error.message, error.hint ?? null) },
    ];
  }
}

const stateColours = { ok: 32, warning: 33, error: 31 } as const;
const stateColumns = "warning  ".length;
const nameColumns = "principal data directory  ".length;

function asText({ where, name, state, detail, hint }: PlacedFinding, stdout: Output): string {
  const shownState = state.padEnd(stateColumns);
  const paintedState = stdout.colours ? `\x1b[${stateColours[state]}m${shownState}\x1b[0m` : shownState;
  const shownName = (where === "here" ? name : name === "principal" ? name : `principal ${name}`).padEnd(nameColumns);
  const columns = stdout.columns();
  const indent = stateColumns + nameColumns;
  const width = columns === undefined ? undefined : Math.max(columns - indent, 30);
  const lines = [
    ...wrapped(printable(detail), width),
    ...(hint === null ? [] : wrapped(`hint: ${printable(hint)}`, width)),
  ];
  return lines.map((line, index) => `${index === 0 ? paintedState + shownName : " ".repeat(indent)}${line}\n`).join("");
}
