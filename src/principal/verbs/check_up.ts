/** DOCTOR: a principal looks at its own parts. What it finds is judged by pure functions. */
import { spanText } from "../../clock/mod.ts";
import { type CdktrError, counted, messageOf, type Run } from "../../core/mod.ts";
import type { HistoryHealth } from "../../history/mod.ts";
import { labelsAmong, type ReplyTo, type RequestOf } from "../../wire/mod.ts";
import type { Place } from "../explain/explain_wait.ts";
import { listed } from "../explain/explain_words.ts";
import { type Named, namesakes, namesakesHint, silenceMs } from "../namesakes.ts";
import type { Services } from "../services.ts";

/** One thing that was looked at, and how it is. */
export type Finding = ReplyTo<"DOCTOR">["findings"][number];

/** A run that waits for longer is worth a look, in milliseconds. */
const longWaitMs = 5 * 60_000;
/** Decisions that the history may be behind while all is well. */
const eventsBehindMax = 10_000;
/** The newest decisions that are read back from the journal. */
const readBackMax = 100;
/** How long the history may take for the smallest of queries, in milliseconds: less than those who ask wait. */
const historyAnswerMaxMs = 2000;
/** Waiting runs that are looked at for whether any agent can do them. */
const waitingLookedAtMax = 10_000;

/** An agent as far as its health goes. */
export interface AgentHealth extends Place, Named {
  readonly version: string | null;
}

/** What a check-up rests on. */
export interface Condition {
  readonly version: string;
  readonly nowMs: number;
  readonly upMs: number;
  /** What is wrong with the journal, one sentence each; null when it was not read for that. */
  readonly journalFaults: readonly string[] | null;
  /** Why the newest decisions cannot be read back; null when they can. */
  readonly readBackFault: string | null;
  readonly isOnReserve: boolean;
  /** What keeps anything new from beginning, and what to do about it; null when nothing does. */
  readonly refusal: Pick<CdktrError, "message" | "hint"> | null;
  readonly history: Pick<HistoryHealth, "state" | "reason" | "droppedRows" | "refusedRows">;
  /** What the history answered to a question: the version of its database, or why there is no answer. */
  readonly historyAnswer: { readonly version: string } | { readonly fault: string };
  readonly eventsBehind: number;
  readonly agents: readonly AgentHealth[];
  /** Runs that an agent may have, head first; of very many only the first. */
  readonly waiting: readonly Pick<Run, "requires" | "triggeredAtMs">[];
  readonly queueLength: number;
  readonly pausedRuns: number;
  readonly workflowCount: number;
  /** What is wrong with workflow files, one sentence each. */
  readonly workflowProblems: readonly string[];
}

/** Looks at everything. A deep look reads the whole journal: seconds for each gigabyte, in which nothing else is answered. */
export async function checkUp(
  services: Services,
  { deep }: RequestOf<"DOCTOR">,
  gone: AbortSignal,
): Promise<ReplyTo<"DOCTOR">> {
  const { version, startedAtMs, clock, journal, history, projector, agents, ledger, catalog } = services;
  const { queue, runs } = ledger.state;
  const journalFaults = deep ? await journal.check().catch((error) => [messageOf(error)]) : null;
  const readBackFault = await journal.eventsAfter(Math.max(ledger.seq - readBackMax, 0), readBackMax)
    .then(() => null, messageOf);
  const historyAnswer = await askHistory(history, gone);
  const nowMs = clock.nowMs();
  const findings = findingsOf({
    ...{ version, nowMs, journalFaults, readBackFault, historyAnswer },
    upMs: nowMs - startedAtMs,
    isOnReserve: journal.isOnReserve,
    refusal: ledger.refusal,
    history: history.health,
    eventsBehind: projector.eventsBehind,
    agents: agents.list().map(({ agentId, session, version, lastSeenMs, slots, stopping, offers, asked }) => ({
      ...{ agentId, session, version, lastSeenMs, slots, stopping, offers, asked },
      busy: ledger.state.runsOf(agentId, session).length,
    })),
    waiting: queue.ids().take(waitingLookedAtMax).toArray().flatMap((runId) => runs.get(runId) ?? []),
    queueLength: queue.size,
    pausedRuns: runs.values().filter(({ paused }) => paused).toArray().length,
    workflowCount: catalog.source.list().length,
    workflowProblems: catalog.source.problems(),
  });
  return { nowMs, findings };
}

