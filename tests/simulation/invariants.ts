/** What must hold after every step, and what must have come true once the world was calm for long enough. */
import type { TaskTry } from "../../src/agent/mod.ts";
import type { Event } from "../../src/core/mod.ts";
import { journalStream } from "../../src/history/mod.ts";
import type { AgentHost } from "./agent_host.ts";
import type { SimDisk } from "./disk.ts";
import { checkHistory, checkTables } from "./history_checks.ts";
import type { JournalModel, ModelRun } from "./journal_model.ts";
import type { LogChecks } from "./log_checks.ts";
import type { Operator } from "./operators.ts";
import type { PrincipalHost } from "./principal_host.ts";
import { checkSchedules } from "./schedule_checks.ts";
import type { LiveTask, SimTasks } from "./tasks.ts";
import type { World } from "./world.ts";

/** What is looked at. */
export interface Watched {
  readonly world: World;
  readonly model: JournalModel;
  readonly tasks: SimTasks;
  readonly principal: PrincipalHost;
  readonly agents: readonly AgentHost[];
  readonly operators: readonly Operator[];
  readonly logs: LogChecks;
  readonly agentTimeoutMs: number;
}

/** Stalls that the principal cannot tell from a busy moment: up to a look of its monitor, and half of another. */
const unnoticedStallMs = 1500;
/** Log lines closer together than this count as one sign of life. */
const hearingResolutionMs = 260;
/** How requests of agents name their session, near their beginning. */
const sessionForm = /"session":"([^"]+)"/;
const holderCharsMax = 300;
/** Tasks of one run that run at the same time on these agents. */
const maxParallelTasks = 3;

