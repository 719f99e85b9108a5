/**
 * Stores 60,000 lines that do not compress, every second one marked, prints the codes of problems, and at the end
 * `stored`, after it has read them back, each once and in order. Marked lines that are not taken are handed over again, as
 * their sender would.
 */
import assert from "node:assert/strict";
import { line, openHistory } from "./fixtures.ts";

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const stream = "log:full:1";
const path = Deno.args[0] ?? "";
const history = await openHistory({ path, onProblem: (problem) => say(problem.code) });
for (let index = 0; index < 60_000; index += 2) {
  const [unmarked, marked] = [index, index + 1].map((number) =>
    line(`${number} ${crypto.randomUUID()}${crypto.randomUUID()}`)
  );
  if (unmarked === undefined || marked === undefined) throw new Error("no lines");
  history.appendLogs([unmarked]);
  while (!history.tryAppendLogs([marked], { stream, position: index + 1 })) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (index % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
await history.whenCommitted(stream, 59_999);
await history.flush();
await history.close();

await using again = await openHistory({ path });
assert.equal(again.positionOf(stream), 59_999);
const numbers = (await again.queryLogs({ limit: 1_000_000 })).map(({ payload }) => Number.parseInt(payload));
for (const parity of [0, 1]) {
  const expected = Array.from({ length: 30_000 }, (_, index) => 2 * index + parity);
  assert.deepEqual(numbers.filter((number) => number % 2 === parity), expected);
}
say("stored");
