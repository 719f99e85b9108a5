/** The newest lines of one task of a run: enough to see what went wrong without going anywhere. */
import { type Line, outputSpans, type Size, span } from "../paint/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import { Loaded } from "./loaded.ts";
import type { Shell } from "./screen.ts";
import { timeText } from "./words.ts";

/** Lines that are read. */
const readLines = 40;

/** A task of a run. */
interface TailedTask {
  readonly runId: string;
  readonly workflowId: string;
  /** Its name, which log lines carry. */
  readonly taskName: string;
}

/** See the top of this file. */
export class LogTail {
  readonly #shell: Shell;
  readonly #closed = new AbortController();
  #of: TailedTask | null = null;
  #lines: Loaded<readonly WireLogLine[]> | null = null;
  #isFollowing = false;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /**
   * Shows the lines of this task.
   *
   * @param isLive Whether there may be newer ones.
   */
  show(task: TailedTask, isLive: boolean): void {
    if (isLive && !this.#isFollowing) void this.#follow(task);
    if (this.#of?.runId === task.runId && this.#of.taskName === task.taskName) return;
    this.#lines?.close();
    this.#of = task;
    const { session, clock } = this.#shell;
    this.#lines = new Loaded({
      clock,
      onChange: () => this.#shell.changed(),
      everyMs: 1000,
      load: async (signal) => {
        const request = { run: task.runId, taskName: task.taskName, order: "newest", limit: readLines } as const;
        return (await session.ask("LOGS", request, { signal })).lines.toReversed();
      },
    });
  }

  /** There may be newer ones. */
  refresh(): void {
    this.#lines?.refresh();
  }

  /** Reads the lines again when the run has printed something. */
  async #follow({ runId, workflowId }: TailedTask): Promise<void> {
    this.#isFollowing = true;
    for await (const news of this.#shell.session.client.followLogs(workflowId, this.#closed.signal)) {
      const isAbout = news.type !== "lines" || news.lines.some((line) => line.runId === runId);
      if (isAbout) this.refresh();
    }
  }

  draw({ width, height }: Size): Line[] {
    const { glyphs } = this.#shell;
    const lines = this.#lines?.value ?? null;
    const title = ` ${this.#of?.taskName ?? ""}: last lines `;
    const rule: Line = [
      span(glyphs.horizontal, "faint"),
      span(title.slice(0, Math.max(width - 2, 0)), "title"),
      span(glyphs.horizontal.repeat(Math.max(width - title.length - 1, 0)), "faint"),
    ];
    if (lines === null) return [rule, [span(" Loading ...", "faint")]];
    if (lines.length === 0) return [rule, [span(" It has printed nothing.", "faint")]];
    return [
      rule,
      ...lines.slice(1 - height).map(({ timestampMs, level, payload }): Line => {
        const isError = level !== "INFO";
        const text = payload.replace(/^STD(OUT|ERR) /, "");
        return [
          span(` ${timeText(timestampMs)} `, "faint"),
          span(isError ? "! " : "  ", "bad"),
          ...outputSpans(text, isError ? "bad" : "plain"),
        ];
      }),
    ];
  }

  close(): void {
    this.#closed.abort();
    this.#lines?.close();
  }
}
