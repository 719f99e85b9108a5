/** The story of one task of a run. Pure: the facts are handed in. */
import { spanText } from "../../clock/mod.ts";
import { type Event, isFinal, type TaskRun } from "../../core/mod.ts";
import type { Task, Workflow } from "../../workflow/mod.ts";
import type { RunFacts } from "./explain_run.ts";
import { type Explanation, listed, quotable, shellWord, Story } from "./explain_words.ts";

/** What is known of a task of a run. */
export interface TaskFacts extends Pick<RunFacts, "run" | "tasks" | "events" | "nowMs"> {
  readonly workflow: Workflow;
  readonly task: Task;
}

/** Pauses shorter than this are not worth a word, in milliseconds. */
const noteworthyMs = 1000;

/** Tells why the task is as it is. */
export function storyOfTask(facts: TaskFacts): Explanation {
  const { task, tasks } = facts;
  const present = tasks.find(({ taskId }) => taskId === task.id);
  return { summary: summaryOf(facts, present), steps: stepsOf(facts, present), hint: hintOf(facts, present) };
}

function summaryOf(facts: TaskFacts, present: TaskRun | undefined): string {
  const { run, task, nowMs } = facts;
  const name = `Task ${task.id} of run ${run.runId}`;
  const reason = present?.reason === null || present === undefined ? "" : `: ${quotable(present.reason)}`;
  const tries = task.retry.max === 0 ? "" : ` in its try ${present?.tryNumber} of ${task.retry.max + 1}`;
  switch (present?.state) {
    case undefined:
      return isFinal(run.state)
        ? `${name} never began: the run ended ${run.state}${run.reason === null ? "" : `, ${run.reason}`}.`
        : `${name} has not begun: ${whyNotBegun(facts)}.`;
    case "PENDING":
      return present.tryNumber === 1
        ? `${name} is ready, and waits for the agent to begin it.`
        : `${name} waits for its try ${present.tryNumber} of ${task.retry.max + 1}.`;
    case "RUNNING":
      return `${name} runs for ${spanText(nowMs - (present.startedAtMs ?? nowMs))}${tries}.`;
    case "COMPLETED": {
      const kept = keptFrom(facts, present);
      if (kept !== null) return `${name} completed in attempt ${kept} and was not run again.`;
      return `${name} completed in ${spanText((present.finishedAtMs ?? 0) - (present.startedAtMs ?? 0))}${tries}.`;
    }
    case "FAILED":
      return `${name} failed${tries}${reason}.`;
    case "SKIPPED": {
      const causes = causesAbove(facts);
      return `${name} was skipped${causes.length === 0 ? reason : `, because ${listed(causes)}`}.`;
    }
    case "CANCELLED": {
      const wish = wishToEnd(facts);
      return `${name} was cancelled${wish === null ? reason : `: ${quotable(wish)}`}.`;
    }
    case "CRASHED":
      return `${name} crashed${reason}.`;
  }
}

/** Why somebody wanted the end of the task in the present attempt: the agent says only that it ended it. */
function wishToEnd({ events, task }: TaskFacts): string | null {
  const begin = events.findLastIndex(({ type }) => type === "run_requeued");
  const wish = events.findLast((event, index) =>
    index > begin && event.type === "task_cancel_requested" && event.taskId === task.id
  );
  return wish?.type === "task_cancel_requested" ? wish.reason : null;
}

function stepsOf(facts: TaskFacts, present: TaskRun | undefined) {
  const { run, task, tasks, events } = facts;
  const story = new Story();
  const stateOf = new Map(tasks.map((one) => [one.taskId, one]));
  for (const id of task.depends) {
    const above = stateOf.get(id);
    if (above === undefined || above.finishedAtMs === null) continue;
    story.tell(above.finishedAtMs, `Task ${id}, on which it depends, ended ${above.state}.`);
  }
  const teller = new TryTeller(story, task);
  for (const event of events) teller.take(event);
  const kept = keptFrom(facts, present);
  const atTheEnd = [
    ...(task.depends.length === 0 ? ["It depends on no other task."] : []),
    ...(kept === null ? [] : [`Attempt ${run.attempt} kept what it had done in attempt ${kept}.`]),
    ...(present?.outputs ? [`It left ${listed(Object.keys(present.outputs))} as outputs.`] : []),
  ];
  return story.steps(atTheEnd);
}

/** Tells of the tries of one task. */
class TryTeller {
  readonly #story: Story;
  readonly #task: Task;
  #readyMs: number | null = null;
  #begunMs: number | null = null;

  constructor(story: Story, task: Task) {
    this.#story = story;
    this.#task = task;
  }

