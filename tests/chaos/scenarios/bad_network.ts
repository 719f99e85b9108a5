/** Everything between agents, clients and principal goes through a bad network. */
import { BadNetwork, type Mischief } from "../bad_network.ts";
import { checkAllComplete } from "../completeness.ts";
import { Fleet } from "../fleet.ts";
import { Load } from "../load.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { countingWorkflow } from "../workflows.ts";

const sizes = { quick: { runs: 60, badMs: 12_000 }, long: { runs: 600, badMs: 90_000 } };
const lines = 200;
const slots = 8;

export const badNetwork: Scenario = {
  name: "bad network",
  promise: "over a network that delays, cuts, stalls and refuses, every run completes once with all its lines",
  play,
};

async function play({ isLong, chance }: Stage): Promise<Outcome> {
  const size = isLong ? sizes.long : sizes.quick;
  await using fleet = await Fleet.make();
  const { place } = fleet;
  await place.write("counts", countingWorkflow(`${place.path}/began`, { lines, restS: 0.3 }));
  await fleet.startPrincipal();
  const direct = fleet.principalPorts;
  await using requests = new BadNetwork(direct.port, chance.branch("requests"));
  await using logsIn = new BadNetwork(direct.logsInPort, chance.branch("logs in"));
  await using logsOut = new BadNetwork(direct.logsOutPort, chance.branch("logs out"));
  const networks = [requests, logsIn, logsOut];
  const ports = { port: requests.port, logsInPort: logsIn.port, logsOutPort: logsOut.port };

  await using client = fleet.client({ ports });
  const load = new Load(client);
  const env = {
    CDKTR_PRINCIPAL_PORT: String(ports.port),
    CDKTR_LOGS_LISTENING_PORT: String(ports.logsInPort),
    CDKTR_LOGS_PUBLISHING_PORT: String(ports.logsOutPort),
  };
  for (const name of ["a", "b"]) await fleet.startAgent(name, { slots, env });
  // One after the other, so that they last as long as the weather.
  const everyMs = size.badMs / size.runs;
  const triggers = [];
  for (let index = 0; index < size.runs; index++) {
    triggers.push(load.trigger(`k${index}`, "counts"));
    await pause(everyMs);
  }
  await Promise.all(triggers);
  for (const network of networks) network.calm();
  await load.allEnded();
  await fleet.end();
  const counts = await checkAllComplete(fleet, { load, lines: { counts: lines } });
  return {
    done: `${size.badMs / 1_000} s of connections that were cut, stalled, ended and refused`,
    counts: { ...counts, triggersSentAgain: load.failedTries, ...total(networks.map(({ did }) => did)) },
    lost: 0,
  };
}

function total(all: readonly Mischief[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const did of all) for (const [what, count] of Object.entries(did)) sums[what] = (sums[what] ?? 0) + count;
  return sums;
}
