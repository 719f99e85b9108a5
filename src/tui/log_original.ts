/** The lines of an original principal: the newest days in one answer, up to 30 s behind the live ones, and no way to the rest. */
import type { LogNews, PrincipalClient } from "../client/mod.ts";
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { parseFormattedLines, type WireLogLine } from "../wire/mod.ts";
import { type LogPage, type LogPageRequest, type LogSelection, type LogSource, wants } from "./log_source.ts";

/** How far back lines are asked for, in milliseconds: as the original's own viewer does. */
const spanMs = 2 * 86_400_000;

/** `[time LEVEL] [workflow name=run / task name=task run] payload`, as QUERYLOGS gives lines with names. */
const verboseLine = /^\[(\S+) (\w+)\] \[(.*?)=([^=\]]*) \/ (.*?)=([^=\]]*)\] (.*)$/s;

/** See the top of this file. */
export class OriginalLogs implements LogSource {
  readonly hasCursors = false;
  readonly #client: PrincipalClient;
  readonly #clock: Clock;

  constructor(client: PrincipalClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async page(selection: LogSelection, request: LogPageRequest, signal: AbortSignal): Promise<LogPage> {
    if (request.after !== null) return { lines: [], cursor: null, mayHaveMore: false };
    const nowMs = this.#clock.nowMs();
    const startMs = request.sinceMs ?? nowMs - spanMs;
    const { workflowId, runId } = selection;
    const reply = await this.#client.callOriginal(
      { verb: "QUERYLOGS", startMs, endMs: nowMs + 1, workflowId, workflowInstanceId: runId, verbose: true },
      { signal },
    );
    if (reply.token !== "SUCCESS") {
      const said = "text" in reply ? reply.text : reply.token;
      throw new CdktrError("STORAGE", `The principal at ${this.#client.address} answered QUERYLOGS with: ${said}`);
    }
    const contains = request.contains?.toLowerCase() ?? "";
    const lines = parseFormattedLines(reply.payload).map((text) => lineOf(text, workflowId ?? "")).filter((line) =>
      wants(selection, line) && line.payload.toLowerCase().includes(contains)
    );
    const kept = request.order === "newest" ? lines.reverse().slice(0, request.limit) : lines.slice(0, request.limit);
    return { lines: kept, cursor: null, mayHaveMore: false };
  }

  follow({ workflowId }: LogSelection, signal: AbortSignal): AsyncIterable<LogNews> {
    return this.#client.followLogs(workflowId, signal);
  }
}

/** A formatted line read back; what has another form is shown as it is. */
function lineOf(text: string, workflowId: string): WireLogLine {
  const [, time = "", level = "", workflowName = "", runId = "", taskName = "", taskRunId = "", payload = text] =
    verboseLine.exec(text) ?? [];
  return { workflowId, workflowName, runId, taskName, taskRunId, timestampMs: Date.parse(time) || 0, level, payload };
}
