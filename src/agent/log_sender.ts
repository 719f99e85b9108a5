/** A run's lines on their way to the principal. */
import { type Clock, sleep } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import { encodeLogLine } from "../wire/mod.ts";
import type { LoggedAttempt } from "./dispatcher.ts";
import type { LogLine } from "./run_task.ts";

/** How long a principal that takes no lines, or too slowly, holds up a task or the end of a run, in milliseconds. */
export const holdUpMaxMs = 5_000;

/**
 * Sends the lines of one run in order. A task waits while they come too fast, but not for a principal that is away: lines
 * that found no room are counted, and a line in their place says how many there were.
 */
export class LogSender {
  readonly #assignment: LoggedAttempt;
  readonly #client: PrincipalClient;
  readonly #clock: Clock;
  #leftOut = 0;
  #lastLine: LogLine | null = null;

  constructor(assignment: LoggedAttempt, client: PrincipalClient, clock: Clock) {
    this.#assignment = assignment;
    this.#client = client;
    this.#clock = clock;
  }

  /** Sends lines; resolves when there is room for more. */
  async send(lines: readonly LogLine[]): Promise<void> {
    this.#lastLine = lines.at(-1) ?? this.#lastLine;
    for (const line of lines) {
      if (this.#leftOut > 0 && !this.#tryTellGap(line)) {
        this.#leftOut++;
        continue;
      }
      const frame = this.#encode(line);
      if (!this.#client.tryPushLog(frame) && !await this.#pushHeldUp(frame)) this.#leftOut++;
    }
  }

  /** To be called after the last line: tells what was left out at the end, if there is room now. */
  end(): void {
    if (this.#leftOut === 0 || this.#lastLine === null) return;
    try {
      this.#tryTellGap(this.#lastLine);
    } catch {
      // The link is closed, and nobody is left to be told.
    }
  }

  #tryTellGap(next: LogLine): boolean {
    const payload = `STDERR cdktr: ${this.#leftOut} lines left out here, the principal took none`;
    const isTold = this.#client.tryPushLog(this.#encode({ ...next, level: "ERROR", payload }));
    if (isTold) this.#leftOut = 0;
    return isTold;
  }

  async #pushHeldUp(frame: Uint8Array): Promise<boolean> {
    const stop = new AbortController();
    const tooLong = sleep(this.#clock, holdUpMaxMs, stop.signal).then(() => false, () => false);
    const pushed = this.#client.pushLog(frame, stop.signal).then(() => true, () => false);
    const isPushed = await Promise.race([pushed, tooLong]);
    stop.abort();
    return isPushed;
  }

  #encode(line: LogLine): Uint8Array {
    const { workflow, runId } = this.#assignment;
    return encodeLogLine({
      workflowId: workflow.id,
      workflowName: workflow.name,
      workflowInstanceId: runId,
      taskName: line.taskName,
      taskInstanceId: line.taskRunId,
      timeMs: line.timestampMs,
      level: line.level,
      payload: line.payload,
      extra: [],
    });
  }
}
