/** The story of a run, from what the journal holds about it. Pure: the facts are handed in. */
import { spanText, timestamp } from "../../clock/mod.ts";
import { counted, type Event, isFinal, type Run, type TaskRun } from "../../core/mod.ts";
import { labelsAmong } from "../../wire/mod.ts";
import type { Workflow } from "../../workflow/mod.ts";
import type { Obstacle } from "./explain_wait.ts";
import { type Explanation, listed, paramsText, quotable, shellWord, Story } from "./explain_words.ts";

/** What is known of a run. */
export interface RunFacts {
  readonly run: Run;
  /** Of its present or last attempt. */
  readonly tasks: readonly TaskRun[];
  /** Null when its definition cannot be read. */
  readonly workflow: Workflow | null;
  /** What was decided about it and the journal still holds, in order. */
  readonly events: readonly Event[];
  /** Runs of its workflow that it had to wait for by its overlap policy. */
  readonly waitedFor: readonly Run[];
  /** Agents that took it and had joined while it waited. */
  readonly joined: readonly { readonly agentId: string; readonly atMs: number }[];
  /** What keeps it waiting now; empty when it does not wait. */
  readonly obstacles: readonly Obstacle[];
  readonly nowMs: number;
}

type TaskEvent = Event & { readonly type: "task_changed" };

/** Delays shorter than this are not worth a word, in milliseconds. */
const noteworthyMs = 1000;

/** Tells why the run is as it is. */
export function storyOfRun(facts: RunFacts): Explanation {
  const narrator = new Narrator(facts);
  for (const event of facts.events) narrator.take(event);
  const steps = narrator.steps();
  return { summary: summaryOf(facts, narrator.waitedMs), steps, hint: hintOf(facts) };
}

/** Turns events into steps, and adds up where the time went. */
class Narrator {
  readonly #facts: RunFacts;
  readonly #story = new Story();
  /** Tasks that ended in the same way and for the same reason, by attempt, state and reason. */
  readonly #together = new Map<string, { readonly event: TaskEvent; readonly taskIds: string[] }>();
  readonly #triesBegunMs = new Map<string, number>();
  readonly #failedMs = new Map<string, number>();
  #waitingSinceMs: number | null = null;
  #runningSinceMs: number | null = null;
  #pausedSinceMs: number | null = null;
  waitedMs = 0;
  ranMs = 0;

  constructor(facts: RunFacts) {
    this.#facts = facts;
    const { run, events, joined } = facts;
    if (events[0]?.type !== "run_triggered") {
      const from = events[0] === undefined ? "" : ` before ${timestamp(events[0].atMs)}`;
      this.#story.tell(run.triggeredAtMs, `It was triggered; what was decided${from} is no longer in the journal.`);
      this.#tellWaitedFor();
    }
    for (const { agentId, atMs } of joined) this.#story.tell(atMs, `Agent ${agentId} joined.`);
  }

  take(event: Event): void {
    const { atMs } = event;
    const tell = (sentence: string) => this.#story.tell(atMs, sentence);
    switch (event.type) {
      case "run_triggered": {
        this.#waitingSinceMs = atMs;
        const lateMs = event.dueMs === null ? 0 : atMs - event.dueMs;
        const late = lateMs >= noteworthyMs ? `, ${spanText(lateMs)} ago` : "";
        const params = Object.keys(event.params).length === 0 ? "" : ` Its parameters: ${paramsText(event.params)}.`;
        tell(`It was triggered (${event.trigger}): ${event.reason}${late}.${params}${wishesText(event)}`);
        return this.#tellWaitedFor();
      }
      case "run_assigned": {
        const waitedMs = this.#endWait(atMs);
        const after = waitedMs === null ? "" : ` after ${spanText(waitedMs)} of waiting`;
        tell(`It was given to agent ${event.agentId} as attempt ${event.attempt}${after}: ${event.reason}.`);
        return;
      }
      case "run_started":
        this.#runningSinceMs = atMs;
        return tell(`The agent began attempt ${event.attempt}.`);
      case "run_returned":
        this.#endRunning(atMs);
        this.#waitingSinceMs = atMs;
        return tell(`It went back into the queue: ${event.reason}.`);
      case "run_requeued": {
        this.#endRunning(atMs);
        this.#waitingSinceMs = atMs;
        this.#tellTogether();
        const { kept } = event;
        const are = kept.length === 1 ? "completed is" : "completed are";
        const keeps = kept.length === 0 ? "" : ` ${counted(kept.length, "task")} that ${are} kept: ${listed(kept)}.`;
        return tell(`It waits again, for attempt ${event.attempt + 1}: ${event.reason}.${keeps}`);
      }
      case "task_changed":
        return this.#takeTask(event);
      case "cancel_requested":
        return tell(`Its end was asked for: ${event.reason}.`);
      case "task_cancel_requested":
        return tell(`The end of task ${event.taskId} was asked for: ${event.reason}.`);
      case "run_paused":
        this.#pausedSinceMs = atMs;
        return tell(`It was paused: ${event.reason}.`);
      case "run_resumed": {
        const after = this.#pausedSinceMs === null ? "" : ` after ${spanText(atMs - this.#pausedSinceMs)}`;
        this.#pausedSinceMs = null;
        return tell(`It was resumed${after}: ${event.reason}.`);
      }
      case "run_finished": {
        this.#endWait(atMs);
        this.#endRunning(atMs);
        this.#tellTogether();
        return tell(`It ended ${event.state}${event.reason === null ? "" : `: ${event.reason}`}.`);
      }
      case "report_ignored":
        return tell(
          `What agent ${event.agentId} reported of attempt ${event.attempt} (${event.report}) was ignored: ${event.reason}.`,
        );
      case "definition_stored":
      case "trigger_skipped":
      case "schedule_noted":
      case "principal_started":
      case "principal_stopped":
      case "agent_joined":
      case "agent_left":
        return; // About no run.
      default:
        return event satisfies never;
    }
  }

