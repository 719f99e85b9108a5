/**
 * A principal's ledger on a disk that becomes full and has room again; says what happens, a word a line. The arguments are
 * a directory and what makes its disk full: `small-disk`, a file that takes all that is left of it; `file-limit`, a limit on
 * the size of files (RLIMIT_FSIZE), which the reserve lifts when it is given up.
 */
import { CdktrError } from "../../src/core/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { Ledger } from "../../src/principal/ledger.ts";
import { triggerOf } from "../core/scene.ts";
import { FakeClock } from "../fake_clock.ts";

const [directory = "", cause = ""] = Deno.args;
const path = `${directory}/state.db`;
const filler = `${directory}/filler`;
const reserveBytes = 2 * 1024 * 1024;
const agent = { agentId: "a", session: "s" };

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function limitFiles(bytes: string): void {
  const args = [`--pid=${Deno.pid}`, `--fsize=${bytes}:unlimited`];
  const { success } = new Deno.Command("prlimit", { args }).outputSync();
  if (!success) throw new Error("prlimit does not work here");
}

/** Gives room by lifting the limit; the disk stays "full" until the test has room again. */
const limitReserve = {
  isGivenUp: false,
  hasRoom: false,
  giveUp(): boolean {
    if (this.isGivenUp) return false;
    limitFiles("unlimited");
    return this.isGivenUp = true;
  },
  keep(): Promise<boolean> {
    if (this.hasRoom) this.isGivenUp = false;
    return Promise.resolve(!this.isGivenUp);
  },
};

function fillDisk(): void {
  if (cause === "file-limit") {
    limitFiles(String(Deno.statSync(`${path}-wal`).size));
    return;
  }
  using file = Deno.openSync(filler, { create: true, write: true });
  for (const chunkBytes of [65_536, 4_096, 1]) {
    try {
      while (file.writeSync(new Uint8Array(chunkBytes)) === chunkBytes);
    } catch {
      // Smaller pieces still fit.
    }
  }
}

function makeRoom(): void {
  limitReserve.hasRoom = true;
  if (cause === "small-disk") Deno.removeSync(filler);
}

const journal = SqliteJournal.open(path, cause === "file-limit" ? { reserve: limitReserve } : { reserveBytes });
const clock = new FakeClock();
const problems: (string | null)[] = [];
const options = {
  clock,
  knownSeq: 0,
  onCommitted: () => {},
  onProblem: (problem: string | null) => problems.push(problem),
};
const ledger = await Ledger.open({ ...options, journal });
const report = { kind: "run", runId: "r1", attempt: 1, reason: null, instanceId: null } as const;
await ledger.execute("trigger", triggerOf("r1"));
await ledger.execute("request_work", { ...agent, slots: 1, offers: [], holding: [], onlyRunId: null });

fillDisk();
let accepted = 0;
try {
  for (;;) {
    const runId = `f${accepted}`;
    await ledger.execute("trigger", triggerOf(runId, { params: { filling: "x".repeat(50_000) } }));
    accepted++;
  }
} catch (error) {
  say(error instanceof CdktrError ? `refused ${error.code}` : String(error));
}
say(`told ${problems.at(-1)?.slice(0, 31)}`);
for (const state of ["RUNNING", "COMPLETED"] as const) {
  const { taken } = await ledger.execute("take_report", { ...agent, report: { ...report, state } });
  say(`recorded ${state} ${taken}`);
}

await clock.pass(20_000);
say(`told ${problems.at(-1)?.slice(0, 31)}`);
makeRoom();
// A reserve is written by threads of the system, which know nothing of the test's clock.
while (problems.at(-1) !== null) await clock.pass(1_000);
say("room");
await ledger.execute("trigger", triggerOf("r2"));
await ledger.close();
await journal.close();

const again = await Ledger.open({ ...options, journal: SqliteJournal.open(path, { reserveBytes: 0 }) });
const kept = Array.from({ length: accepted }, (_, index) => again.state.runs.has(`f${index}`));
say(`kept ${kept.every((isKept) => isKept)} ${again.state.runs.has("r1")} ${again.state.runs.has("r2")}`);
