/** `cdktr run`: one workflow here and now, principal and agent in this process, no port opened. */
import { Command } from "@commander-js/extra-typings";
import { StartedWorker } from "../../history/started_worker.ts";
import type { Invocation } from "../invocation.ts";
import { addParam, paramFlags, paramText } from "../params.ts";
import { loadSettings, settingOption } from "../settings.ts";

const afterHelp = `
The lines of its tasks go to stdout as they come, the summary to stderr; the exit code is 0 if the run completed.
Logs and history are kept where the settings say. They cannot be shared: beside a principal with the same data directory use
\`cdktr task run\`, or name another directory in CDKTR_APP_DATA_DIRECTORY.

Examples:
  cdktr run workflows/etl/daily.yml
  cdktr run etl.daily -p date=2026-03-01
  cdktr run etl.daily --json | jq -r 'select(.type == "log").payload'`;

export function runCommand(invocation: Invocation) {
  return new Command("run")
    .description("Run one workflow to its end in this process, without a principal elsewhere.")
    .argument("<workflow>", "a workflow file, or the id of one in CDKTR_WORKFLOW_DIR")
    .option(paramFlags, paramText, addParam, {})
    .option("--json", "print one JSON object a line: the log lines, and at the end the run")
    .addOption(settingOption("--workflow-dir <path>", "workflowDir"))
    .addHelpText("after", afterHelp)
    .action(async (target, { param, json = false }, command) => {
      // The worker starts, and loads DuckDB, while the rest of this command does.
      using worker = new StartedWorker();
      const config = loadSettings(invocation, command);
      worker.load(config.cacheDirectory);
      await import("../interpreted_schemas.ts");
      const { findWorkflow, runEmbedded } = await import("../run_embedded.ts");
      const find = () => findWorkflow(invocation, config, target);
      await runEmbedded(invocation, config, { find, params: param, json, worker });
    });
}
