/** A second principal for the tests: opens history, says `open` or why not, closes it when standard input ends. */
import { openHistory } from "./fixtures.ts";

try {
  await using _history = await openHistory({ path: Deno.args[0] ?? "" });
  await Deno.stdout.write(new TextEncoder().encode("open\n"));
  await Deno.stdin.readable.pipeTo(new WritableStream());
} catch (error) {
  await Deno.stdout.write(new TextEncoder().encode(`${error}\n`));
}
