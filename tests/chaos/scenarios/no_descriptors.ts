/** File descriptors run out: it is said, nobody dies, and all is well when there are some again. */
import { match, ok } from "node:assert/strict";
import { checkLives, checkTriggers, readJournal } from "../journal_oracle.ts";
import { limitDescriptors, openDescriptors } from "../descriptors.ts";
import { Fleet } from "../fleet.ts";
import { HistoryFile } from "../history_oracle.ts";
import { endOf, Load } from "../load.ts";
import { same } from "../same.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { countingWorkflow } from "../workflows.ts";

const lastsMs = { quick: 3_000, long: 20_000 };
const lines = 200;
const runs = 10;
/** Connections that take what is left, and more. */
const connections = 40;

export const principalWithoutDescriptors: Scenario = {
  name: "descriptors of the principal",
  promise: "a principal without file descriptors says so, serves those it has, and recovers",
  async play({ isLong }: Stage): Promise<Outcome> {
    await using fleet = await Fleet.make();
    const { place } = fleet;
    await place.write("counts", countingWorkflow(`${place.path}/began`, { lines, restS: 0 }));
    const principal = await fleet.startPrincipal();
    await using client = fleet.client();
    const load = new Load(client);
    await fleet.startAgent("a");
    const keys = (kind: string) => Array.from({ length: runs }, (_, index) => `${kind}${index}`);
    await load.triggerAll(keys("before"), () => "counts");
    await load.allEnded();

    const open = await openDescriptors(principal.pid);
    await limitDescriptors(principal.pid, open + 4);
    const strangers = await connectMany(fleet.principalPorts.port);
    try {
      await principal.said(/was not accepted.*(?:os error 24|[Tt]oo many open files)/);
      await load.triggerAll(keys("while"), () => "counts");
      await load.allEnded();
      await pause(isLong ? lastsMs.long : lastsMs.quick);
    } finally {
      for (const stranger of strangers) stranger.close();
    }
    await limitDescriptors(principal.pid, null);
    await using newcomer = fleet.client();
    const late = new Load(newcomer);
    await late.triggerAll(keys("after"), () => "counts");
    await late.allEnded();
    await fleet.end();

    const journalled = await readJournal(`${place.path}/kept`);
    checkTriggers(journalled, new Map([...load.accepted, ...late.accepted]));
    checkLives(journalled);
    for (const { runId, state } of journalled.runs.values()) same(state, "COMPLETED", `state of run ${runId}`);
    const statusRows = await new HistoryFile(`${place.path}/kept`).checkStatuses(journalled);
    return {
      done: `the principal had ${open + 4} descriptors for ${open + connections} things`,
      counts: { runs: journalled.runs.size, statusRows, connections },
      lost: 0,
    };
  },
};

export const agentWithoutDescriptors: Scenario = {
  name: "descriptors of an agent",
  promise: "an agent without file descriptors ends its runs with that reason, does not die, and recovers",
  async play(): Promise<Outcome> {
    await using fleet = await Fleet.make();
    const { place } = fleet;
    await place.write("counts", countingWorkflow(`${place.path}/began`, { lines, restS: 0 }));
    await fleet.startPrincipal();
    await using client = fleet.client();
    const load = new Load(client);
    const { process } = await fleet.startAgent("a", { slots: 2 });
    same((await endOf(client, await load.trigger("before", "counts"))).state, "COMPLETED", "a run before");

    await limitDescriptors(process.pid, await openDescriptors(process.pid));
    for (let index = 0; index < runs; index++) {
      const { state, reason } = await endOf(client, await load.trigger(`while${index}`, "counts"));
      same(state, "FAILED", `state of a run that could not start (${reason})`);
      match(await reasonsOf(client, load.accepted.get(`while${index}`) ?? ""), /[Tt]oo many open files|os error 24/);
    }
    await limitDescriptors(process.pid, null);
    for (let index = 0; index < runs; index++) {
      const { state, reason } = await endOf(client, await load.trigger(`after${index}`, "counts"));
      same(state, "COMPLETED", `state of a run when there were descriptors again (${reason})`);
    }
    await fleet.end();
    const journalled = await readJournal(`${place.path}/kept`);
    checkTriggers(journalled, load.accepted);
    checkLives(journalled);
    ok(journalled.runs.size === 2 * runs + 1);
    return {
      done: "the agent had not one descriptor left",
      counts: { runs: journalled.runs.size, failed: runs },
      lost: 0,
    };
  },
};

/** Why a run and its tasks are in the state they are in. */
async function reasonsOf(client: ReturnType<Fleet["client"]>, run: string): Promise<string> {
  const { run: found, tasks } = await client.call("SHOWRUN", { run });
  return [found, ...tasks].map(({ reason }) => reason ?? "").join("; ");
}

async function connectMany(port: number): Promise<Deno.TcpConn[]> {
  return await Promise.all(Array.from({ length: connections }, () => Deno.connect({ hostname: "127.0.0.1", port })));
}
