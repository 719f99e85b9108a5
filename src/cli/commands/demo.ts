/** `cdktr demo`: a workflow that is in the program, run here and now. */
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { CdktrError, messageOf } from "../../core/mod.ts";
import { demoWorkflow } from "../../project/mod.ts";
import { parseWorkflow } from "../../workflow/mod.ts";
import type { Invocation } from "../invocation.ts";
import { runEmbedded } from "../run_embedded.ts";
import { loadSettings } from "../settings.ts";

const afterHelp = `
It needs no project, no principal, no network and nothing but sh. It keeps nothing of the run: what it writes goes into a
temporary directory that is removed at the end.

Example:
  cdktr demo`;

export function demoCommand(invocation: Invocation) {
  return new Command("demo")
    .description(
      "Run a workflow that comes with cdktr: tasks side by side and one after another, live lines, a summary.",
    )
    .option("--json", "print one JSON object a line: the log lines, and at the end the run")
    .option("--print", "print the workflow file instead of running it")
    .addHelpText("after", afterHelp)
    .action(async ({ json = false, print = false }, command) => {
      if (print) return await invocation.stdout.write(demoWorkflow);
      const { workflow } = parseWorkflow(demoWorkflow, { id: "demo", path: "demo.yml" });
      if (workflow === null) throw new CdktrError("INTERNAL", "The workflow of the demo cannot be read.");
      const settings = loadSettings(invocation, command);
      await using directory = await makeTemporaryDirectory();
      const config = {
        ...settings,
        appDataDirectory: directory.path,
        statePath: join(directory.path, "state.db"),
        dbPath: join(directory.path, "app.db"),
        archiveDirectory: join(directory.path, "archive"),
      };
      const find = () => Promise.resolve(workflow);
      await runEmbedded(invocation, config, { find, params: {}, json, worker: null });
    });
}

async function makeTemporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  try {
    const path = await Deno.makeTempDir({ prefix: "cdktr-demo-" });
    return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
  } catch (cause) {
    throw new CdktrError("STORAGE", `A temporary directory cannot be made: ${messageOf(cause)}.`, {
      hint: "TMPDIR names where to make it.",
      cause,
    });
  }
}
