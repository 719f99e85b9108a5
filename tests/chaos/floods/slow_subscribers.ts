/** Subscribers to live log lines that read nothing, while a task prints. */
import { bytes, frame, join, RawPeer } from "../../zmtp/raw_peer.ts";
import { Fleet } from "../fleet.ts";
import { HistoryFile } from "../history_oracle.ts";
import { endOf, Load } from "../load.ts";
import { same } from "../same.ts";
import type { Outcome, Scenario, Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { singleTask } from "../workflows.ts";

const sizes = { quick: { lines: 100_000, subscribers: 10 }, long: { lines: 1_000_000, subscribers: 50 } };
/** Each may have 100,000 lines wait for it. */
const growthMaxMiB = { quick: 600, long: 1_200 };

export const slowSubscribers: Scenario = {
  name: "slow log subscribers",
  promise: "subscribers that do not read hold nobody up: every line is stored, in bounded memory, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const { lines, subscribers } = isLong ? sizes.long : sizes.quick;
  await using fleet = await Fleet.make();
  await fleet.place.write("talks", singleTask(`seq -f 'line %.0f' 1 ${lines}`));
  await fleet.startPrincipal();
  await fleet.startAgent("a", { slots: 1 });
  const all: RawPeer[] = [];
  const { figures } = await watchOthers(
    fleet,
    { growthMaxMiB: isLong ? growthMaxMiB.long : growthMaxMiB.quick },
    async () => {
      for (let index = 0; index < subscribers; index++) {
        const peer = await RawPeer.handshaken(fleet.principalPorts.logsOutPort, "SUB", 0);
        await peer.write(frame(0, join(new Uint8Array([1]), bytes(""))));
        all.push(peer);
      }
      await using client = fleet.client();
      const { state, reason } = await endOf(client, await new Load(client).trigger("talks", "talks"));
      same(state, "COMPLETED", `state of the run (${reason})`);
    },
  );
  for (const peer of all) peer.close();
  await fleet.end();
  const found = [...(await new HistoryFile(`${fleet.place.path}/kept`).taskLines()).values()].filter(({ last }) =>
    last > 0
  );
  same(found.length, 1, "task runs that printed");
  same(found[0]?.fault, null, "fault in the lines");
  same(found[0]?.stored, lines, "lines that are stored");
  return {
    done: `${subscribers} subscribers read nothing while a task printed ${lines} lines`,
    counts: { lines, subscribers, ...figures },
    lost: lines - (found[0]?.stored ?? 0),
  };
}
