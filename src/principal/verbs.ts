/** The verbs the original does not have, one function each. */
import { CdktrError, isFinal, type Run } from "../core/mod.ts";
import type { LogFilter } from "../history/mod.ts";
import { protocolVersion, type ReplyTo, type RequestOf, toOriginalStatus, type Verb, verbs } from "../wire/mod.ts";
import { writeFresh } from "./fresh_history.ts";
import type { Services } from "./services.ts";
import { triggerRun } from "./trigger_run.ts";

/**
 * Answers one verb.
 *
 * @param gone Aborts when the client is gone, so that nothing is held for it any longer.
 */
type Handler<V extends Verb> = (
  services: Services,
  request: RequestOf<V>,
  gone: AbortSignal,
) => ReplyTo<V> | Promise<ReplyTo<V>>;

const handlers: { readonly [V in Verb]: Handler<V> } = {
  HELLO: ({ version, agentTimeoutMs }) => ({
    product: "cdktr",
    version,
    protocol: protocolVersion,
    verbs: Object.keys(verbs),
    agentTimeoutMs,
  }),
  RUN: run,
  RUNS: async ({ journal }, request) => {
    const { runs, cursor } = await journal.runs(request);
    return { runs: [...runs], cursor };
  },
  SHOWRUN: showRun,
  WAITRUN: waitRun,
  CANCEL: cancel,
  WORKFLOWS: ({ catalog }, { knownRevision, waitMs }, gone) => catalog.describe(knownRevision, waitMs, gone),
  LOGS: logs,
  STATUS: status,
  WORK: ({ workDesk }, request, gone) => workDesk.ask(request, gone),
  REPORT: report,
  LEAVE: leave,
};

/** Answers a request that was checked against the shape of its verb. Throws a {@linkcode CdktrError} for the client. */
export async function answerVerb<V extends Verb>(
  services: Services,
  verb: V,
  request: RequestOf<V>,
  gone: AbortSignal,
): Promise<ReplyTo<V>> {
  return await handlers[verb](services, request, gone);
}

async function run(services: Services, request: RequestOf<"RUN">): Promise<ReplyTo<"RUN">> {
  const { workflowId, trigger, params, idempotencyKey, reason } = request;
  const workflow = services.catalog.source.get(workflowId);
  if (workflow === undefined) {
    throw new CdktrError("NOT_FOUND", `There is no workflow with the id ${JSON.stringify(workflowId)}.`, {
      hint: "List them with `cdktr task list`; a file that is invalid shows up in `cdktr validate`.",
    });
  }
  return await triggerRun(services, { workflow, trigger, params, idempotencyKey, reason });
}

/** The run of that id or unique beginning of an id, as it stands. */
async function findRun({ journal }: Services, idOrPrefix: string): Promise<Run> {
  const [first, second] = await journal.runIdsWithPrefix(idOrPrefix, 2);
  const exact = await journal.run(idOrPrefix) ?? await journal.runOfInstance(idOrPrefix);
  if (exact !== undefined) return exact;
  if (second !== undefined) {
    throw new CdktrError("AMBIGUOUS", `More than one run has an id that begins with ${JSON.stringify(idOrPrefix)}.`, {
      hint: `Give more of the id; ${first} and ${second} are two of them.`,
    });
  }
  const found = first === undefined ? undefined : await journal.run(first);
  if (found !== undefined) return found;
  throw new CdktrError("NOT_FOUND", `There is no run with the id ${JSON.stringify(idOrPrefix)}.`, {
    hint: "List the latest with `cdktr runs list`.",
  });
}

async function showRun(services: Services, request: RequestOf<"SHOWRUN">): Promise<ReplyTo<"SHOWRUN">> {
  const found = await findRun(services, request.run);
  const tasks = await services.journal.tasks(found.runId, found.attempt);
  const definition = await services.journal.definition(found.definitionHash);
  return { run: found, tasks: [...tasks], workflow: JSON.parse(definition?.body ?? "null") };
}

async function waitRun(
  services: Services,
  request: RequestOf<"WAITRUN">,
  gone: AbortSignal,
): Promise<ReplyTo<"WAITRUN">> {
  const found = await findRun(services, request.run);
  if (isFinal(found.state)) return { run: found };
  // A run that left the ledger has ended, though its end may not be durable yet.
  if (services.ledger.state.runs.has(found.runId)) await services.runWatch.wait(found.runId, request.waitMs, gone);
  else await services.ledger.settled();
  return { run: await findRun(services, found.runId) };
}

