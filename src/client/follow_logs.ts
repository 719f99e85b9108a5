/** Live log lines as an asynchronous sequence. */
import { parseLogLine, type WireLogLine } from "../wire/mod.ts";
import type { PrincipalLink } from "./link.ts";

/** Lines kept for a reader that is slower than they come; beyond it the oldest go, and a line in their place says so. */
export const followedLinesMax = 100_000;

/** Yields lines whose first bytes are `topic`, from now on, until `signal` aborts. */
export async function* followLogs(
  link: PrincipalLink,
  topic: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<WireLogLine, void> {
  let lines: WireLogLine[] = [];
  let dropped = 0;
  let wake = () => {};
  const stop = () => wake();
  const unsubscribe = link.subscribeLogs(topic, (frame) => {
    const parsed = parseLogLine([frame]);
    if (!parsed.ok) return;
    if (lines.length >= followedLinesMax) {
      dropped += lines.length;
      lines = [];
    }
    const { workflowInstanceId: runId, taskInstanceId: taskRunId, timeMs: timestampMs, extra: _, ...line } =
      parsed.line;
    lines.push({ ...line, runId, taskRunId, timestampMs });
    wake();
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      if (lines.length === 0) {
        await new Promise<void>((resolve) => wake = resolve);
        continue;
      }
      const batch = lines;
      const gap = dropped;
      lines = [];
      dropped = 0;
      const [first] = batch;
      if (gap > 0 && first !== undefined) yield gapLine(first, gap);
      yield* batch;
    }
    yield* lines;
  } finally {
    signal.removeEventListener("abort", stop);
    unsubscribe();
  }
}

function gapLine(next: WireLogLine, count: number): WireLogLine {
  return { ...next, level: "WARNING", payload: `STDERR cdktr: ${count} lines left out here, this reader was too slow` };
}
