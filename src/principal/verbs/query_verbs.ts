/** The verbs that only look: at log lines, at all of history, at the principal itself. */
import { CdktrError } from "../../core/mod.ts";
import type { LogFilter } from "../../history/mod.ts";
import { labelsAmong, type ReplyTo, type RequestOf } from "../../wire/mod.ts";
import { findRun } from "./find_run.ts";
import { writeFresh } from "../fresh_history.ts";
import type { Services } from "../services.ts";

/** A page of log lines ends when it has so many bytes of text: its JSON, escapes included, has to fit a message. */
const pageTextBytes = 4 * 1024 * 1024;

/** LOGS */
export async function logs(
  services: Services,
  request: RequestOf<"LOGS">,
  gone: AbortSignal,
): Promise<ReplyTo<"LOGS">> {
  const { history } = services;
  const { run: runIdOrPrefix, states, ...filter } = request;
  const query: LogFilter = { ...filter };
  if (states !== undefined) query.states = states;
  if (runIdOrPrefix !== undefined) query.runIds = [(await findRun(services, runIdOrPrefix)).runId];
  await writeFresh(services);
  return await history.queryLogPage(query, { maxTextBytes: pageTextBytes, signal: gone });
}

/** STATUS */
export async function status(services: Services): Promise<ReplyTo<"STATUS">> {
  const { ledger, agents, journal, catalog, clock, history, projector } = services;
  const [head] = ledger.state.queue.ids();
  const headRun = head === undefined ? undefined : ledger.state.runs.get(head);
  return {
    version: services.version,
    startedAtMs: services.startedAtMs,
    queueLength: ledger.state.queue.size,
    queueHeadAgeMs: headRun === undefined ? null : Math.max(clock.nowMs() - headRun.triggeredAtMs, 0),
    runs: Object.fromEntries(await journal.countRuns()),
    agents: agents.list().map(({ agentId, session, version, lastSeenMs, slots, stopping, offers }) => ({
      ...{ agentId, session, version, lastSeenMs, slots, stopping },
      labels: labelsAmong(offers),
      running: ledger.state.runsOf(agentId, session).map(({ runId }) => runId),
    })),
    workflowCount: catalog.source.list().length,
    history: {
      state: history.health.state,
      reason: history.health.reason ?? null,
      eventsBehind: projector.eventsBehind,
    },
    problems: services.problems(),
  };
}

/** ARCHIVE */
export async function archive(
  { upkeep }: Services,
  _request: RequestOf<"ARCHIVE">,
  gone: AbortSignal,
): Promise<ReplyTo<"ARCHIVE">> {
  if (upkeep === null) throw new CdktrError("UNSUPPORTED", "This principal keeps no archive.");
  return await upkeep.cleanHistory(gone);
}

/** A Parquet file that still fits a message, in Base64 and with the rest of the reply. */
const parquetMaxBytes = 45 * 1024 * 1024;

/** SQL */
export async function sql(
  services: Services,
  { query, form, maxRows, waitMs }: RequestOf<"SQL">,
  gone: AbortSignal,
): Promise<ReplyTo<"SQL">> {
  const { history } = services;
  const options = { timeoutMs: waitMs, signal: gone };
  await writeFresh(services);
  if (form === "rows") return { ...await history.sql(query, { ...options, maxRows }), parquet: null };
  const file = await history.sqlParquet(query, options);
  if (file.length > parquetMaxBytes) {
    throw new CdktrError(
      "LIMIT_EXCEEDED",
      `The result takes ${file.length} bytes as a Parquet file, which is too much.`,
      {
        hint: `At most ${parquetMaxBytes} can be sent: choose fewer rows or columns.`,
      },
    );
  }
  return { columns: [], rows: [], truncated: false, parquet: file.toBase64() };
}
