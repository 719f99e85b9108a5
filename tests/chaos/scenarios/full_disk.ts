/** ENOSPC: the principal's disk fills up to the last byte while it works, and is freed again. */
import { ok } from "node:assert/strict";
import { checkAllComplete } from "../completeness.ts";
import { Fleet } from "../fleet.ts";
import { HistoryFile } from "../history_oracle.ts";
import { isPassing, Load, statusOf, triggerOnce } from "../load.ts";
import { type Outcome, pause, type Scenario, type Stage, until } from "../scenario.ts";
import { SmallDisk } from "../small_disk.ts";
import { countingWorkflow } from "../workflows.ts";

const sizes = { quick: { rounds: 2, fullMs: 3_000 }, long: { rounds: 8, fullMs: 10_000 } };
const diskMiB = 768;
const lines = 400;
/** Triggers each round: before it is full, while it is, and after. */
const runsOfPart = 12;
/** How long it may take until it is told that the disk is full, and until that is over. */
const noticeLimitMs = 30_000;
/** So much is left free in the end, at random: where it tears is to be different each time. */
const leaveBytesMax = 256 * 1024;

export const fullDisk: Scenario = {
  name: "ENOSPC",
  promise: "on a full disk triggers are refused or kept, nothing accepted is lost, and it recovers when space is freed",
  play,
};

async function play({ isLong, chance }: Stage): Promise<Outcome> {
  const { rounds, fullMs } = isLong ? sizes.long : sizes.quick;
  await using fleet = await Fleet.make();
  const { place } = fleet;
  await using disk = await SmallDisk.mount(`${place.path}/kept`, diskMiB);
  // Both use what they are given until the end of the block, so processes go before the disk does.
  await using _processes = { [Symbol.asyncDispose]: () => fleet.killAll() };
  await place.write("counts", countingWorkflow(`${place.path}/began`, { lines, restS: 0.3 }));
  await fleet.startPrincipal();
  await using client = fleet.client();
  const load = new Load(client);
  // The agent has a disk of its own.
  await fleet.startAgent("a", { slots: 8, env: { CDKTR_APP_DATA_DIRECTORY: `${place.path}/of-agent` } });

  let refused = 0;
  let keptWhileFull = 0;
  for (let round = 0; round < rounds; round++) {
    const keysOf = (part: string) => Array.from({ length: runsOfPart }, (_, index) => `${part}-${round}-${index}`);
    await load.triggerAll(keysOf("before"), () => "counts");
    await disk.fill(chance.happens(0.5) ? chance.whole(0, leaveBytesMax) : 0);
    const waiting = keysOf("while");
    const endMs = performance.now() + fullMs;
    const again: string[] = [];
    for (const key of waiting) {
      try {
        load.accepted.set(key, await triggerOnce(client, "counts", key));
        keptWhileFull++;
      } catch (error) {
        if (!isPassing(error)) throw error;
        refused++;
        again.push(key);
      }
      await pause(Math.max(endMs - performance.now(), 0) / waiting.length);
    }
    // Now to the last byte, for what had room until here.
    await disk.fill();
    await until("the principal to say that its disk is full", noticeLimitMs, async () => {
      return (await statusOf(client)).problems.some((problem) => /disk|space/i.test(problem));
    });
    await disk.free();
    await load.triggerAll([...again, ...keysOf("after")], () => "counts");
    await load.allEnded();
    await untilWell(client);
  }
  await fleet.end();
  const counts = await checkAllComplete(fleet, { load, lines: { counts: lines } });
  const setAside = await HistoryFile.setAside(`${place.path}/kept`);
  ok(load.accepted.size === rounds * 3 * runsOfPart);
  return {
    done: `a disk of ${diskMiB} MiB was filled ${rounds} times for ${fullMs / 1_000} s`,
    counts: { ...counts, triggersRefused: refused, triggersKeptWhileFull: keptWhileFull, setAside: setAside.length },
    lost: 0,
  };
}

/** Waits until the principal has no problem any more. Fails with those it has. */
async function untilWell(client: ReturnType<Fleet["client"]>): Promise<void> {
  let problems: readonly string[] = [];
  try {
    await until("the principal to be well again", noticeLimitMs, async () => {
      problems = (await statusOf(client)).problems;
      return problems.length === 0;
    });
  } catch (cause) {
    throw new Error(`the disk was freed, and after ${noticeLimitMs / 1_000} s: ${problems.join(" ")}`, { cause });
  }
}
