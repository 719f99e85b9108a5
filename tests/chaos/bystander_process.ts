/**
 * A client that has nothing to do with what goes on: triggers its workflow again and again, one run after the other, and
 * prints for each when it was sent (Unix milliseconds), how long it took to be RUNNING, and how long until we heard of its
 * end (milliseconds).
 *
 * A process of its own, so that what the test does does not count. Arguments: the principal's three ports, the workflow.
 */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { isFinal } from "../../src/core/mod.ts";
import { maxWaitMs } from "../../src/wire/mod.ts";
import { triggerOnce } from "./load.ts";
import { pause } from "./scenario.ts";

/** From the end of one run to the trigger of the next. */
const restMs = 20;
const timeoutMs = 60_000;

const [port, logsInPort, logsOutPort] = Deno.args.slice(0, 3).map(Number);
const workflowId = Deno.args[3] ?? "";
const client = PrincipalClient.overTcp({
  host: "127.0.0.1",
  port: port ?? 0,
  logsInPort: logsInPort ?? 0,
  logsOutPort: logsOutPort ?? 0,
}, { clock: systemClock, random: systemRandom, version: "0.0.0", role: "bystander", timeoutMs });

for (;;) {
  const sentAtMs = Date.now();
  const runId = await triggerOnce(client, workflowId, null);
  for (;;) {
    const { run } = await client.call("WAITRUN", { run: runId, waitMs: maxWaitMs });
    if (!isFinal(run.state)) continue;
    if (run.state !== "COMPLETED") throw new Error(`the bystander's run is ${run.state}: ${run.reason}`);
    console.log(`${sentAtMs} ${(run.startedAtMs ?? NaN) - sentAtMs} ${Date.now() - sentAtMs}`);
    break;
  }
  await pause(restMs);
}
