/**
 * Why there is a ZMTP implementation of our own here: npm:zeromq loads under Deno and then stalls. This runs the same
 * REQ/REP loop under Node and under Deno, with a time limit, and says how far each came: `deno run -A
 * bench/zeromq_stall.ts`. The day Deno finishes too, the question whether to keep `src/zmtp` can be asked again.
 */
import { findNode } from "../tests/interop/peers.ts";

const roundTrips = 5_000;
/** No round trip for so long is a stall; one takes a fraction of a millisecond. */
const stallMs = 2_000;
/** The script ends by itself, unless it hangs altogether. */
const limitMs = 20_000;

const node = await findNode();
if (!("command" in node)) {
  console.log(`npm:zeromq is not there: ${node.missing}`);
  Deno.exit(0);
}
const script = new URL("zmtp/zeromq_loop.mjs", import.meta.url).pathname;
for (const [name, command, args] of [["Node", node.command, []], ["Deno", Deno.execPath(), ["run", "-A"]]] as const) {
  const startMs = performance.now();
  const child = new Deno.Command(command, {
    args: [...args, script, String(roundTrips), String(stallMs)],
    env: node.env,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const killer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const { stdout } = await child.output();
  clearTimeout(killer);
  const elapsedMs = performance.now() - startMs;
  const done = Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? 0);
  const outcome = done === roundTrips ? `finished in ${(elapsedMs / 1_000).toFixed(1)} s` : `stalled after ${done}`;
  console.log(`${name}: ${outcome} of ${roundTrips} round trips with npm:zeromq`);
}
