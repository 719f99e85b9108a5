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

/** What comes, without the parts at its beginning that are empty; null where there is nothing else. */
export async function filled(parts: AsyncGenerator<string, void>): Promise<AsyncGenerator<string, void> | null> {
  for (;;) {
    const first = await parts.next();
    if (first.done === true) return null;
    if (first.value === "") continue;
    return (async function* () {
      yield first.value;
      yield* parts;
    })();
  }
}

/** A name for the file, with the time: one saves more than once. Ids are anything, a path must not come of them. */
export function logFileName(runId: string | null, workflowId: string | null, nowMs: number): string {
  const safe = (text: string) => text.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 100);
  const about = runId !== null ? `run-${safe(runId)}` : `logs-${safe(workflowId ?? "all")}`;
  const time = new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${about}-${time}.log`;
}
