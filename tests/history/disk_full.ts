/** Stores 60,000 lines that do not compress, prints the codes of problems, and `flushed` at the end. */
import { line, openHistory } from "./fixtures.ts";

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

await using history = await openHistory({ path: Deno.args[0] ?? "", onProblem: (problem) => say(problem.code) });
for (let index = 0; index < 60_000; index++) {
  history.appendLogs([line(`${index} ${crypto.randomUUID()}${crypto.randomUUID()}`)]);
}
await history.flush();
say("flushed");
