/** What can be written at a place of a command line, in the program's own words and in those of a real principal. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { expectedOfArgument, expectedOfOption } from "../../../src/cli/completions/kinds.ts";
import { fullTree } from "../full_tree.ts";
import { call, temporaryDirectory } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

/** What is offered for the last of `words`, line by line. */
async function offered(
  words: readonly string[],
  options: Parameters<typeof call>[1] = {},
): Promise<string[]> {
  const { exitCode, stdout, stderr } = await call(completing(words), options);
  deepEqual([exitCode, stderr], [0, ""]);
  return stdout.split("\n").slice(0, -1);
}

function completing(words: readonly string[]): string[] {
  return ["complete", "zsh", `--current=${words.at(-1) ?? ""}`, "--", ...words.slice(0, -1)];
}

const valuesOf = (lines: readonly string[]) => lines.map((line) => line.replace(/\t.*/, ""));

const cases: [words: string[], values: string[]][] = [
  [["st"], ["start", "status"]],
  [["help", "st"], ["start", "status"]],
  [["comp"], ["completions"]],
  [["runs", "pa"], ["pause"]],
  [["runs", "list", "--sta"], ["--state"]],
  [["runs", "list", "--state", "c"], ["completed", "crashed", "cancelled"]],
  [["runs", "list", "--state", "failed,cr"], ["failed,crashed"]],
  [["runs", "list", "--state", "FA"], ["FAILED"]],
  [["runs", "list", "--state=fa"], ["--state=failed"]],
  [["runs", "list", "--json", "--trigger", "c"], ["cron"]],
  [["sql", "-f", "p"], ["parquet"]],
  [["ui", "ru"], ["runs", "run"]],
  [["ui", "--theme", "l"], ["light"]],
  [["completions", ""], ["bash", "zsh", "fish", "powershell"]],
  [["man", "sta"], ["start", "status"]],
  [["man", "runs", "re"], ["retry", "resume"]],
  [["man", "runs", "list", ""], []],
  [["man", "nonsense", ""], []],
  [["sql", "--output", "x"], [":files"]],
  [["validate", ""], [":files"]],
  [["init", ""], [":directories"]],
  [["run", "--workflow-dir", "x"], [":directories"]],
  [["runs", "list", "--", "--sta"], []],
  [["nonsense", "more", ""], []],
  [["runs", "list", "--since", ""], []],
];
for (const [words, values] of cases) {
  Deno.test(`cdktr ${words.join(" ")} becomes ${values.join(" or ")}`, async () => {
    deepEqual(valuesOf(await offered(words)), values);
  });
}

Deno.test("an option tells what it is for, and hidden ones are not offered", async () => {
  const lines = await offered(["start", "agent", "-"]);
  ok(lines.some((line) => /^--max-concurrent\tWorkflows that an agent runs/.test(line)), lines.join("\n"));
  ok(!valuesOf(lines).includes("--host"));
});

Deno.test("workflows, runs and tasks are those of the principal", async () => {
  await using scene = await PrincipalScene.start({ "etl.daily": oneTask, "etl.hourly": oneTask });
  const older = await scene.trigger("etl.daily");
  const newer = await scene.trigger("etl.hourly");
  const offeredThere = async (words: readonly string[]) => {
    const { stdout } = await scene.call(completing(words));
    return stdout.split("\n").slice(0, -1);
  };
  deepEqual(await offeredThere(["task", "run", "etl."]), ["etl.daily\tOne task", "etl.hourly\tOne task"]);
  const runs = await offeredThere(["runs", "show", ""]);
  deepEqual(valuesOf(runs), [newer, older]);
  match(runs[0] ?? "", /\tPENDING etl\.hourly, \d.* ago$/);
  deepEqual(valuesOf(await offeredThere(["runs", "cancel", older])), [older]);
  deepEqual(await offeredThere(["runs", "retry", ""]), [], "neither has ended");
  deepEqual(valuesOf(await offeredThere(["runs", "cancel", older, "--task", ""])), ["only"]);
  deepEqual(valuesOf(await offeredThere(["explain", older, "o"])), ["only"]);
  deepEqual(valuesOf(await offeredThere(["logs", "query", "--run", older, "--task", ""])), ["Only"]);
  deepEqual(valuesOf(await offeredThere(["explain", "etl.d"])), ["etl.daily"]);
  const { stdout } = await scene.call(["complete", "bash", "--", "cdktr logs query --workflow=etl.d", "="]);
  equal(stdout, "etl.daily\tOne task\n");
});

const withParams = `${oneTask}params:
  date: {type: string, description: The day to load}
  stage: {type: string, choices: [dev, prod], default: dev}
`;

