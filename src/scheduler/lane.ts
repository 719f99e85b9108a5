/** The due times of one workflow that the principal has not taken yet, oldest first. Pure but for its memory. */

/** A due time for which a workflow is to be triggered. */
export interface Owed {
  readonly dueMs: number;
  /** Whether its time had passed before it could be triggered. */
  readonly isMissed: boolean;
}

/** Due times that are kept for one workflow while the principal is slow, but takes triggers. */
const owedMax = 2_000;

/** See the top of this file. */
export class Lane {
  readonly workflowId: string;
  #catchup = 0;
  #isFailing = false;
  #owed: Owed[] = [];

  constructor(workflowId: string) {
    this.workflowId = workflowId;
  }

  /** What is to be triggered next. */
  get first(): Owed | undefined {
    return this.#owed[0];
  }

  /** How much there is to trigger. */
  get size(): number {
    return this.#owed.length;
  }

  /** Whether the principal did not take the last trigger. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /**
   * Takes more due times. While the principal takes nothing, a workflow that does not catch up keeps the first one only,
   * another one the newest `catchup`.
   *
   * @returns Those that are given up, among what was there and what came.
   */
  add(times: readonly Owed[], catchup: number): Owed[] {
    this.#catchup = catchup;
    const known = new Set(this.#owed.map(({ dueMs }) => dueMs));
    const added = times.filter(({ dueMs }) => !known.has(dueMs));
    this.#owed = [...this.#owed, ...added].sort((a, b) => a.dueMs - b.dueMs);
    return this.#trim();
  }

  /** The principal did not take the first one, which stays. Returns what is given up. */
  fail(): Owed[] {
    this.#isFailing = true;
    return this.#trim();
  }

  /** The due time is dealt with. */
  settle({ dueMs }: Owed): void {
    this.#isFailing = false;
    this.#owed = this.#owed.filter((owed) => owed.dueMs !== dueMs);
  }

  /** The workflow has no schedule any more. */
  clear(): void {
    this.#owed = [];
  }

  #trim(): Owed[] {
    if (this.#isFailing && this.#catchup === 0) return this.#owed.splice(1);
    const max = this.#isFailing ? this.#catchup : owedMax;
    return this.#owed.splice(0, Math.max(this.#owed.length - max, 0));
  }
}
