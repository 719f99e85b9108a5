/** What `cdktr run` leaves to the next principal on its data when it does not come to its end. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { loadConfig } from "../../src/config/mod.ts";
import type { Run } from "../../src/core/mod.ts";
import { StartedWorker } from "../../src/history/started_worker.ts";
import { OutputClosed } from "../../src/cli/output.ts";
import { findWorkflow, runEmbedded } from "../../src/cli/run_embedded.ts";
import { isGone } from "../agent/processes.ts";
import { call, callOf } from "../cli/call.ts";
import { Place } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

/** The runs that a principal knows that starts at the place. */
async function runsLeftAt(place: Place): Promise<readonly Run[]> {
  await using _principal = await place.startPrincipal();
  await using client = place.client();
  equal((await client.call("STATUS", {})).queueLength, 0);
  return (await client.call("RUNS", { limit: 10 })).runs;
}

/** Asks this process to end, and waits until its listeners have heard of it. Deno's test runner listens to SIGINT itself. */
async function terminateOneself(): Promise<void> {
  const heard = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", heard.resolve);
  Deno.kill(Deno.pid, "SIGTERM");
  await heard.promise;
  await new Promise((resolve) => setTimeout(resolve));
  Deno.removeSignalListener("SIGTERM", heard.resolve);
}

Deno.test("a run whose agent cannot work is cancelled, and nothing of it is left waiting", async () => {
  await using place = await Place.make();
  await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
  await Deno.mkdir(`${place.path}/kept`);
  await Deno.writeTextFile(`${place.path}/kept/agents`, "a file is in the way");
  const { code, stdout, stderr } = await place.call(["run", "quick"]);
  equal(code, 1, stderr);
  equal(stdout, "");
  match(stderr, /^error\[STORAGE\]: The agent cannot use its directory [^\n]+\n {2}hint: [^\n]+\n$/);
  deepEqual([...Deno.readDirSync(`${place.path}/kept`)].filter(({ name }) => name.endsWith(".holder")), []);
  await Deno.remove(`${place.path}/kept/agents`);
  const [run, ...others] = await runsLeftAt(place);
  deepEqual(others, []);
  equal(run?.state, "CANCELLED");
  match(run?.reason ?? "", /`cdktr run` failed: The agent cannot use its directory /);
});

Deno.test("a run whose lines nobody reads any more is cancelled", async () => {
  await using place = await Place.make();
  await place.write("endless", shellWorkflow({ only: { run: "echo $$; sleep 600" } }));
  let pid = 0;
  const onStdout = (stdout: string) => {
    pid = Number(/(\d+)\n$/.exec(stdout)?.[1]);
    throw new OutputClosed("The reader of stdout is gone.");
  };
  const { exitCode, stderr } = await call(["run", `${place.path}/workflows/endless.yml`], {
    environment: place.env,
    workingDirectory: place.path,
    onStdout,
  });
  equal(exitCode, 0, stderr);
  ok(await isGone(pid));
  deepEqual((await runsLeftAt(place)).map(({ state }) => state), ["CANCELLED"]);
});

Deno.test("an interrupt before the run is triggered has it not triggered", async () => {
  await using place = await Place.make();
  await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
  const settings = { environment: place.env, workingDirectory: place.path };
  const config = loadConfig({ ...settings, readTextFile: () => undefined, flags: {} });
  /** Told to end while the history is being opened. */
  class Interrupting extends StartedWorker {
    override take() {
      Deno.kill(Deno.pid, "SIGTERM");
      return super.take();
    }
  }
  using worker = new Interrupting();
  const outcome = await callOf((invocation) => {
    const find = () => findWorkflow(invocation, config, `${place.path}/workflows/quick.yml`);
    return runEmbedded(invocation, config, { find, params: {}, json: false, worker });
  }, settings);
  deepEqual(outcome, { exitCode: 143, stdout: "", stderr: "" });
  deepEqual(await runsLeftAt(place), []);
});

Deno.test("an interrupt after the run has completed changes nothing", async () => {
  await using place = await Place.make();
  await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
  let isTold = false;
  const onStdout = async (stdout: string) => {
    if (isTold || !/^\{"type":"run"/m.test(stdout)) return;
    isTold = true;
    await terminateOneself();
  };
  const settings = { environment: place.env, workingDirectory: place.path, onStdout };
  const { exitCode, stdout, stderr } = await call(["run", `${place.path}/workflows/quick.yml`, "--json"], settings);
  match(stdout, /"state":"COMPLETED"/);
  equal(isTold, true);
  equal(exitCode, 0, stderr);
});
