/** The verbs the original does not have, and who answers each. */
import { protocolVersion, type ReplyTo, type RequestOf, type Verb, verbs } from "../../wire/mod.ts";
import { leave, report, work } from "./agent_verbs.ts";
import { changes } from "./changes.ts";
import { checkUp } from "./check_up.ts";
import { explain } from "../explain/explain.ts";
import { archive, logs, sql, status } from "./query_verbs.ts";
import { cancel, pause, retry, run, showRun, showWorkflow, waitRun } from "./run_verbs.ts";
import type { Services } from "../services.ts";

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
  RETRY: retry,
  PAUSE: pause,
  EXPLAIN: explain,
  DOCTOR: checkUp,
  WORKFLOWS: ({ catalog }, { knownRevision, waitMs }, gone) => catalog.describe(knownRevision, waitMs, gone),
  SHOWWORKFLOW: showWorkflow,
  LOGS: logs,
  SQL: sql,
  ARCHIVE: archive,
  STATUS: status,
  CHANGES: changes,
  WORK: work,
  REPORT: report,
  LOG: ({ logStreams }, request, gone) => logStreams.take(request, gone),
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
