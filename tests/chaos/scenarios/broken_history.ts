/** The history database is damaged between two starts: it is set aside, made anew from the journal, and the queue goes on. */
import { ok } from "node:assert/strict";
import type { Chance } from "../chance.ts";
import { Fleet } from "../fleet.ts";
import { HistoryFile } from "../history_oracle.ts";
import { checkLives, checkTriggers, readJournal } from "../journal_oracle.ts";
import { Load } from "../load.ts";
import { same } from "../same.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { countingWorkflow } from "../workflows.ts";

const rounds = { quick: 1, long: 4 };
const lines = 300;
const runsBefore = 12;
const runsWaiting = 6;

/** Something done to the files of a database that no process has open. */
interface Damage {
  readonly what: string;
  /** Whether the principal before it is killed, which leaves a write-ahead log. */
  readonly afterKill: boolean;
  /** Whether nobody could read the file any more: it has to be set aside with a word. */
  readonly isFatal: boolean;
  readonly harm: (path: string, chance: Chance) => Promise<void>;
}

const damages: readonly Damage[] = [
  { what: "truncated", afterKill: false, isFatal: false, harm: (path, chance) => truncate(path, chance) },
  { what: "filled with garbage", afterKill: false, isFatal: true, harm: garble },
  { what: "its header overwritten", afterKill: false, isFatal: true, harm: overwriteHeader },
  {
    what: "its write-ahead log torn",
    afterKill: true,
    isFatal: false,
    harm: (path, chance) => truncate(`${path}.wal`, chance),
  },
  {
    what: "its write-ahead log garbage",
    afterKill: true,
    isFatal: false,
    harm: (path, chance) => garble(`${path}.wal`, chance),
  },
  { what: "empty", afterKill: false, isFatal: false, harm: (path) => Deno.truncate(path, 0) },
  { what: "deleted", afterKill: true, isFatal: false, harm: (path) => Deno.remove(path) },
];

export const brokenHistory: Scenario = {
  name: "DuckDB broken between starts",
  promise: "a damaged history database is set aside and its states come back from the journal, while the queue goes on",
  play,
};

async function play({ isLong, chance }: Stage): Promise<Outcome> {
  const counts = { damages: 0, setAside: 0, runs: 0, statusRows: 0 };
  for (let round = 0; round < (isLong ? rounds.long : rounds.quick); round++) {
    for (const damage of damages) {
      const found = await damageOnce(damage, chance);
      counts.damages++;
      counts.setAside += found.setAside;
      counts.runs += found.runs;
      counts.statusRows += found.statusRows;
    }
  }
  return { done: damages.map(({ what }) => what).join(", "), counts, lost: 0 };
}

async function damageOnce({ what, afterKill, isFatal, harm }: Damage, chance: Chance) {
  await using fleet = await Fleet.make();
  const { place } = fleet;
  const kept = `${place.path}/kept`;
  const path = `${kept}/app.db`;
  await place.write("counts", countingWorkflow(`${place.path}/began`, { lines, restS: 0 }));
  await fleet.startPrincipal();
  await using client = fleet.client();
  const load = new Load(client);
  await fleet.startAgent("a");
  const keys = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind}${index}`);
  await load.triggerAll(keys("before", runsBefore), () => "counts");
  await load.allEnded();
  await fleet.endAgent("a");
  await load.triggerAll(keys("waiting", runsWaiting), () => "counts");
  // Time for what was written last to reach the write-ahead log, so that there is something to tear.
  if (afterKill) await pause(1_000);
  await fleet.endPrincipal(afterKill ? "SIGKILL" : "SIGTERM");
  await harm(path, chance);

  await fleet.startPrincipal();
  await fleet.startAgent("a");
  await load.triggerAll(keys("after", runsWaiting), () => "counts");
  await load.allEnded();
  await fleet.endAgent("a");
  const { code, stderr } = await fleet.endPrincipal("SIGTERM");
  same(code, 0, `exit code of the principal whose history database was ${what}`);
  const setAside = await HistoryFile.setAside(kept);
  if (isFatal) ok(setAside.length > 0, `a history database that was ${what} was not set aside`);
  if (setAside.length > 0) ok(/was moved to .*app\.db\.damaged-/.test(stderr), `nothing was said of it:\n${stderr}`);

  const journalled = await readJournal(kept);
  checkTriggers(journalled, load.accepted);
  checkLives(journalled);
  for (const { runId, state } of journalled.runs.values()) same(state, "COMPLETED", `state of run ${runId}`);
  const statusRows = await new HistoryFile(kept).checkStatuses(journalled).catch((cause) => {
    throw new Error(`after the history database was ${what}: ${cause.message}\n${stderr}`, { cause });
  });
  return { setAside: setAside.length, runs: journalled.runs.size, statusRows };
}

async function truncate(path: string, chance: Chance): Promise<void> {
  const { size } = await Deno.stat(path);
  await Deno.truncate(path, Math.floor(size * chance.between(0.05, 0.95)));
}

async function garble(path: string, chance: Chance): Promise<void> {
  const { size } = await Deno.stat(path);
  await Deno.writeFile(path, chance.bytes(Math.min(size, 4 * 1024 * 1024)));
}

async function overwriteHeader(path: string, chance: Chance): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.write(chance.bytes(12 * 1024));
}
