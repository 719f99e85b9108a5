/** The principal is killed and stays away for a while: what runs goes on, ends, and is told of when it is back. */
import { checkAllComplete } from "../completeness.ts";
import { Fleet } from "../fleet.ts";
import { Load } from "../load.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { countingWorkflow, singleTask } from "../workflows.ts";

const awayMs = { quick: 5_000, long: 60_000 };
const linesPerSecond = 20;
const quickLines = 100;
/** Runs of each kind on the agents when the principal goes, and triggers sent while it is away. */
const runsOfEach = 4;

export const principalAway: Scenario = {
  name: "principal away",
  promise: "a principal that was away gets every report and every line of what went on without it",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const outageMs = isLong ? awayMs.long : awayMs.quick;
  const lines = Math.ceil(outageMs / 1_000 + 3) * linesPerSecond;
  await using fleet = await Fleet.make();
  const { place } = fleet;
  const began = `${place.path}/began`;
  // One that ends while nobody listens, and one that prints all the while.
  await place.write("ends", countingWorkflow(began, { lines: quickLines, restS: 2 }));
  const talk = `i=0; while [ $i -lt ${lines} ]; do i=$((i + 1)); echo "line $i"; sleep ${1 / linesPerSecond}; done`;
  await place.write("talks", singleTask(`printf . >> ${began}/$CDKTR_PARAM_KEY; ${talk}`));
  await place.write("waits", countingWorkflow(began, { lines: quickLines, restS: 0 }));

  await fleet.startPrincipal();
  await using client = fleet.client();
  const load = new Load(client);
  for (const name of ["a", "b"]) await fleet.startAgent(name, { slots: runsOfEach });
  const keysOf = (kind: string) => Array.from({ length: runsOfEach }, (_, index) => `${kind}${index}`);
  const kindOf = (key: string) => key.replace(/\d+$/, "");
  await load.triggerAll([...keysOf("ends"), ...keysOf("talks")], kindOf);
  await pause(1_000);
  await fleet.endPrincipal();
  const unheard = load.triggerAll(keysOf("waits"), kindOf);
  await pause(outageMs);
  await fleet.startPrincipal();
  await unheard;
  await load.allEnded();
  await fleet.end();
  const counts = await checkAllComplete(fleet, { load, lines: { ends: quickLines, talks: lines, waits: quickLines } });
  return {
    done: `the principal was killed and away for ${outageMs / 1_000} s while ${2 * runsOfEach} tasks ran`,
    counts: { ...counts, triggersSentAgain: load.failedTries },
    lost: 0,
  };
}
