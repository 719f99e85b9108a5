/** What a person does when something went wrong: look why, mend it, have the rest run again. With real processes. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Place } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

const workflow = shellWorkflow({
  load: { run: 'echo loading; echo rows=12 > "$CDKTR_OUTPUT"' },
  check: { run: 'test -e mended || { echo "not mended" >&2; exit 3; }', depends: ["load"] },
  publish: { run: 'echo "publishing $CDKTR_OUTPUT_LOAD_ROWS"', depends: ["check"] },
});

Deno.test("a run that failed is explained, and its retry keeps what had completed, with its outputs", async () => {
  await using place = await Place.make();
  await place.write("etl", workflow);
  await using principal = await place.startPrincipal();
  await using agent = await place.startAgent();
  const { code, stdout } = await place.call(["task", "run", "etl", "--wait"]);
  equal(code, 1);
  const runId = stdout.trim();

  const why = await place.call(["explain", runId]);
  equal(why.code, 0, why.stderr);
  match(why.stdout, /^Run [0-9a-f-]+ of etl failed, because task check did: exited with code 3\.\n/);
  match(why.stdout, /Task publish was skipped: /);
  const task = await place.call(["explain", runId, "publish"]);
  match(task.stdout, /^Task publish of run [0-9a-f-]+ was skipped, because task check failed\.\n/);
  match((await place.call(["logs", "query", "--run", runId, "--task", "Task check"])).stdout, /STDERR not mended\n/);

  await Deno.writeTextFile(`${place.path}/mended`, "");
  const again = await place.call(["runs", "retry", runId, "--wait", "--json"]);
  equal(again.code, 0, again.stderr);
  const { attempt, state, tasks } = JSON.parse(again.stdout);
  deepEqual([attempt, state], [2, "COMPLETED"]);
  deepEqual(tasks.map((one: { state: string }) => one.state), ["COMPLETED", "COMPLETED", "COMPLETED"]);
  const shown = (await place.call(["runs", "show", runId])).stdout;
  match(shown, /\nload +COMPLETED .* kept from the attempt before\n/);
  match(shown, /\nload +rows +12\n/);
  match((await place.call(["logs", "query", "--run", runId])).stdout, /STDOUT publishing 12\n/);
  equal((await agent.end()).code, 0);
  equal((await principal.end()).code, 0);
});

Deno.test("status, agents and doctor of a principal with an agent that has labels", async () => {
  await using place = await Place.make({ CDKTR_DISK_FLOOR_BYTES: "0" });
  await place.write("etl", workflow);
  await using principal = await place.startPrincipal();
  await using agent = await place.startAgent(["--labels", "gpu,eu", "--max-concurrent", "3"]);
  match((await place.call(["status"])).stdout, /\nAgents +1, 0 of 3 places taken\n/);
  match((await place.call(["agents", "list"])).stdout, / 0 of 3 +gpu,eu +/);
  const { code, stdout } = await place.call(["doctor", "--json"]);
  equal(code, 0, stdout);
  const found: { where: string; name: string; state: string }[] = JSON.parse(stdout).findings;
  const ofPrincipal = found.filter(({ where }) => where === "principal").map(({ name, state }) => [name, state]);
  deepEqual(ofPrincipal, [
    ["principal", "ok"],
    ["journal", "ok"],
    ["history", "ok"],
    ["workflows", "ok"],
    ["agents", "ok"],
    ["queue", "ok"],
  ]);
  equal((await agent.end()).code, 0);
  equal((await principal.end()).code, 0);
});
