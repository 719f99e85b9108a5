/** What can be done with runs, wherever they are shown. */
import { counted, finalRunStates, isFinal, messageOf, type Run } from "../core/mod.ts";
import { Confirm, type ConfirmOptions } from "./dialogs/confirm.ts";
import type { Action, Shell } from "./screen.ts";
import { briefId } from "./words.ts";

/** Runs that are changed with one answer at most: of more the first ones, and the question names no more. */
const togetherMax = 1000;
const reason = "asked for in `cdktr ui`";

/** Runs that a question names one by one. */
const namedMax = 6;

/** Asks before something is done. */
type Ask = (options: ConfirmOptions) => void;

/** Something done to one run; what came of it, as a sentence. */
type Deed = (run: Run, signal: AbortSignal) => Promise<string>;

/**
 * The actions for the chosen runs: those that fit their states.
 *
 * @param runs Under the cursor, or marked.
 * @param task The task that is chosen within the one run; null for none.
 * @param onAgreed Called when the user has agreed to one of them.
 */
export function runActions(
  shell: Shell,
  runs: readonly Run[],
  task: string | null = null,
  onAgreed: () => void = () => {},
): Action[] {
  const ask: Ask = (options) =>
    shell.ask(
      new Confirm(shell, {
        ...options,
        run: () => {
          onAgreed();
          options.run();
        },
      }),
    );
  const open = runs.filter(({ state }) => !isFinal(state)).slice(0, togetherMax);
  const ended = runs.filter(({ state }) => isFinal(state)).slice(0, togetherMax);
  const [first] = runs;
  const actions: Action[] = [];
  if (open.length > 0) {
    actions.push({ keys: ["c"], title: "cancel", isChange: true, run: () => askCancel(shell, ask, open) });
    const paused = open.filter((run) => run.paused);
    actions.push(
      paused.length === open.length
        ? { keys: ["p"], title: "resume", isChange: true, run: () => askPause(shell, ask, open, false) }
        : { keys: ["p"], title: "pause", isChange: true, run: () => askPause(shell, ask, open, true) },
    );
  }
  if (open.length === 1 && runs.length === 1 && task !== null && first !== undefined && first.state === "RUNNING") {
    actions.push({
      keys: ["C"],
      title: "cancel task",
      isChange: true,
      run: () => askCancelTask(shell, ask, first, task),
    });
  }
  if (ended.length > 0 && open.length === 0) {
    actions.push({ keys: ["t"], title: "retry", isChange: true, run: () => askRetry(shell, ask, ended) });
    if (runs.length === 1 && task !== null && first !== undefined) {
      const title = "retry from here";
      actions.push({ keys: ["T"], title, isChange: true, run: () => askRetryFrom(shell, ask, first, task) });
    }
  }
  return actions;
}

function askCancel(shell: Shell, ask: Ask, runs: readonly Run[]): void {
  const running = runs.filter(({ state }) => state !== "PENDING").length;
  ask({
    question: `Cancel ${named(runs)}?`,
    effects: [
      ...members(runs),
      ...running > 0 ? ["Tasks that run are asked to end (TERM), then killed; tasks that wait do not start."] : [],
      ...running < runs.length ? ["What waits in the queue never begins."] : [],
      "What completed stays. A cancelled run can be retried.",
    ],
    yes: "cancel",
    run: () =>
      doAll(shell, runs, "cancelled", async ({ runId }, signal) => {
        const { outcome } = await shell.session.ask("CANCEL", { run: runId, task: null, reason }, { signal });
        return outcome === "done" ? "was cancelled" : "is being cancelled: its agent was told";
      }),
  });
}

