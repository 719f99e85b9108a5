/** Which runs of each workflow have not ended, in the order they came. */
import { IdSequence } from "./id_sequence.ts";

/** Run ids by workflow. */
export class RunsByWorkflow {
  readonly #runs = new Map<string, IdSequence>();

  /** Puts a run behind the others of its workflow. */
  add(workflowId: string, runId: string): void {
    let runs = this.#runs.get(workflowId);
    if (runs === undefined) this.#runs.set(workflowId, runs = new IdSequence());
    runs.push(runId);
  }

  /** Takes a run out. */
  remove(workflowId: string, runId: string): void {
    const runs = this.#runs.get(workflowId);
    runs?.remove(runId);
    if (runs?.size === 0) this.#runs.delete(workflowId);
  }

  /** The run that came first. */
  first(workflowId: string): string | undefined {
    return this.#runs.get(workflowId)?.first;
  }

  /** All runs of a workflow. */
  ids(workflowId: string): Iterable<string> {
    return this.#runs.get(workflowId)?.ids() ?? [];
  }

  /** Everything, for a snapshot. */
  *entries(): Generator<[workflowId: string, runIds: string[]]> {
    for (const [workflowId, runs] of this.#runs) yield [workflowId, [...runs.ids()]];
  }
}
