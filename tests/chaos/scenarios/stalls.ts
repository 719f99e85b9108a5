/** SIGSTOP: a principal that stands still blames nobody, and an agent that stood still too long moves nothing any more. */
import { deepEqual, ok } from "node:assert/strict";
import { isGone } from "../../agent/processes.ts";
import { checkAllComplete } from "../completeness.ts";
import { Fleet } from "../fleet.ts";
import { checkLives, readJournal } from "../journal_oracle.ts";
import { endOf, Load } from "../load.ts";
import { same } from "../same.ts";
import { type Outcome, pause, type Scenario, type Stage, until } from "../scenario.ts";
import { countingWorkflow, singleTask } from "../workflows.ts";

const sizes = {
  quick: { timeoutMs: 2_000, stopMs: 5_000, stops: 2 },
  long: { timeoutMs: 30_000, stopMs: 40_000, stops: 3 },
};
const lines = 100;
const runs = 8;
/** The principal looks for silent agents once a second, and is not sure on the first look after a stall. */
const looksMs = 5_000;

export const principalStopped: Scenario = {
  name: "SIGSTOP of the principal",
  promise: "a principal stopped for longer than the heartbeat timeout marks nobody CRASHED",
  async play({ isLong }: Stage): Promise<Outcome> {
    const { timeoutMs, stopMs, stops } = isLong ? sizes.long : sizes.quick;
    await using fleet = await Fleet.make({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: String(timeoutMs) });
    const { place } = fleet;
    // They say nothing while the principal stands still, and go on after the last time.
    const restS = stops * (stopMs / 1_000 + 1) + 1;
    await place.write("silent", countingWorkflow(`${place.path}/began`, { lines, restS }));
    await place.write("brief", countingWorkflow(`${place.path}/began`, { lines, restS: stopMs / 2_000 }));
    await fleet.startPrincipal();
    await using client = fleet.client({ timeoutMs: stopMs + 20_000 });
    const load = new Load(client);
    for (const name of ["a", "b"]) await fleet.startAgent(name, { slots: runs });
    await load.triggerAll(Array.from({ length: runs }, (_, index) => `silent${index}`), () => "silent");
    const brief = [];
    for (let stop = 0; stop < stops; stop++) {
      brief.push(load.trigger(`brief${stop}`, "brief"));
      await pause(500);
      fleet.principal.kill("SIGSTOP");
      await pause(stopMs);
      fleet.principal.kill("SIGCONT");
      await pause(500);
    }
    await Promise.all(brief);
    await load.allEnded();
    await fleet.end();
    const counts = await checkAllComplete(fleet, { load, lines: { silent: lines, brief: lines } });
    return {
      done: `stopped ${stops} times for ${stopMs / 1_000} s with a heartbeat timeout of ${timeoutMs / 1_000} s`,
      counts,
      lost: 0,
    };
  },
};

export const agentStopped: Scenario = {
  name: "SIGSTOP of an agent",
  promise: "an agent stopped for longer than the timeout loses its runs, ends them when told, and moves nothing late",
  async play({ isLong }: Stage): Promise<Outcome> {
    const { timeoutMs, stopMs } = isLong ? sizes.long : sizes.quick;
    await using fleet = await Fleet.make({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: String(timeoutMs) });
    const { place } = fleet;
    const pids = `${place.path}/pids`;
    // One whose end is reported too late, and one that is still there when the agent comes back.
    await place.write("ends", singleTask(`echo begun; sleep ${timeoutMs / 2_000}`));
    await place.write("stays", singleTask(`echo $$ >> ${pids}; exec sleep 600`));
    await fleet.startPrincipal();
    await using client = fleet.client();
    const load = new Load(client);
    const stopped = await fleet.startAgent("a", { slots: runs });
    const keys = Array.from({ length: runs }, (_, index) => `${index % 2 === 0 ? "ends" : "stays"}${index}`);
    await load.triggerAll(keys, (key) => key.replace(/\d+$/, ""));
    await until("all runs to be RUNNING", 20_000, async () => {
      const { runs: running } = await client.call("RUNS", { states: ["RUNNING"], limit: runs });
      return running.length === runs && (await readPids(pids)).length === runs / 2;
    });
    stopped.process.kill("SIGSTOP");
    const runIds = [...load.accepted.values()];
    const lost = await Promise.all(runIds.map((runId) => endOf(client, runId, stopMs + 3 * looksMs)));
    deepEqual(lost.map(({ state }) => state), runIds.map(() => "CRASHED"));
    // The others go on meanwhile.
    await fleet.startAgent("b");
    same((await endOf(client, await load.trigger("ends-b", "ends"))).state, "COMPLETED", "the run of the other agent");
    stopped.process.kill("SIGCONT");
    for (const _ of keys.filter((key) => key.startsWith("stays"))) await stopped.process.said(/ending run/);
    for (const pid of await readPids(pids)) ok(await isGone(pid), `process ${pid} of a run that is not the agent's`);
    // It works again, with nothing left of the past.
    same((await endOf(client, await load.trigger("ends-c", "ends"))).state, "COMPLETED", "a run after it came back");
    await fleet.end();

    const journalled = await readJournal(`${place.path}/kept`);
    checkLives(journalled);
    for (const runId of runIds) {
      same(journalled.runs.get(runId)?.state, "CRASHED", `state of run ${runId}, whose agent came back`);
    }
    const ignored = journalled.events.filter(({ type }) => type === "report_ignored").length;
    return {
      done: `stopped for longer than ${timeoutMs / 1_000} s with ${runs} runs`,
      counts: { runs: journalled.runs.size, crashed: runIds.length, reportsIgnored: ignored },
      lost: 0,
    };
  },
};

async function readPids(path: string): Promise<number[]> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split("\n").filter((line) => line !== "").map(Number);
}
