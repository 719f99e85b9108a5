/** The processes of tasks, simulated: they take time, print, fail, and end when they are told to, or not at once. */
import type { TaskTry, TryOutcome, Workplace } from "../../src/agent/mod.ts";
import type { Machine, SimProcess } from "./machine.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { World } from "./world.ts";

/** One try that goes on. */
export interface LiveTask {
  readonly runId: string;
  readonly attempt: number;
  readonly taskId: string;
  readonly taskRunId: string;
  /** The agent's process that started it; the task may outlive it. */
  readonly agent: SimProcess;
}

/** What a task printed. */
export interface Printed {
  readonly taskRunId: string;
  readonly runId: string;
  readonly agent: SimProcess;
  /** Lines that its agent has taken. */
  lines: number;
}

/** How long a task that is told to end may go on. */
const stubbornMaxMs = 9_000;
/** How long a task goes on by itself that its agent left behind. */
const orphanMaxMs = 20_000;

/** All tasks of a world. */
export class SimTasks {
  readonly live = new Set<LiveTask>();
  readonly printed = new Map<string, Printed>();
  /** Told of each try as it begins. */
  onBegin: (taskTry: TaskTry) => void = () => {};
  readonly #world: World;
  readonly #random: SeededRandom;
  /** The processes of agents by their sessions, but for those that a later one has found dead. */
  readonly #sessions = new Map<SimProcess, string>();
  /** Which task a task run that succeeded was of. */
  readonly #succeeded = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork("tasks");
  }

  /** Where an agent in `process` runs its tasks. */
  workplace(process: SimProcess): Workplace {
    return {
      open: (session) => this.#open(session, process),
      run: (taskTry) => this.#run(process, taskTry),
      close: () => void this.#sessions.delete(process),
    };
  }

  /** The agent's process was killed. Tasks die with it, or go on by themselves for a while. */
  agentDied(process: SimProcess): void {
    for (const task of this.live) {
      if (task.agent !== process) continue;
      const isOrphan = this.#random.chance(0.5);
      this.#world.coverage.count(isOrphan ? "tasks left behind" : "tasks killed with their agent");
      if (isOrphan) this.#world.timeline.after(this.#random.between(0, orphanMaxMs), () => this.live.delete(task));
      else this.live.delete(task);
    }
  }

  /** Before its first work, an agent ends what those before it left on the machine, and tells who they were. */
  async #open(session: string, process: SimProcess): Promise<string[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#world.timeline.after(this.#random.between(0, 200), () => process.input(resolve));
    await promise;
    for (const task of this.#orphansOn(process.machine)) this.live.delete(task);
    const outlived = [...this.#sessions].filter(([{ machine, isAlive }]) => machine === process.machine && !isAlive);
    for (const [killed] of outlived) this.#sessions.delete(killed);
    this.#sessions.set(process, session);
    return outlived.map(([, name]) => name);
  }

  #orphansOn(machine: Machine): LiveTask[] {
    return [...this.live].filter(({ agent }) => agent.machine === machine && !agent.isAlive);
  }

  async #run(agent: SimProcess, taskTry: TaskTry): Promise<TryOutcome> {
    const { task, taskRunId, runId, attempt, signal } = taskTry;
    if (signal.aborted) return { kind: "cancelled" };
    const { trace, coverage, timeline } = this.#world;
    const random = this.#random.fork(taskRunId);
    const [maxMs = 0, failPercent = 0, linesMax = 0] = task.config.type === "subprocess"
      ? task.config.args.map(Number)
      : [];
    const live: LiveTask = { runId, attempt, taskId: task.id, taskRunId, agent };
    this.live.add(live);
    coverage.count("tasks run");
    trace.add(agent.name, `begins ${task.id} of ${runId} attempt ${attempt}`);
    this.onBegin(taskTry);
    this.#checkInputs(taskTry);

    const durationMs = random.between(0, maxMs);
    const isFailing = random.chance(failPercent / 100);
    const ended = Promise.withResolvers<"exited" | "cancelled" | "timed_out">();
    const exit = (how: "exited" | "cancelled" | "timed_out", delayMs: number) =>
      timeline.after(delayMs, () => {
        this.live.delete(live);
        agent.input(() => ended.resolve(how));
      });
    const cancelExit = exit("exited", durationMs);
    const end = (how: "cancelled" | "timed_out") => {
      cancelExit();
      exit(how, random.chance(0.3) ? random.between(0, stubbornMaxMs) : 1);
    };
    const onAbort = () => end("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    const cancelTimeout = task.timeoutMs === null ? () => {} : agent.setTimer(task.timeoutMs, () => end("timed_out"));

    await this.#print(agent, taskTry, random.integer(0, linesMax), durationMs);
    const how = await ended.promise;
    cancelTimeout();
    signal.removeEventListener("abort", onAbort);
    trace.add(agent.name, `ends ${task.id} of ${runId} attempt ${attempt}: ${isFailing ? "failing, " : ""}${how}`);
    if (how === "cancelled") return { kind: "cancelled" };
    if (how === "timed_out") return { kind: "failed", reason: "timed out", exitCode: null, signal: null };
    if (isFailing) return { kind: "failed", reason: "exited with code 1", exitCode: 1, signal: null };
    this.#succeeded.set(taskRunId, task.id);
    return { kind: "succeeded", outputs: { by: taskRunId } };
  }

  /** Prints numbered lines, by and by. */
  async #print(
    agent: SimProcess,
    { task, taskRunId, runId, signal, clock, emit }: TaskTry,
    lines: number,
    durationMs: number,
  ) {
    const printed: Printed = { taskRunId, runId, agent, lines: 0 };
    this.printed.set(taskRunId, printed);
    for (let line = 1; line <= lines; line++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#world.timeline.after(durationMs / (lines + 1), () => agent.input(resolve));
      await promise;
      if (signal.aborted) return;
      const payload = `STDOUT line ${line}`;
      const taken = emit([{
        taskId: task.id,
        taskName: task.name,
        taskRunId,
        timestampMs: clock.nowMs(),
        level: "INFO",
        payload,
      }]);
      // What was handed over is the agent's from here on, unless it died over it.
      if (agent.isAlive) printed.lines = line;
      await taken;
    }
  }

  /** A task finds what those it depends on have left, whichever attempt they completed in. */
  #checkInputs({ task, inputs, runId }: TaskTry): void {
    for (const id of task.depends) {
      const taskRunId = inputs.get(id)?.["by"];
      if (taskRunId !== undefined && this.#succeeded.get(taskRunId) === id) continue;
      this.#world.violated(
        "tasks find the outputs of those before",
        `${task.id} of ${runId} finds ${taskRunId} of ${id}`,
      );
    }
  }
}
