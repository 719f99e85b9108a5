/** One principal and three agents as separate processes, and five hundred runs: every place that counts them agrees. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";
import type { PrincipalClient } from "../../src/client/mod.ts";
import { isFinal, type Run } from "../../src/core/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { maxWaitMs } from "../../src/wire/mod.ts";
import { Place } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

const runCount = 500;
/** Triggered while no agent is there. */
const queuedFirst = 100;
/** Of these so many are cancelled in the queue. */
const cancelledInQueue = 10;
const linesPerTask = 120;

/** Prints numbered lines to both outputs. */
const chatter = `i=0; while [ $i -lt ${linesPerTask} ]; do echo "line $i"; echo "aside $i" >&2; i=$((i + 1)); done`;

/** Beside the examples: runs that complete, some of them talkative, and a failing branch beside one that joins. */
const ownWorkflows = {
  quick: shellWorkflow({ only: { run: "echo done" } }),
  chatty: shellWorkflow({ left: { run: chatter }, right: { run: chatter } }),
  fan_in: shellWorkflow({
    left: { run: "echo left" },
    right: { run: "echo right" },
    joined: { run: "echo joined", depends: ["left", "right"] },
    broken: { run: "exit 3" },
    after: { run: "echo never", depends: ["broken", "left"] },
  }),
};
const completing = ["demo", "quick", "chatty"];

Deno.test("500 runs on three agents reach one final state each, and journal, history and list agree", async () => {
  await using place = await Place.make();
  await copyExamples(place);
  for (const [name, yaml] of Object.entries(ownWorkflows)) await place.write(name, yaml);
  const path = await commandsIn(`${place.path}/bin`, ["sh", "sleep", "setsid"]);

  await using principal = await place.startPrincipal();
  await using client = place.client();
  const workflowIds = (await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 })).workflows.map(({ id }) =>
    id
  );
  equal(workflowIds.length, 14);
  const trigger = async (index: number) => {
    const workflowId = workflowIds[index % workflowIds.length] ?? "";
    const request = {
      workflowId,
      trigger: "manual",
      params: {},
      idempotencyKey: null,
      dueMs: null,
      reason: "a test",
    } as const;
    return (await client.call("RUN", request)).runId;
  };
  const early = await Promise.all(Array.from({ length: queuedFirst }, (_, index) => trigger(index)));
  for (const runId of early.slice(0, cancelledInQueue)) {
    equal((await client.call("CANCEL", { run: runId, task: null, reason: "a test" })).outcome, "done");
  }

  const agents = await Promise.all(
    ["-1", "-2", "-3"].map((suffix) => place.startAgent(["--suffix", suffix], { PATH: path })),
  );
  await using _agents = { [Symbol.asyncDispose]: () => disposeAll(agents) };
  const late = await Promise.all(
    Array.from({ length: runCount - queuedFirst }, (_, index) => trigger(queuedFirst + index)),
  );
  const runs = await Promise.all([...early, ...late].map((runId) => waitForEnd(client, runId)));

  const expected = new Map<string, string>(runs.map(({ runId, workflowId }, index) => [
    runId,
    index < cancelledInQueue ? "CANCELLED" : completing.includes(workflowId) ? "COMPLETED" : "FAILED",
  ]));
  deepEqual(new Map(runs.map(({ runId, state }) => [runId, state])), expected);
  deepEqual(new Set(runs.map(({ agentId }) => agentId?.slice(-2) ?? "none")), new Set(["-1", "-2", "-3", "none"]));
  const joined = runs.find((run) => run.workflowId === "fan_in" && run.state === "FAILED");
  deepEqual(await taskStates(client, joined?.runId ?? ""), {
    left: "COMPLETED",
    right: "COMPLETED",
    joined: "COMPLETED",
    broken: "FAILED",
    after: "SKIPPED",
  });

  const listed = await listAll(place);
  deepEqual(new Map(listed.map(({ runId, state }) => [runId, state])), expected);
  equal(listed.length, runCount, "a run is listed once");

  for (const agent of agents) equal((await agent.end()).code, 0);
  equal((await principal.end()).code, 0);

  deepEqual(await journalCounts(place), countsOf(expected.values()));
  await using history = await openHistory(place);
  await checkHistory(history.connection, runs);
});

