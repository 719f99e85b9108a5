/** The progress of one run at the bottom of the terminal that stderr is, while a command waits for it. */
import { glyphsFor } from "../paint/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import type { Invocation } from "./invocation.ts";
import type { LiveBlock } from "./live_block.ts";
import { runLines } from "./progress_lines.ts";
import { type ShownTask, shownTasks } from "./shown_tasks.ts";
import { terminalSize } from "./stderr_block.ts";
import { Ticker } from "./ticker.ts";
import type { Run } from "../core/mod.ts";
import { watchRun } from "./watch_run.ts";

/** Shows the progress of a run in `block` until disposed; then the block is erased. */
export function showProgress(
  { environment, stderr, clock }: Invocation,
  client: PrincipalClient,
  runId: string,
  block: LiveBlock,
): AsyncDisposable {
  const glyphs = glyphsFor(environment);
  const stop = new AbortController();
  let known: { readonly run: Run; readonly tasks: readonly ShownTask[] } | null = null;
  let lost: string | null = null;
  const ticker = new Ticker(clock, (frame) => {
    if (known === null) return;
    const size = terminalSize(environment, stderr) ?? { columns: 80, rows: 24 };
    block.draw(runLines(known.run, known.tasks, { glyphs, ...size, nowMs: clock.nowMs(), frame, lost }));
  });
  const follow = async () => {
    for await (const news of watchRun(client, clock, runId, stop.signal)) {
      if (news.type === "shown") known = { run: news.shown.run, tasks: shownTasks(news.shown).tasks };
      lost = news.type === "lost" ? news.why : null;
    }
  };
  // What goes wrong here is told by the command, which asks the same principal.
  const following = follow().catch(() => {});
  return {
    [Symbol.asyncDispose]: async () => {
      ticker.stop();
      stop.abort();
      block.erase();
      await following;
    },
  };
}
