/** The verbs of agents. */
import type { Report } from "../../core/mod.ts";
import type { ReplyTo, RequestOf } from "../../wire/mod.ts";
import { giveUp } from "../give_up.ts";
import type { Services } from "../services.ts";

/** WORK: the work desk answers, once those are given up that the agent knows to be gone. */
export function work(
  services: Services,
  request: RequestOf<"WORK">,
  gone: AbortSignal,
): Promise<ReplyTo<"WORK">> {
  for (const session of request.outlived) giveUpOutlived(services, request, session);
  return services.workDesk.ask(request, gone);
}

function giveUpOutlived(
  { ledger, agents, workDesk, report }: Services,
  { agentId, session }: RequestOf<"WORK">,
  outlived: string,
): void {
  const agent = agents.list().find((one) => one.session === outlived);
  // Whoever waits for an answer lives, whatever the lock on its files seemed to say: its silence shall tell.
  if (agent === undefined || outlived === session || workDesk.isWaiting(outlived)) return;
  const next = agent.agentId === agentId ? " and started again" : `; agent ${agentId} was started in its place`;
  const onQueued = () => workDesk.offer();
  giveUp({ ledger, agents, report, onQueued }, agent, `agent ${agent.agentId} was killed${next}`);
}

/** LEAVE: an agent leaves when all its reports were taken. What is still only assigned to it never reached it. */
export async function leave(services: Services, request: RequestOf<"LEAVE">): Promise<ReplyTo<"LEAVE">> {
  const { ledger, agents, workDesk } = services;
  const { agentId, session } = request;
  const isStranger = !agents.knows(agentId, session) && ledger.state.runsOf(agentId, session).length === 0;
  if (isStranger) return { crashed: 0, requeued: 0 };
  const reason = `agent ${agentId} left: ${request.reason}`;
  workDesk.dismiss(session);
  for (const { runId, attempt, state } of ledger.state.runsOf(agentId, session)) {
    if (state === "ASSIGNED") ledger.executeNow("return_run", { runId, attempt, reason });
  }
  const lost = await ledger.execute("lose_agent", { agentId, session, reason });
  // Not before: while the journal cannot be written, the agent stays one that is watched.
  agents.forget(agentId, session);
  workDesk.offer();
  return lost;
}

/** REPORT */
export async function report(services: Services, request: RequestOf<"REPORT">): Promise<ReplyTo<"REPORT">> {
  const { ledger, agents, workDesk } = services;
  const { agentId, session } = request;
  agents.hear(agentId, session);
  const strange = await strangeRuns(services, request.reports);
  const taken = request.reports.filter(({ runId }) => !strange.has(runId))
    .map((one) => ledger.executeNow("take_report", { agentId, session, report: one }));
  workDesk.offer(); // The end of a run may let another one of its workflow go.
  await Promise.all(taken.map(({ committed }) => committed));
  const ignored = taken.filter(({ reply }) => !reply.taken).length;
  return { ignored: ignored + request.reports.length - taken.length };
}

/** Runs that never were: what is said about them is not worth a place in the journal, or anybody could fill it. */
async function strangeRuns({ ledger, journal }: Services, reports: readonly Report[]): Promise<Set<string>> {
  const strange = new Set<string>();
  for (const runId of new Set(reports.map((report) => report.runId))) {
    if (ledger.state.runs.has(runId)) continue;
    await ledger.settled();
    if (await journal.run(runId) === undefined) strange.add(runId);
  }
  return strange;
}
