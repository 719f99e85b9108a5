/** A burst of triggers that nobody can run: all of them wait in the queue, and none is lost. */
import { checkTriggers, readJournal } from "../journal_oracle.ts";
import { Fleet } from "../fleet.ts";
import { Load } from "../load.ts";
import { same } from "../same.ts";
import type { Outcome, Scenario, Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { singleTask } from "../workflows.ts";

const triggers = { quick: 5_000, long: 100_000 };
const clients = 4;
const inFlightOfClient = 2_000;
/** What a waiting run may cost in memory, with room for what is in flight. */
const growthMaxMiB = { quick: 200, long: 900 };

export const triggerBurst: Scenario = {
  name: "burst of triggers",
  promise: "a burst of triggers is answered trigger by trigger, all of them are durable, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const count = isLong ? triggers.long : triggers.quick;
  await using fleet = await Fleet.make();
  await fleet.place.write("nobody", singleTask("true", "labels: [nobody]"));
  await fleet.startPrincipal();
  const growth = isLong ? growthMaxMiB.long : growthMaxMiB.quick;
  const { brought, figures } = await watchOthers(fleet, { growthMaxMiB: growth }, async () => {
    const beganMs = performance.now();
    const loads = await Promise.all(Array.from({ length: clients }, async (_, number) => {
      await using client = fleet.client({ timeoutMs: 120_000 });
      const load = new Load(client);
      const keys = Array.from({ length: count / clients }, (_, index) => `c${number}-${index}`);
      await load.triggerAll(keys, () => "nobody", inFlightOfClient);
      return load;
    }));
    return { loads, perSecond: Math.round(count / (performance.now() - beganMs) * 1_000) };
  });
  await using client = fleet.client();
  same((await client.call("STATUS", {})).queueLength, count, "runs that wait");
  // What was answered must be on disk, so nothing may depend on an end in good order.
  await fleet.endPrincipal("SIGKILL");
  const journalled = await readJournal(`${fleet.place.path}/kept`);
  const accepted = new Map(brought.loads.flatMap(({ accepted }) => [...accepted]));
  const ours = new Map([...journalled.runs].filter(([, { workflowId }]) => workflowId === "nobody"));
  checkTriggers({ ...journalled, runs: ours }, accepted);
  return {
    done: `${count} triggers from ${clients} clients, ${clients * inFlightOfClient} in flight, then kill -9`,
    counts: { runs: ours.size, triggersPerSecond: brought.perSecond, ...figures },
    lost: count - ours.size,
  };
}