Deno.test("parameters are those that the workflow declares, with their choices", async () => {
  await using scene = await PrincipalScene.start({ etl: withParams, other: oneTask });
  const offeredThere = async (words: readonly string[]) => (await scene.call(completing(words))).stdout;
  const all = "date=\tThe day to load\nstage=dev\tstring\nstage=prod\tstring\n";
  equal(await offeredThere(["task", "run", "etl", "-p", ""]), all);
  equal(await offeredThere(["task", "run", "etl", "--param", "stage=p"]), "stage=prod\tstring\n");
  equal(await offeredThere(["listen", "files", ".", "--workflow", "etl", "-p", "d"]), "date=\tThe day to load\n");
  equal(await offeredThere(["task", "run", "other", "-p", ""]), "");
  equal(await offeredThere(["listen", "webhook", "-p", ""]), "");
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/here.yml`, withParams);
  const here = { workingDirectory: directory.path };
  equal((await scene.call(completing(["run", "here.yml", "-p", ""]), here)).stdout, all);
  const inDirectory = { environment: { CDKTR_WORKFLOW_DIR: directory.path } };
  equal((await scene.call(completing(["run", "here", "-p", ""]), inDirectory)).stdout, all);
});

Deno.test("a run that has completed is offered for a retry from a task only", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  const runIds = [];
  for (const state of ["COMPLETED", "FAILED"] as const) {
    runIds.unshift(await scene.trigger("etl"));
    await scene.reportRun(await scene.fetch(), state);
  }
  const offeredThere = async (words: readonly string[]) => {
    return valuesOf((await scene.call(completing(words))).stdout.split("\n").slice(0, -1));
  };
  deepEqual(await offeredThere(["runs", "retry", ""]), runIds.slice(0, 1));
  deepEqual(await offeredThere(["runs", "retry", "--from", "only", ""]), runIds);
  deepEqual(await offeredThere(["logs", "query", "--workflow", "etl", "--task", ""]), ["Only"]);
});

Deno.test("contexts are those of the settings", async () => {
  const environment = { CDKTR_CONTEXTS: "prod=prod.example.org,lab=127.0.0.1:7000" };
  deepEqual(await offered(["ui", "--context", ""], { environment }), [
    "default\t0.0.0.0:5561",
    "prod\tprod.example.org:5561",
    "lab\t127.0.0.1:7000",
  ]);
});

Deno.test("without a principal workflows are those of the directory, and nothing is said of what is wrong", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/workflows/etl`, { recursive: true });
  await Deno.writeTextFile(`${directory.path}/workflows/etl/daily.yml`, "not read");
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = mute.addr;
  mute.close();
  const environment = {
    CDKTR_PRINCIPAL_PORT: String(port),
    CDKTR_PRINCIPAL_HOST: "127.0.0.1",
    CDKTR_WORKFLOW_DIR: `${directory.path}/workflows`,
  };
  deepEqual(await offered(["task", "run", ""], { environment }), ["etl.daily\tetl/daily.yml"]);
  deepEqual(await offered(["run", ""], { environment }), ["etl.daily\tetl/daily.yml", ":files"]);
  deepEqual(await offered(["runs", "show", ""], { environment }), []);
  deepEqual(await offered(["runs", "show", ""], { environment: { CDKTR_PRINCIPAL_PORT: "x" } }), []);
});

Deno.test("a principal that does not answer is waited for half a second", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = mute.addr;
  const environment = { CDKTR_PRINCIPAL_PORT: String(port), CDKTR_PRINCIPAL_HOST: "127.0.0.1" };
  const began = performance.now();
  deepEqual(await offered(["runs", "show", ""], { environment }), []);
  const tookMs = performance.now() - began;
  ok(tookMs > 400 && tookMs < 3000, `${tookMs} ms`);
});

Deno.test("of every option with a value and every argument it is known what can be written", async () => {
  const unknown: string[] = [];
  const look = (command: CommandUnknownOpts, path: string) => {
    for (const option of command.options.filter(({ required }) => required)) {
      if (expectedOfOption(path, option) === null) unknown.push(`${path} ${option.flags}`);
    }
    for (const argument of command.registeredArguments) {
      if (expectedOfArgument(path, argument) === null) unknown.push(`${path} ${argument.name()}`);
    }
    for (const child of command.commands) look(child, `${path} ${child.name()}`.trim());
  };
  look(await fullTree(), "");
  deepEqual(unknown, [], `these need a row in src/cli/completions/kinds.ts: ${unknown.join(", ")}`);
});