/** The examples as they are, but for the pauses, which make the demo worth watching. */
async function copyExamples(place: Place): Promise<void> {
  const from = fileURLToPath(new URL("../../workflows", import.meta.url));
  const copy = async (inner: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${from}${inner}`)) {
      const path = `${inner}/${name}`;
      if (isDirectory) {
        await Deno.mkdir(`${place.path}/workflows${path}`);
        await copy(path);
      } else {
        const text = await Deno.readTextFile(`${from}${path}`);
        await Deno.writeTextFile(`${place.path}/workflows${path}`, text.replaceAll("sleep 1", "sleep 0.01"));
      }
    }
  };
  await copy("");
}

/**
 * A directory of these commands alone, where this machine has them: what else the examples call must fail, not reach out
 * to the network.
 */
async function commandsIn(directory: string, names: readonly string[]): Promise<string> {
  await Deno.mkdir(directory);
  const places = (Deno.env.get("PATH") ?? "").split(":");
  for (const name of names) {
    for (const place of places) {
      const isThere = await Deno.stat(`${place}/${name}`).then(({ isFile }) => isFile, () => false);
      if (!isThere) continue;
      await Deno.symlink(`${place}/${name}`, `${directory}/${name}`);
      break;
    }
  }
  return directory;
}

async function disposeAll(all: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
}

async function waitForEnd(client: PrincipalClient, runId: string): Promise<Run> {
  for (;;) {
    const { run } = await client.call("WAITRUN", { run: runId, waitMs: maxWaitMs });
    if (isFinal(run.state)) return run;
  }
}

async function taskStates(client: PrincipalClient, runId: string): Promise<Record<string, string>> {
  const { tasks } = await client.call("SHOWRUN", { run: runId });
  return Object.fromEntries(tasks.map(({ taskId, state }) => [taskId, state]));
}

const listPage = z.object({
  runs: z.array(z.object({ runId: z.string(), state: z.string() })),
  cursor: z.string().nullable(),
});

/** All pages of `runs list`. */
async function listAll(place: Place): Promise<z.output<typeof listPage>["runs"]> {
  const all = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const next: readonly string[] = cursor === "" ? [] : ["--cursor", cursor];
    const { code, stdout, stderr } = await place.call(["runs", "list", "--json", "--limit", "200", ...next]);
    equal(code, 0, stderr);
    const page = listPage.parse(JSON.parse(stdout));
    all.push(...page.runs);
    cursor = page.cursor;
  }
  return all;
}

function countsOf(states: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

async function journalCounts(place: Place): Promise<Map<string, number>> {
  const journal = SqliteJournal.open(`${place.path}/kept/state.db`);
  try {
    return new Map(await journal.countRuns());
  } finally {
    await journal.close();
  }
}

async function openHistory(place: Place): Promise<{ connection: DuckDBConnection } & AsyncDisposable> {
  const instance = await DuckDBInstance.create(`${place.path}/kept/app.db`, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
    return Promise.resolve();
  };
  return { connection, [Symbol.asyncDispose]: close };
}

/** The newest row of each run is its end, there is one row of its end, and what completed runs said is whole. */
async function checkHistory(connection: DuckDBConnection, runs: readonly Run[]): Promise<void> {
  const select = async (sql: string) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(String));
  const inHistory = (state: string) => state === "CANCELLED" ? "FAILED" : state;

  const newest = await select(
    "SELECT workflow_instance_id, arg_max(status, rowid) FROM workflow_run_status GROUP BY workflow_instance_id",
  );
  deepEqual(
    new Map(newest.map(([runId, status]) => [runId, status])),
    new Map(runs.map(({ runId, state }) => [runId, inHistory(state)])),
  );
  const ends = await select(
    `SELECT workflow_instance_id FROM workflow_run_status WHERE status IN ('COMPLETED', 'FAILED', 'CRASHED')
     GROUP BY workflow_instance_id HAVING count(*) = 1`,
  );
  equal(ends.length, runs.length, "each run has one row of its end");

  const lines = await select(
    "SELECT workflow_instance_id, task_name, payload FROM logstore WHERE workflow_id = 'chatty' ORDER BY rowid",
  );
  const said = new Map<string, string[]>();
  for (const [runId = "", task = "", payload = ""] of lines) {
    const [, stream = "", text = ""] = /^(STD\w+) (.*)$/.exec(payload) ?? [];
    const key = `${runId} ${task} ${stream}`;
    said.set(key, [...said.get(key) ?? [], text]);
  }
  const chatty = runs.filter(({ workflowId, state }) => workflowId === "chatty" && state === "COMPLETED");
  ok(chatty.length > 10);
  equal(said.size, chatty.length * 4, "two tasks with two outputs each");
  const numbered = (word: string) => Array.from({ length: linesPerTask }, (_, index) => `${word} ${index}`);
  for (const { runId } of chatty) {
    for (const task of ["Task left", "Task right"]) {
      deepEqual(said.get(`${runId} ${task} STDOUT`), numbered("line"));
      deepEqual(said.get(`${runId} ${task} STDERR`), numbered("aside"));
    }
  }
}
