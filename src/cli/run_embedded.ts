/** A workflow that runs in this process: principal and agent without a port. */
import { systemClock } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import type { Config } from "../config/mod.ts";
import { CdktrError, isFinal, messageOf } from "../core/mod.ts";
import type { StartedWorker } from "../history/mod.ts";
import { maxWaitMs, type ReplyTo, type WireLogLine } from "../wire/mod.ts";
import { formatProblem, loadFile, type Workflow, WorkflowStore } from "../workflow/mod.ts";
import { clientInProcess, inheritDotenv, journalHolder, makeAgent, openPrincipal, singleSource } from "./compose.ts";
import { exitCodes } from "./exit_codes.ts";
import { Interrupted, listenForInterrupt, onAbort } from "./interrupt.ts";
import type { Invocation } from "./invocation.ts";
import type { LiveBlock } from "./live_block.ts";
import { printable } from "../paint/mod.ts";
import { startProcessLog } from "./process_log.ts";
import { blockOnStderr, showProgress } from "./run_progress.ts";
import { LinePrinter, summaryOf } from "./run_view.ts";

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

/** How the lines of a run are shown. */
interface Shown {
  readonly workflow: Workflow;
  readonly json: boolean;
  /** Where its progress is drawn; null for nowhere. */
  readonly block: LiveBlock | null;
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
  inheritDotenv(config);
  using interrupt = listenForInterrupt();
  await using ending = new AsyncDisposableStack();
  const holder = ending.use(journalHolder(config, `cdktr run ${workflow.id}`));
  const principal = await openPrincipal(config, singleSource(workflow), false, holder, worker);
  ending.defer(() => principal.close());
  const client = clientInProcess(principal, "cli", config);
  ending.defer(() => client.close());

  interrupt.signal.throwIfAborted();
  const { runId } = await client.call("RUN", {
    workflowId: workflow.id,
    trigger: "manual",
    params: { ...params },
    idempotencyKey: null,
    dueMs: null,
    reason: "`cdktr run` was called",
  });
  const following = new AbortController();
  const printed = printLines(invocation, client, { workflow, json, block }, runId, following.signal);
  const agent = makeAgent(config, client, { onlyRunId: runId, labels: workflow.labels });
  const ended = agent.run();
  const finished = untilFinal(client, runId);
  const cancel = (reason: string) => client.call("CANCEL", { run: runId, task: null, reason });
  onAbort(interrupt.signal, () => void cancel(messageOfInterrupt(interrupt.signal)).catch(() => {}));

  try {
    await using _progress = block === null ? null : showProgress(invocation, client, runId, block);
    // The others end before the run only by failing.
    await Promise.race([finished, ended, printed]);
    agent.drain();
    await ended;
    following.abort();
    await printed;
  } catch (error) {
    // The journal keeps the run: the next principal on it must not find it waiting.
    await cancel(`\`cdktr run\` failed: ${messageOf(error)}`).catch(() => {});
    await Promise.race([finished, ended]).catch(() => {});
    agent.drain();
    following.abort();
    await Promise.allSettled([ended, printed]);
    throw error;
  }
  const shown = await client.call("SHOWRUN", { run: runId });
  if (json) await invocation.stdout.write(`${JSON.stringify({ type: "run", ...shown.run, tasks: shown.tasks })}\n`);
  else invocation.stderr.say(`\n${summaryOf(shown.run, shown.tasks, workflow)}`);
  // An interrupt that came too late changes nothing.
  if (shown.run.state === "CANCELLED") interrupt.signal.throwIfAborted();
  if (shown.run.state !== "COMPLETED") invocation.exitCode = exitCodes.failed.code;
}

async function untilFinal(client: PrincipalClient, runId: string): Promise<void> {
  let reply: ReplyTo<"WAITRUN">;
  do reply = await client.call("WAITRUN", { run: runId, waitMs: maxWaitMs }); while (!isFinal(reply.run.state));
}

async function printLines(
  { stdout, stderr }: Invocation,
  client: PrincipalClient,
  { workflow, json, block }: Shown,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  const printer = new LinePrinter(stdout, workflow);
  const talk = block?.talk(stderr) ?? stderr;
  const print = async (lines: readonly WireLogLine[]) => {
    for (const line of lines) {
      if (line.runId !== runId) continue;
      if (json) await stdout.write(`${JSON.stringify({ type: "log", ...line })}\n`);
      else await printer.print(line);
    }
  };
  for await (const news of client.followLogs(workflow.id, signal)) {
    if (news.type === "dropped") {
      talk.say(`note: ${news.count} lines are left out here, stdout was too slow for them`);
    }
    if (news.type !== "lines") continue;
    // On one terminal, what is printed and what is drawn must not get into each other's way.
    if (block !== null && stdout.columns() !== undefined) await block.above(() => print(news.lines));
    else await print(news.lines);
  }
}

function messageOfInterrupt({ reason }: AbortSignal): string {
  return reason instanceof Interrupted ? `\`cdktr run\` was ended by ${reason.signal}` : "`cdktr run` was ended";
}