function askCancelTask(shell: Shell, ask: Ask, run: Run, task: string): void {
  ask({
    question: `Cancel task ${task} of ${named([run])}?`,
    effects: [
      "Its processes are asked to end (TERM), then killed.",
      "What depends on it is skipped, and the run ends FAILED.",
    ],
    yes: "cancel the task",
    run: () =>
      doAll(shell, [run], "changed", async ({ runId }, signal) => {
        await shell.session.ask("CANCEL", { run: runId, task, reason }, { signal });
        return `: task ${task} is being cancelled`;
      }),
  });
}

function askPause(shell: Shell, ask: Ask, runs: readonly Run[], paused: boolean): void {
  const effects = paused
    ? [
      ...members(runs),
      "What runs goes on; no further task of it starts, and what waits is given to no agent.",
      "`p` resumes it.",
    ]
    : [...members(runs), "It goes on where it stood."];
  ask({
    question: `${paused ? "Pause" : "Resume"} ${named(runs)}?`,
    effects,
    yes: paused ? "pause" : "resume",
    run: () =>
      doAll(shell, runs, paused ? "paused" : "resumed", async ({ runId }, signal) => {
        await shell.session.ask("PAUSE", { run: runId, paused, reason }, { signal });
        return paused ? "is paused" : "goes on";
      }),
  });
}

function askRetry(shell: Shell, ask: Ask, runs: readonly Run[]): void {
  ask({
    question: `Retry ${named(runs)}?`,
    effects: [
      ...members(runs),
      "A new attempt of the same run: tasks that completed are kept with their outputs, the others run again.",
      "It runs the definition it was triggered with.",
    ],
    yes: "retry",
    run: () => doAll(shell, runs, "retried", retryFrom(shell, null)),
  });
}

function askRetryFrom(shell: Shell, ask: Ask, run: Run, task: string): void {
  ask({
    question: `Retry ${named([run])} from task ${task}?`,
    effects: [
      `A new attempt: ${task} and everything that depends on it run again, completed or not; the rest is kept.`,
    ],
    yes: `retry from ${task}`,
    run: () => doAll(shell, [run], "retried", retryFrom(shell, task)),
  });
}

function retryFrom(shell: Shell, fromTask: string | null): Deed {
  return async ({ runId }, signal) => {
    const { attempt, kept } = await shell.session.ask("RETRY", { run: runId, fromTask, reason }, { signal });
    return `waits for its attempt ${attempt}, ${kept.length === 0 ? "nothing" : counted(kept.length, "task")} kept`;
  };
}

/** One after the other; what cannot be done does not hold up the rest. */
function doAll(shell: Shell, runs: readonly Run[], participle: string, deed: Deed): void {
  shell.perform(async (signal) => {
    const [only, ...others] = runs;
    if (only !== undefined && others.length === 0) return `Run ${briefId(only.runId)} ${await deed(only, signal)}.`;
    const failures: string[] = [];
    for (const run of runs) {
      signal.throwIfAborted();
      try {
        await deed(run, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(messageOf(error));
      }
    }
    const done = `${runs.length - failures.length} of ${counted(runs.length, "run")} ${participle}.`;
    return failures.length === 0 ? done : `${done} The first that was not: ${failures[0]}`;
  });
}

function named(runs: readonly Run[]): string {
  const [first] = runs;
  if (first !== undefined && runs.length === 1) return `run ${briefId(first.runId)} of ${first.workflowId}`;
  const workflows = new Set(runs.map(({ workflowId }) => workflowId));
  return `${counted(runs.length, "run")} of ${
    workflows.size === 1 ? first?.workflowId : counted(workflows.size, "workflow")
  }`;
}

/** Which runs are meant, when they are several. */
function members(runs: readonly Run[]): string[] {
  if (runs.length === 1) return [];
  const names = runs.slice(0, namedMax).map(({ runId, workflowId, state }) =>
    `${briefId(runId)} ${workflowId} ${state}`
  );
  return runs.length > namedMax ? [...names, `and ${runs.length - namedMax} more`] : names;
}

/** The states that something went wrong in. */
export const badStates = finalRunStates.filter((state) => state !== "COMPLETED");