  steps() {
    this.#tellTogether();
    const { run, events, nowMs } = this.#facts;
    if (events[0]?.type !== "run_triggered") return this.#story.steps();
    if (!isFinal(run.state)) {
      this.#endWait(nowMs);
      this.#endRunning(nowMs);
    }
    const spent = `Of the time until ${isFinal(run.state) ? "its end" : "now"}, ${spanText(this.waitedMs)} went into ` +
      `waiting and ${spanText(this.ranMs)} into running${this.#longestText()}.`;
    return this.#story.steps([spent]);
  }

  #tellWaitedFor(): void {
    const { run, waitedFor } = this.#facts;
    for (const other of waitedFor) {
      const policy = `the workflow's overlap policy is ${run.overlap}`;
      this.#story.tell(run.triggeredAtMs, `Run ${other.runId} of the workflow had not ended, and ${policy}.`);
      if (other.finishedAtMs !== null) {
        this.#story.tell(other.finishedAtMs, `Run ${other.runId} ended ${other.state}.`);
      }
    }
  }

  /** Tells what became of tasks that ended in the same way: before the end of the run, which comes at the same time. */
  #tellTogether(): void {
    for (const { event: { atMs, state, reason }, taskIds } of this.#together.values()) {
      const [noun, verb] = taskIds.length === 1 ? ["Task", "was"] : ["Tasks", "were"];
      const ended = state === "CRASHED" ? "crashed" : `${verb} ${state.toLowerCase()}`;
      this.#story.tell(atMs, `${noun} ${listed(taskIds)} ${ended}${reason === null ? "" : `: ${reason}`}.`);
    }
    this.#together.clear();
  }

  /** What succeeds is not worth a step of its own; what goes another way is. */
  #takeTask(event: TaskEvent): void {
    const { taskId, tryNumber, state, happenedAtMs, attempt } = event;
    const reason = event.reason === null ? "" : `: ${event.reason}`;
    switch (state) {
      case "PENDING":
      case "COMPLETED":
        return;
      case "RUNNING": {
        this.#triesBegunMs.set(event.taskRunId, happenedAtMs);
        if (tryNumber === 1) return;
        const pauseMs = happenedAtMs - (this.#failedMs.get(`${attempt} ${taskId}`) ?? happenedAtMs);
        return this.#story.tell(happenedAtMs, `Task ${taskId} began its try ${tryNumber}, ${spanText(pauseMs)} later.`);
      }
      case "FAILED": {
        this.#failedMs.set(`${attempt} ${taskId}`, happenedAtMs);
        const begunMs = this.#triesBegunMs.get(event.taskRunId);
        const after = begunMs === undefined ? "" : ` after ${spanText(happenedAtMs - begunMs)}`;
        const triesMax = this.#triesOf(taskId);
        const tryText = triesMax === 1 ? "" : ` in its try ${tryNumber} of ${triesMax}`;
        return this.#story.tell(happenedAtMs, `Task ${taskId} failed${tryText}${after}${reason}.`);
      }
      case "SKIPPED":
      case "CANCELLED":
      case "CRASHED": {
        const key = JSON.stringify([attempt, state, event.reason]);
        const known = this.#together.get(key);
        if (known === undefined) this.#together.set(key, { event, taskIds: [taskId] });
        else known.taskIds.push(taskId);
        return;
      }
      default:
        return state satisfies never;
    }
  }

  /** How many tries the task has at most. */
  #triesOf(taskId: string): number {
    return (this.#facts.workflow?.tasks.find(({ id }) => id === taskId)?.retry.max ?? 0) + 1;
  }

  #endWait(atMs: number): number | null {
    if (this.#waitingSinceMs === null) return null;
    const waitedMs = Math.max(atMs - this.#waitingSinceMs, 0);
    this.#waitingSinceMs = null;
    this.waitedMs += waitedMs;
    return waitedMs;
  }

  #endRunning(atMs: number): void {
    if (this.#runningSinceMs !== null) this.ranMs += Math.max(atMs - this.#runningSinceMs, 0);
    this.#runningSinceMs = null;
  }

  #longestText(): string {
    const { tasks, nowMs } = this.#facts;
    const lengths = tasks.flatMap(({ taskId, startedAtMs, finishedAtMs }) =>
      startedAtMs === null ? [] : [{ taskId, spanMs: (finishedAtMs ?? nowMs) - startedAtMs }]
    );
    const [longest] = lengths.sort((a, b) => b.spanMs - a.spanMs);
    if (longest === undefined || lengths.length === 1) return "";
    return `; the longest task was ${longest.taskId} with ${spanText(longest.spanMs)}`;
  }
}

