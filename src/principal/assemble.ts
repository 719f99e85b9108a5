/** Puts the parts of a principal together, and has each hear what it must of the others. */
import { messageOf, type Noted, type OperatorLog, RunIds, type ScheduleText } from "../core/mod.ts";
import { journalStream } from "../history/mod.ts";
import type { Batch } from "../journal/mod.ts";
import { Agents } from "./agents.ts";
import { Catalog } from "./catalog.ts";
import { ChangeWatch } from "./change_watch.ts";
import { Ledger } from "./ledger.ts";
import { LogIntake } from "./log_intake.ts";
import { LogStreams } from "./log_streams.ts";
import type { PrincipalOptions } from "./principal_options.ts";
import { Projector } from "./projector.ts";
import { RunWatch } from "./run_watch.ts";
import type { Services } from "./services.ts";
import { Upkeep } from "./upkeep/upkeep.ts";
import { WorkDesk } from "./work_desk.ts";

/** Recovers what the journal holds, and makes the parts that work on it. */
export async function assemble(options: PrincipalOptions): Promise<Services> {
  const { journal, history, clock, report, workflows, agentTimeoutMs, isServing } = options;
  const runWatch = new RunWatch(clock);
  let journalProblem: string | null = null;
  const ledger = await Ledger.open({
    journal,
    clock,
    knownSeq: history.positionOf(journalStream),
    onCommitted: (batch) => take(batch),
    onProblem: (problem) => {
      journalProblem = problem;
      if (problem !== null) return report.error(problem);
      report.info("the journal can be written again");
      // What was to be kept meanwhile was refused.
      if (isServing) noteSchedules(ledger, catalog, report);
    },
  });
  const agents = new Agents(clock, ({ agentId, session, version, slots, offers }) => {
    writeDown(ledger, report, { type: "agent_joined", agentId, session, version, slots, offers });
  });
  const logs = new LogIntake({
    ledger,
    agents,
    report,
    store: (rows) => {
      history.appendLogs(rows);
      return history.room();
    },
  });
  const projector = new Projector({ journal, history, clock, report, committedSeq: ledger.seq });
  const changeWatch = new ChangeWatch(clock, ledger.seq);
  const take = (batch: Batch) => {
    logs.learnInstances(batch.runs);
    projector.notice(batch);
    runWatch.notice(batch.runs);
    changeWatch.notice(batch);
  };
  const catalog = new Catalog(workflows, clock, ledger.state.schedules);
  if (isServing) {
    writeDown(ledger, report, { type: "principal_started", version: options.version });
    noteSchedules(ledger, catalog, report);
    catalog.onChange(() => noteSchedules(ledger, catalog, report));
  }
  const services: Omit<Services, "upkeep"> = {
    ...options,
    startedAtMs: clock.nowMs(),
    // The queue goes by the ids: what comes now is to stand behind what waits already.
    runIds: new RunIds([...ledger.state.runs.keys()].sort().at(-1) ?? null),
    ...{ ledger, projector, agents, logs, runWatch, changeWatch, catalog },
    logStreams: new LogStreams({
      clock,
      store: history,
      agents,
      attemptInProgress: (runId) => ledger.state.runs.get(runId)?.attempt,
      newestAttempt: async (runId) => (await journal.run(runId))?.attempt ?? 0,
      publish: (rows) => logs.publish(rows),
    }),
    workDesk: new WorkDesk({ ledger, agents, clock, agentTimeoutMs }),
    problems: () => [
      ...(journalProblem === null ? [] : [journalProblem]),
      ...(ledger.refusal === null ? [] : [ledger.refusal.message]),
      ...(history.health.state === "ok" ? [] : [`The history is ${history.health.state}: ${history.health.reason}`]),
      ...workflows.problems(),
    ],
  };
  return { ...services, upkeep: options.upkeep === null ? null : new Upkeep(services, options.upkeep) };
}

/** Has the ledger keep an occurrence. What it cannot write now it tries again; nobody waits for it. */
export function writeDown(ledger: Ledger, report: OperatorLog, noted: Noted): void {
  ledger.execute("note", noted).catch((error) => report.warn(`cannot keep ${noted.type}: ${messageOf(error)}`));
}

/** Has the ledger keep when the workflows are due now. */
function noteSchedules(ledger: Ledger, { source }: Catalog, report: OperatorLog): void {
  const schedules = new Map<string, ScheduleText>();
  for (const { id, cron, timezone, startTime } of source.list()) {
    if (cron !== null) schedules.set(id, { cron, timezone, startTime });
  }
  const reason = "its file is gone, cannot be read, or has no schedule any more";
  ledger.execute("note_schedules", { schedules, reason })
    .catch((error) => report.warn(`cannot keep the schedules: ${messageOf(error)}`));
}
