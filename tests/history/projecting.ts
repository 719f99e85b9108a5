/**
 * Hands over pages of a made-up journal, and lines of a made-up attempt, without end, and goes on where the database says
 * it is. Prints `hot` when the first have been committed. The tests kill it.
 */
import { logStreamOf } from "../../src/history/mod.ts";
import { decisionsPage, lines, openHistory } from "./fixtures.ts";

const stream = logStreamOf("run-1", 1);
await using history = await openHistory({ path: Deno.args[0] ?? "", flushIntervalMs: 1 });
let seq = history.positionOf("journal");
let sequence = history.positionOf(stream);
const hotPosition = sequence + 2_000;
let isTold = false;
while (true) {
  const page = decisionsPage(seq + 1, seq + 7);
  if (history.tryProject(page)) seq = page.seq;
  if (history.tryAppendLogs(lines(50), { stream, position: sequence + 50 })) sequence += 50;
  if (!isTold && history.committedPositionOf(stream) > hotPosition) {
    isTold = true;
    Deno.stdout.writeSync(new TextEncoder().encode("hot\n"));
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
