/** Log lines into a file: all that the filters let through, from the oldest on. */
import { formatLogLine, maxPageLines, toLogLine } from "../wire/mod.ts";
import { wants } from "./log_source.ts";
import type { LogWindow } from "./log_window.ts";

/** Pages of lines as text, formatted as `cdktr logs query` does. @param onProgress Told how many lines there are by now. */
export async function* logText(
  window: LogWindow,
  isVerbose: boolean,
  onProgress: (lineCount: number) => void,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const { selection } = window;
  let after: string | null = null;
  let count = 0;
  for (;;) {
    const page: Awaited<ReturnType<LogWindow["page"]>> = await window.page(
      { order: "oldest", after, limit: maxPageLines },
      signal,
      selection,
    );
    signal.throwIfAborted();
    const lines = page.lines.filter((line) => wants(selection, line));
    count += lines.length;
    yield lines.map((line) => `${formatLogLine(toLogLine(line), isVerbose)}\n`).join("");
    onProgress(count);
    if (!page.mayHaveMore || page.cursor === null) return;
    after = page.cursor;
  }
}

/** A name for the file; ids are anything, a path must not come of them. */
export function logFileName(runId: string | null, workflowId: string | null, nowMs: number): string {
  const safe = (text: string) => text.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 100);
  if (runId !== null) return `run-${safe(runId)}.log`;
  const time = new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `logs-${safe(workflowId ?? "all")}-${time}.log`;
}