  take(event: Event): void {
    if (event.type === "task_cancel_requested" && event.taskId === this.#task.id) {
      this.#story.tell(event.atMs, `Its end was asked for: ${event.reason}.`);
    }
    if (event.type === "run_requeued") {
      const next = event.attempt + 1;
      this.#readyMs = this.#begunMs = null;
      this.#story.tell(
        event.atMs,
        event.kept.includes(this.#task.id)
          ? `It had completed, so attempt ${next} does not run it: ${event.reason}.`
          : `The run was put back into the queue, for attempt ${next}: ${event.reason}.`,
      );
    }
    if (event.type === "task_changed" && event.taskId === this.#task.id) this.#takeChange(event);
  }

  #takeChange(event: Event & { type: "task_changed" }): void {
    const { state, tryNumber, happenedAtMs, exitCode } = event;
    const tell = (sentence: string) => this.#story.tell(happenedAtMs, sentence);
    const reason = event.reason === null ? "" : `: ${event.reason}`;
    const after = this.#begunMs === null ? "" : ` after ${spanText(happenedAtMs - this.#begunMs)}`;
    switch (state) {
      case "PENDING":
        this.#readyMs = happenedAtMs;
        if (tryNumber === 1) tell(`It was ready to begin in attempt ${event.attempt}.`);
        return;
      case "RUNNING": {
        const waitedMs = this.#readyMs === null ? 0 : happenedAtMs - this.#readyMs;
        const waited = waitedMs < noteworthyMs ? "" : `, ${spanText(waitedMs)} after it was ready`;
        const paused = waitedMs < noteworthyMs ? "" : `, after a pause of ${spanText(waitedMs)}`;
        this.#begunMs = happenedAtMs;
        return tell(tryNumber === 1 ? `It began${waited}.` : `It began its try ${tryNumber}${paused}.`);
      }
      case "COMPLETED":
        return tell(`It completed${after}.`);
      case "FAILED": {
        const which = this.#task.retry.max === 0 ? "" : ` in its try ${tryNumber} of ${this.#task.retry.max + 1}`;
        return tell(`It failed${which}${after}${reason}.${this.#whyNoFurtherTry(tryNumber, exitCode)}`);
      }
      case "SKIPPED":
        return tell(`It was skipped${reason}.`);
      case "CANCELLED":
        return tell(`It was cancelled${after}${reason}.`);
      case "CRASHED":
        return tell(`It crashed${after}${reason}.`);
      default:
        return state satisfies never;
    }
  }

  /** Tries were left, and the definition says that such a failure uses none of them. */
  #whyNoFurtherTry(tryNumber: number, exitCode: number | null): string {
    const { max, exitCodes } = this.#task.retry;
    if (tryNumber > max || exitCodes === null || (exitCode !== null && exitCodes.includes(exitCode))) return "";
    return ` Its retries are for ${exitCodes.length === 1 ? "exit code" : "exit codes"} ${
      listed(exitCodes.map(String))
    } only.`;
  }
}

/** The attempt that did what the present one kept; null when the present one did it itself. */
function keptFrom({ events, run }: TaskFacts, present: TaskRun | undefined): number | null {
  if (present?.state !== "COMPLETED") return null;
  const done = events.find((event) =>
    event.type === "task_changed" && event.taskRunId === present.taskRunId && event.state === "COMPLETED"
  );
  return done !== undefined && "attempt" in done && done.attempt < run.attempt ? done.attempt : null;
}

function whyNotBegun({ run, task, tasks }: TaskFacts): string {
  if (run.state === "PENDING" || run.state === "ASSIGNED") return `the run is ${run.state}`;
  const stateOf = new Map(tasks.map(({ taskId, state }) => [taskId, state]));
  const open = task.depends.filter((id) => stateOf.get(id) !== "COMPLETED");
  if (open.length > 0) {
    return `it waits for ${listed(open.map((id) => `${id} (${stateOf.get(id) ?? "not begun"})`))}`;
  }
  return run.paused ? "the run is paused" : "the agent did not report it yet";
}

/** The tasks above that did not complete and were not skipped themselves: what it all began with. */
function causesAbove({ workflow, tasks, task }: TaskFacts): string[] {
  const defined = new Map(workflow.tasks.map((one) => [one.id, one]));
  const states = new Map(tasks.map((one) => [one.taskId, one]));
  const causes: string[] = [];
  const seen = new Set<string>();
  const open = [...task.depends];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const state = states.get(id)?.state;
    if (state === "SKIPPED") open.push(...defined.get(id)?.depends ?? []);
    else if (state !== undefined && state !== "COMPLETED" && state !== "RUNNING") {
      causes.push(`task ${id} ${state === "FAILED" ? "failed" : `is ${state}`}`);
    }
  }
  return causes;
}

function hintOf({ run, task }: TaskFacts, present: TaskRun | undefined): string | null {
  const logs = `\`cdktr logs query --run ${run.runId} --task ${shellWord(task.name)}\` shows what it printed`;
  switch (present?.state) {
    case "FAILED":
    case "CANCELLED":
    case "CRASHED":
      return isFinal(run.state) ? `${logs}; \`cdktr runs retry ${run.runId}\` runs it again.` : `${logs}.`;
    case "RUNNING":
    case "COMPLETED":
      return `${logs}.`;
    case "SKIPPED":
      return isFinal(run.state) ? `\`cdktr runs retry ${run.runId}\` runs again what did not complete.` : null;
    case "PENDING":
    case undefined:
      return run.paused ? `\`cdktr runs resume ${run.runId}\` lets the run go on.` : null;
  }
}