function wishesText({ requires, priority }: Pick<Run, "requires" | "priority">): string {
  const labels = labelsAmong(requires);
  const wishes = [
    ...(labels.length === 0
      ? []
      : [`it asks for an agent with the label${labels.length === 1 ? "" : "s"} ${listed(labels)}`]),
    ...(priority === 0 ? [] : [`its priority is ${priority}`]),
  ];
  return wishes.length === 0 ? "" : ` ${capitalised(wishes.join(", and "))}.`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function summaryOf(facts: RunFacts, waitedMs: number): string {
  const { run, tasks, workflow, obstacles, nowMs } = facts;
  const name = `Run ${run.runId} of ${run.workflowId}`;
  const reason = run.reason === null ? "" : `: ${run.reason}`;
  const completed = tasks.filter(({ state }) => state === "COMPLETED").length;
  const ofTasks = `${completed} of ${counted(workflow?.tasks.length ?? tasks.length, "task")} completed`;
  switch (run.state) {
    case "PENDING": {
      const why = obstacles.map(({ clause }) => clause).join("; and ");
      return `${name} waits${why === "" ? "" : `, because ${why}`}.`;
    }
    case "ASSIGNED":
      return `${name} was given to agent ${run.agentId} ${spanText(nowMs - (run.assignedAtMs ?? nowMs))} ago, ` +
        "which did not say yet that it has begun.";
    case "RUNNING": {
      const running = tasks.filter(({ state }) => state === "RUNNING").map(({ taskId }) => taskId);
      const now = running.length === 0 ? "no task runs" : `${listed(running)} ${running.length === 1 ? "runs" : "run"}`;
      const paused = run.paused ? " It is paused: no further task starts." : "";
      const cancelling = run.cancelReason === null ? "" : ` Its end was asked for: ${run.cancelReason}.`;
      const since = spanText(nowMs - (run.startedAtMs ?? nowMs));
      return `${name} runs for ${since} on agent ${run.agentId}: ${ofTasks}, ${now}.${paused}${cancelling}`;
    }
    case "COMPLETED":
      return `${name} completed in ${spanText((run.finishedAtMs ?? nowMs) - (run.startedAtMs ?? nowMs))} ` +
        `(${ofTasks}), after ${spanText(waitedMs)} of waiting.`;
    case "FAILED": {
      const failed = firstFailed(tasks);
      return failed === undefined
        ? `${name} failed${reason}.`
        : `${name} failed, because task ${failed.taskId} did${
          failed.reason === null ? "" : `: ${quotable(failed.reason)}`
        }.`;
    }
    case "CRASHED":
      return `${name} crashed${reason}.`;
    case "CANCELLED":
      return `${name} was cancelled${reason}.`;
  }
}

function firstFailed(tasks: readonly TaskRun[]): TaskRun | undefined {
  const failed = tasks.filter(({ state }) => state === "FAILED");
  return failed.sort((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0))[0];
}

function hintOf({ run, tasks, workflow, obstacles }: RunFacts): string | null {
  const { runId } = run;
  switch (run.state) {
    case "PENDING":
      return obstacles.find(({ hint }) => hint !== null)?.hint ?? null;
    case "RUNNING":
      return run.paused ? `\`cdktr runs resume ${runId}\` lets it go on.` : null;
    case "FAILED": {
      const failed = firstFailed(tasks);
      const name = workflow?.tasks.find(({ id }) => id === failed?.taskId)?.name;
      const only = name === undefined ? "" : ` --task ${shellWord(name)}`;
      return `\`cdktr logs query --run ${runId}${only}\` shows what it printed; \`cdktr runs retry ${runId}\` runs ` +
        "again what did not complete.";
    }
    case "CRASHED":
      return `\`cdktr runs retry ${runId}\` runs again what did not complete; with \`on_crash: retry\` the workflow ` +
        "starts again by itself.";
    case "CANCELLED":
      return `\`cdktr runs retry ${runId}\` runs again what did not complete.`;
    case "ASSIGNED":
    case "COMPLETED":
      return null;
  }
}
