/** A workflow that runs in this process: principal and agent without a port. */
import type { PrincipalClient } from "../client/mod.ts";
import type { Config } from "../config/mod.ts";
import { isFinal, messageOf } from "../core/mod.ts";
import { maxWaitMs, type ReplyTo, type WireLogLine } from "../wire/mod.ts";
import type { Workflow } from "../workflow/mod.ts";
import { clientInProcess, inheritDotenv, makeAgent, openPrincipal, singleSource } from "./compose.ts";
import { exitCodes } from "./exit_codes.ts";
import { Interrupted, onAbort } from "./interrupt.ts";
import type { Invocation } from "./invocation.ts";
import type { LiveBlock } from "./live_block.ts";
import { showProgress } from "./run_progress.ts";
import { LinePrinter, summaryOf } from "./run_view.ts";
import type { Stores } from "./stores.ts";

/** How the lines of a run are shown. */
interface Shown {
  readonly workflow: Workflow;
  readonly json: boolean;
  /** Where its progress is drawn; null for nowhere. */
  readonly block: LiveBlock | null;
}

/** What {@linkcode runInProcess} runs, and how. */
interface RunInProcess extends Shown {
  readonly params: Readonly<Record<string, string>>;
  readonly stores: Stores;
  /** Aborts when the run is to be cancelled. */
  readonly signal: AbortSignal;
}

/** Runs a workflow to its end, prints its lines as they come, and sets the exit code. */
export async function runInProcess(invocation: Invocation, config: Config, options: RunInProcess): Promise<void> {
  const { workflow, params, json, block, stores, signal } = options;
  inheritDotenv(config);
  await using ending = new AsyncDisposableStack();
  const principal = await openPrincipal(config, singleSource(workflow), stores);
  ending.defer(() => principal.close());
  const client = clientInProcess(principal, "cli", config);
  ending.defer(() => client.close());

  signal.throwIfAborted();
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
  onAbort(signal, () => void cancel(messageOfInterrupt(signal)).catch(() => {}));

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
  if (shown.run.state === "CANCELLED") signal.throwIfAborted();
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