async function cancel(services: Services, request: RequestOf<"CANCEL">): Promise<ReplyTo<"CANCEL">> {
  const { runId, session, agentId } = await findRun(services, request.run);
  const outcome = await services.ledger.execute("cancel", { runId, reason: request.reason });
  switch (outcome) {
    case "cancelled":
      return { runId, outcome };
    case "requested":
      if (session !== null) services.workDesk.nudge(session);
      return { runId, outcome };
    case "cannot_reach_agent":
      throw new CdktrError("CONFLICT", `Run ${runId} cannot be cancelled: its agent ${agentId} is an original cdktr.`, {
        hint: "An original agent takes no such order; end the task's process on its host.",
      });
    case "not_in_progress": {
      const { state } = await findRun(services, runId);
      throw new CdktrError("CONFLICT", `Run ${runId} cannot be cancelled: it has ended ${state}.`);
    }
  }
}

/** A page of log lines ends when it has so many characters of text: its JSON, escapes included, has to fit a message. */
const pageTextChars = 4 * 1024 * 1024;

async function logs(services: Services, request: RequestOf<"LOGS">, gone: AbortSignal): Promise<ReplyTo<"LOGS">> {
  const { history } = services;
  const { run: runIdOrPrefix, states, ...filter } = request;
  const query: LogFilter = { ...filter };
  if (states !== undefined) query.statuses = states.flatMap((state) => toOriginalStatus(state) ?? []);
  if (runIdOrPrefix !== undefined) query.runIds = [(await findRun(services, runIdOrPrefix)).runId];
  await writeFresh(services);
  const lines: ReplyTo<"LOGS">["lines"] = [];
  let textChars = 0;
  for await (const rows of history.streamLogs(query, gone)) {
    for (const { rowNumber: row, ...line } of rows) {
      lines.push({ ...line, row });
      textChars += line.payload.length;
    }
    if (textChars >= pageTextChars) break;
  }
  const mayBeMore = lines.length === request.limit || textChars >= pageTextChars;
  return { lines, afterRow: mayBeMore ? lines.at(-1)?.row ?? null : null };
}

async function status(services: Services): Promise<ReplyTo<"STATUS">> {
  const { ledger, agents, journal, catalog, clock } = services;
  const [head] = ledger.state.queue.ids();
  const headRun = head === undefined ? undefined : ledger.state.runs.get(head);
  return {
    version: services.version,
    startedAtMs: services.startedAtMs,
    queueLength: ledger.state.queue.size,
    queueHeadAgeMs: headRun === undefined ? null : Math.max(clock.nowMs() - headRun.triggeredAtMs, 0),
    runs: Object.fromEntries(await journal.countRuns()),
    agents: agents.list().map(({ agentId, session, version, lastSeenMs, slots }) => ({
      agentId,
      session,
      version,
      lastSeenMs,
      slots,
      running: ledger.state.runsOf(agentId, session).map(({ runId }) => runId),
    })),
    workflowCount: catalog.source.list().length,
    problems: services.problems(),
  };
}

/** An agent leaves when all its reports were taken. What is still only assigned to it never reached it and waits again. */
async function leave(services: Services, request: RequestOf<"LEAVE">): Promise<ReplyTo<"LEAVE">> {
  const { ledger, agents, workDesk } = services;
  const { agentId, session } = request;
  const reason = `agent ${agentId} left: ${request.reason}`;
  workDesk.dismiss(session);
  const neverBegun = ledger.state.runsOf(agentId, session).filter(({ state }) => state === "ASSIGNED");
  for (const { runId, attempt } of neverBegun.toReversed()) {
    ledger.executeNow("return_run", { runId, attempt, reason });
  }
  const lost = await ledger.execute("lose_agent", { agentId, session, reason });
  // Not before: while the journal cannot be written, the agent stays one that is watched.
  agents.forget(agentId, session);
  workDesk.offer();
  return lost;
}

async function report(services: Services, request: RequestOf<"REPORT">): Promise<ReplyTo<"REPORT">> {
  const { agentId, session } = request;
  services.agents.hear(agentId, session);
  const taken = request.reports.map((one) =>
    services.ledger.executeNow("take_report", { agentId, session, report: one })
  );
  await Promise.all(taken.map(({ committed }) => committed));
  return { ignored: taken.filter(({ reply }) => !reply.taken).length };
}