async function askHistory(history: Services["history"], signal: AbortSignal): Promise<Condition["historyAnswer"]> {
  try {
    const options = { maxRows: 1, timeoutMs: historyAnswerMaxMs, signal };
    const { rows: [row] } = await history.sql("SELECT version()", options);
    return { version: String(row?.[0]) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

/** Judges what a check-up rests on. */
export function findingsOf(condition: Condition): Finding[] {
  return [
    ok("principal", `Version ${condition.version}, up for ${spanText(condition.upMs)}.`),
    journalFinding(condition),
    historyFinding(condition),
    workflowsFinding(condition),
    agentsFinding(condition),
    queueFinding(condition),
  ];
}

function ok(name: string, detail: string): Finding {
  return { name, state: "ok", detail, hint: null };
}

function warning(name: string, detail: string, hint: string): Finding {
  return { name, state: "warning", detail, hint };
}

function error(name: string, detail: string, hint: string): Finding {
  return { name, state: "error", detail, hint };
}

function journalFinding({ journalFaults, readBackFault, isOnReserve, refusal }: Condition): Finding {
  if (refusal !== null) return error("journal", refusal.message, refusal.hint ?? "Stop the principal in good order.");
  if (journalFaults !== null && journalFaults.length > 0) {
    const hint = "Stop the principal, copy the file away, and check its disk; CDKTR_STATE_PATH names another file.";
    return error("journal", `The journal is damaged: ${listed(journalFaults)}`, hint);
  }
  if (isOnReserve) {
    return error(
      "journal",
      "The disk is full: the journal writes into the space that was kept back for that.",
      "Free space.",
    );
  }
  if (readBackFault !== null) {
    const hint = "`cdktr doctor --deep` reads all of it. Back it up, and check its disk.";
    return error("journal", `Its newest decisions cannot be read back: ${readBackFault}`, hint);
  }
  if (journalFaults === null) {
    return ok("journal", "Its newest decisions can be read back; only `cdktr doctor --deep` reads all of it.");
  }
  return ok("journal", "It was read as a whole and is sound.");
}

function historyFinding({ history, historyAnswer, eventsBehind }: Condition): Finding {
  const { state, reason, droppedRows, refusedRows } = history;
  if (state !== "ok") {
    const detail = `The database of logs and history is ${state}${reason === undefined ? "" : `: ${reason}`}.`;
    const hint = state === "degraded"
      ? "Runs go on. What is missing is written once it can be; check the free space and the disk."
      : "Start the principal anew.";
    return error("history", detail, hint);
  }
  if ("fault" in historyAnswer) {
    const hint = "Queries of logs and history fail; runs go on. If it stays so, start the principal anew.";
    return error("history", `Its database does not answer: ${historyAnswer.fault}`, hint);
  }
  const lost = droppedRows + refusedRows;
  if (lost > 0) {
    const hint = "Where they are missing a line says so; the principal's log tells why.";
    return warning("history", `${counted(lost, "row")} could not be kept since the start.`, hint);
  }
  if (eventsBehind > eventsBehindMax) {
    return warning(
      "history",
      `It is ${counted(eventsBehind, "decision")} behind the journal.`,
      "It catches up by itself.",
    );
  }
  const place = eventsBehind === 0 ? "It is abreast of the journal" : `It is ${eventsBehind} decisions behind`;
  return ok("history", `${place}; DuckDB ${historyAnswer.version} answers.`);
}

function workflowsFinding({ workflowCount, workflowProblems }: Condition): Finding {
  const [first] = workflowProblems;
  if (first !== undefined) {
    const more = workflowProblems.length === 1 ? "" : ` (and ${workflowProblems.length - 1} more)`;
    return warning(
      "workflows",
      `${first}${more}`,
      "`cdktr validate` lists all problems; the last good version of a file counts.",
    );
  }
  if (workflowCount === 0) {
    return warning(
      "workflows",
      "There are none.",
      "CDKTR_WORKFLOW_DIR names their directory; `cdktr init` makes an example.",
    );
  }
  return ok("workflows", `${counted(workflowCount, "workflow")}, none with a problem.`);
}

function agentsFinding({ agents, version, nowMs }: Condition): Finding {
  if (agents.length === 0) {
    return warning("agents", "No agent is there, so nothing can run.", "Start one with `cdktr start agent`.");
  }
  const silent = agents.filter(({ lastSeenMs }) => nowMs - lastSeenMs > silenceMs);
  if (silent.length > 0) {
    const names = silent.map((agent) => `${agent.agentId} for ${spanText(nowMs - agent.lastSeenMs)}`);
    return warning("agents", `Nothing was heard from ${listed(names)}.`, "Check that host, its load and the network.");
  }
  const others = agents.filter((agent) => agent.version !== null && agent.version !== version);
  if (others.length > 0) {
    const names = others.map((agent) => `${agent.agentId} (${agent.version})`);
    const verb = others.length === 1 ? "is" : "are";
    return warning(
      "agents",
      `${listed(names)} ${verb} of another version than ${version}.`,
      "Start them anew with this one.",
    );
  }
  const working = agents.filter(({ stopping }) => !stopping);
  if (working.length === 0) {
    return warning(
      "agents",
      `${counted(agents.length, "agent")}, and all are stopping, so nothing new can run.`,
      "Start one with `cdktr start agent`.",
    );
  }
  const shared = [...namesakes(agents, nowMs)];
  if (shared.length > 0) {
    const names = shared.map(([agentId, count]) => `${agentId} (${count} agents)`);
    return warning(
      "agents",
      `Several agents have one id, so nothing tells which of them has a run: ${listed(names)}.`,
      `Ids are made of user, host and suffix: ${namesakesHint}.`,
    );
  }
  const slots = working.reduce((sum, agent) => sum + (agent.slots ?? 0), 0);
  const busy = working.reduce((sum, agent) => sum + agent.busy, 0);
  const stopping = working.length === agents.length ? "" : `, ${agents.length - working.length} stopping`;
  return ok("agents", `${counted(agents.length, "agent")}${stopping}, ${busy} of ${counted(slots, "place")} taken.`);
}

function queueFinding({ waiting, queueLength, pausedRuns, agents, nowMs }: Condition): Finding {
  const stuck = waiting.filter(({ requires }) =>
    !agents.some(({ offers }) => requires.every((need) => offers.includes(need)))
  );
  if (agents.length > 0 && stuck.length > 0) {
    const labels = [...new Set(stuck.flatMap(({ requires }) => labelsAmong(requires)))];
    const what = labels.length === 0
      ? "more than original agents can do"
      : `labels that no agent has together (${listed(labels)})`;
    const start = `\`cdktr start agent${labels.length === 0 ? "" : ` --labels ${labels.join(",")}`}\``;
    return warning(
      "queue",
      `${counted(stuck.length, "waiting run")} asked for ${what}.`,
      `Start an agent for them: ${start}.`,
    );
  }
  const [head] = waiting;
  const paused = pausedRuns === 0 ? "" : ` ${counted(pausedRuns, "run")} ${pausedRuns === 1 ? "is" : "are"} paused.`;
  if (head === undefined) return ok("queue", `Nothing waits for an agent.${paused}`);
  const wait = queueLength === 1 ? "1 run waits" : `${queueLength} runs wait`;
  const detail = `${wait}, the first for ${spanText(nowMs - head.triggeredAtMs)}.${paused}`;
  if (nowMs - head.triggeredAtMs <= longWaitMs) return ok("queue", detail);
  return warning("queue", detail, "Start more agents, or give them more places with CDKTR_AGENT_MAX_CONCURRENCY.");
}
