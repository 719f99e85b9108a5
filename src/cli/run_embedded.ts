/** A workflow that runs in this process, as far as it goes before most of the program has to be there. */
import { systemClock } from "../clock/mod.ts";
import type { Config } from "../config/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { StartedWorker } from "../history/mod.ts";
import { formatProblem, loadFile, type Workflow, WorkflowStore } from "../workflow/mod.ts";
import { listenForInterrupt } from "./interrupt.ts";
import type { Invocation } from "./invocation.ts";
import { printable } from "../paint/mod.ts";
import { startProcessLog } from "./process_log.ts";
import { blockOnStderr } from "./stderr_block.ts";
import { Stores } from "./stores.ts";

const noRescanMs = 3_600_000;

/**
 * The workflow that somebody names: a path is a file; anything else is an id.
 *
 * @throws {CdktrError} INVALID_WORKFLOW, NOT_FOUND.
 */
export async function findWorkflow(invocation: Invocation, config: Config, target: string): Promise<Workflow> {
  if (/[/\\]|\.ya?ml$/.test(target)) {
    const { workflow, problems } = await loadFile(target);
    for (const problem of problems) invocation.stderr.say(printable(formatProblem(problem)));
    if (workflow !== null) return workflow;
    throw new CdktrError("INVALID_WORKFLOW", `The workflow file ${target} cannot be run: it has errors.`, {
      hint: "Correct what is listed above.",
    });
  }
  const store = new WorkflowStore({
    directory: config.workflowDir,
    clock: systemClock,
    rescanIntervalMs: noRescanMs,
    watch: false,
  });
  await store.start();
  await store.stop();
  const workflow = store.get(target);
  if (workflow !== undefined) return workflow;
  throw new CdktrError(
    "NOT_FOUND",
    `There is no workflow with the id ${JSON.stringify(target)} in ${config.workflowDir}.`,
    {
      hint: "`cdktr validate` lists the files there and what is wrong with them.",
    },
  );
}

interface EmbeddedRun {
  readonly find: () => Promise<Workflow>;
  readonly params: Readonly<Record<string, string>>;
  readonly json: boolean;
  /** For the history, where one was started already. */
  readonly worker: StartedWorker | null;
}

/**
 * Runs a workflow to its end in this process, prints its lines as they come, and sets the exit code.
 */
export async function runEmbedded(invocation: Invocation, config: Config, options: EmbeddedRun): Promise<void> {
  const { find, params, json, worker } = options;
  // What the embedded parts say about themselves is of interest only when something is wrong with them.
  const block = blockOnStderr(invocation);
  const talk = block?.talk(invocation.stderr) ?? invocation.stderr;
  using _log = startProcessLog(config.logLevel === "INFO" ? "WARN" : config.logLevel, talk);
  const workflow = await find();
  using interrupt = listenForInterrupt();
  await using stores = Stores.open(config, { command: `cdktr run ${workflow.id}`, isServing: false, worker });
  // The rest of the program is loaded while the history opens.
  const { runInProcess } = await import("./run_in_process.ts");
  await runInProcess(invocation, config, { workflow, params, json, block, stores, signal: interrupt.signal });
}