/** See the top of this file. */
export class Invariants {
  readonly #watched: Watched;
  /** When the principal last heard of a session, in the time of the world. */
  readonly #heard = new Map<string, number[]>();
  readonly #begun = new Set<string>();
  #checkedEvents = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** A request reached the principal: one that names a session is a sign of its life. */
  heard(body: Uint8Array): void {
    const session = sessionForm.exec(new TextDecoder().decode(body.subarray(0, holderCharsMax)))?.[1];
    if (session === undefined) return;
    const times = this.#heard.get(session);
    if (times === undefined) this.#heard.set(session, [this.#watched.world.timeline.nowMs]);
    else times.push(this.#watched.world.timeline.nowMs);
  }

  /** After every step. */
  check(): void {
    this.#slotsAreKept();
    this.#oneLiveAttempt();
    const { events } = this.#watched.model;
    for (; this.#checkedEvents < events.length; this.#checkedEvents++) {
      const event = events[this.#checkedEvents]?.event;
      if (event?.type === "run_finished" || event?.type === "run_requeued") this.#nothingRunsOn(event);
      if (event?.type !== "agent_left" || event.session === null) continue;
      if (event.reason.includes("was silent")) this.#silenceWasReal(event.session, event.atMs);
    }
  }

  /** Whether nothing is left to do: every run has ended, and no agent has anything, and the history knows. */
  get isSettled(): boolean {
    const { model, agents, tasks, logs, principal: { historyFile } } = this.#watched;
    const isProjected = historyFile.tables.positions.get(journalStream) === model.events.length;
    const isIdle = model.open.length === 0 && agents.every(({ agent }) => agent?.running === 0);
    return isProjected && isIdle && logs.incomplete(tasks, agents).next().done === true;
  }

  /** What is left to do after all this time is stuck. */
  checkStuck(): void {
    const { world, model, agents, tasks, logs } = this.#watched;
    for (const line of logs.incomplete(tasks, agents)) world.violated("log lines are complete", line);
    const open = model.open.map(({ triggered: { runId }, state }) => `${runId} is ${state}`);
    const running = agents.map(({ agent, name }) => `${name} runs ${agent?.running}`);
    world.violated("nothing is stuck", [...open, ...running].join(", "));
  }

  /** A task begins. */
  taskBegins({ runId, attempt, task, tryNumber }: TaskTry): void {
    const { world, model } = this.#watched;
    const key = `try ${tryNumber} of task ${task.id} in attempt ${attempt} of ${runId}`;
    if (this.#begun.has(key)) world.violated("an attempt runs once", `${key} begins a second time`);
    this.#begun.add(key);
    const run = model.runs.get(runId);
    if (run?.attempt === attempt && run.kept.includes(task.id)) {
      world.violated("what completed is not run again", `task ${task.id} of ${runId} runs again in attempt ${attempt}`);
    }
  }

  /** Once the world has been calm, and everything had its time. */
  async checkEnd(disk: SimDisk): Promise<void> {
    const { world, model, operators, principal } = this.#watched;
    for (const runId of operators.flatMap(({ accepted }) => [...accepted])) {
      if (!model.runs.has(runId)) world.violated("accepted triggers are kept", `run ${runId} is not in the journal`);
    }
    checkHistory(world, model, principal.historyFile.tables);
    await checkTables(world, model, disk);
    checkSchedules(world, model, principal.machine.wallMs);
  }

  #slotsAreKept(): void {
    const { world, agents } = this.#watched;
    for (const { agent, slots, name } of agents) {
      if (agent !== null && agent.running > slots) {
        world.violated("slots are kept", `${name} runs ${agent.running} runs in ${slots} slots`);
      }
    }
  }

  /**
   * An attempt is executed by one process, and no two attempts of a run are executed at once, but for one case: the principal
   * had to give the older one up, because its agent was silent for too long, and the agent has not heard of it yet or was
   * killed and left its tasks behind.
   */
  #oneLiveAttempt(): void {
    const { world, model, tasks } = this.#watched;
    const byRun = new Map<string, LiveTask[]>();
    for (const task of tasks.live) {
      const others = byRun.get(task.runId);
      if (others === undefined) byRun.set(task.runId, [task]);
      else others.push(task);
    }
    for (const [runId, live] of byRun) {
      if (live.length < 2) continue;
      const run = model.runs.get(runId);
      if (live.length > maxParallelTasks && live.every(({ agent }) => agent === live[0]?.agent)) {
        world.violated("slots are kept", `${live.length} tasks of ${runId} run at once`);
      }
      for (const older of live) {
        for (const newer of live) {
          if (older.attempt === newer.attempt && older.agent !== newer.agent) {
            world.violated(
              "an attempt runs once",
              `attempt ${older.attempt} of ${runId} runs in ${older.agent.name} and ${newer.agent.name}`,
            );
          }
          if (older.attempt < newer.attempt && !wasGivenUp(run, older.attempt)) {
            world.violated(
              "one live attempt",
              `attempts ${older.attempt} and ${newer.attempt} of ${runId} run at once`,
            );
          }
        }
      }
    }
  }

  /** An attempt that came to its own end, or whose agent is known to have been killed, has no task that runs on. */
  #nothingRunsOn(event: Extract<Event, { type: "run_finished" | "run_requeued" }>): void {
    const { world, tasks } = this.#watched;
    const { runId, attempt, reason } = event;
    const isKnownDead = reason?.includes(" was killed") ?? false;
    if (isKnownDead) world.coverage.count("attempts ended by the next agent on the machine");
    const hasEndedItself = event.type === "run_finished" && (event.state === "COMPLETED" || event.state === "FAILED");
    if (!isKnownDead && !hasEndedItself) return;
    const task = [...tasks.live].find((task) => task.runId === runId && task.attempt === attempt);
    if (task === undefined) return;
    const what = `attempt ${attempt} of ${runId} has ended, and its task ${task.taskId} runs on`;
    world.violated("an attempt ends with its tasks", what);
  }

  /**
   * An agent is given up for silence only if nothing was heard of it for the whole time, not counting the principal's own
   * stalls nor the time before its start.
   */
  #silenceWasReal(session: string, atMs: number): void {
    const { world, principal, agentTimeoutMs } = this.#watched;
    world.coverage.count("agents given up");
    const silentMs = Math.max(
      ...principal.machine.whenItShowed(atMs).map((momentMs) => this.#silenceMs(session, momentMs)),
    );
    if (silentMs >= agentTimeoutMs - hearingResolutionMs) return;
    const what = `session ${session} was given up after ${(silentMs / 1000).toFixed(1)} s of silence`;
    world.violated("a healthy agent is not given up", what);
  }

  #silenceMs(session: string, momentMs: number): number {
    const { principal } = this.#watched;
    const process = principal.processes.findLast(({ startedMs }) => startedMs <= momentMs + 1);
    const heardMs = (this.#heard.get(session) ?? []).findLast((timeMs) => timeMs <= momentMs) ?? 0;
    const sinceMs = Math.max(heardMs, process?.startedMs ?? 0);
    const stalledMs = (process?.stalls ?? []).map(({ fromMs, toMs }) =>
      Math.max(Math.min(toMs, momentMs) - Math.max(fromMs, sinceMs) - unnoticedStallMs, 0)
    );
    return momentMs - sinceMs - stalledMs.reduce((sum, ms) => sum + ms, 0);
  }
}

function wasGivenUp(run: ModelRun | undefined, attempt: number): boolean {
  return run?.endOfAttempt.get(attempt) === "CRASHED";
}
