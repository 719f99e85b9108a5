/** Tries without processes: each ends when and as the test says. */
import assert from "node:assert/strict";
import type { Executor, TaskTry, TryOutcome } from "../../src/agent/executor.ts";
import { turn } from "../fake_clock.ts";

/** See the top of this file. */
export class ScriptedExecutor implements Executor {
  /** Every try that was begun. */
  readonly begun: TaskTry[] = [];
  readonly #open = new Map<string, (outcome: TryOutcome) => void>();

  run(taskTry: TaskTry): Promise<TryOutcome> {
    this.begun.push(taskTry);
    const { promise, resolve } = Promise.withResolvers<TryOutcome>();
    this.#open.set(taskTry.task.id, resolve);
    const onAbort = () => resolve({ kind: "cancelled" });
    if (taskTry.signal.aborted) onAbort();
    taskTry.signal.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => this.#open.delete(taskTry.task.id));
  }

  /** Ids of the tasks that run. */
  get running(): string[] {
    return [...this.#open.keys()];
  }

  /** Ends the try of a task, and lets everything happen that follows from it. */
  async end(taskId: string, outcome: TryOutcome | number): Promise<void> {
    const resolve = this.#open.get(taskId);
    assert.ok(resolve !== undefined, `task ${taskId} does not run`);
    resolve(typeof outcome === "number" ? exited(outcome) : outcome);
    await turn();
  }
}

function exited(exitCode: number): TryOutcome {
  if (exitCode === 0) return { kind: "succeeded", outputs: null };
  return { kind: "failed", reason: `exited with code ${exitCode}`, exitCode, signal: null };
}
