import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { decodeRecord } from "../../src/agent/spool/record.ts";
import type { PrincipalClient } from "../../src/client/mod.ts";
import { isFinal } from "../../src/core/mod.ts";
import { runRequest } from "../principal/scene.ts";
import { Place } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

const lineCount = 600_000;
/** Numbered lines, as fast as a shell's `seq` writes them. */
const flood = `seq 1 ${lineCount}`;

/** Numbers of the lines that are stored of all runs, in the order of their rows. Nobody may have the database open. */
async function storedNumbers(place: Place): Promise<number[]> {
  const instance = await DuckDBInstance.create(`${place.path}/kept/app.db`, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    "SELECT CAST(substr(payload, 8) AS INTEGER) FROM logstore WHERE level = 'INFO' ORDER BY rowid",
  );
  connection.closeSync();
  instance.closeSync();
  return reader.getRows().map(([number]) => Number(number));
}

/** That each number from 1 on is there once, in order. @returns The last one. */
function assertWhole(numbers: readonly number[]): number {
  const wrong = numbers.findIndex((number, index) => number !== index + 1);
  assert.equal(wrong, -1, `row ${wrong} holds line ${numbers[wrong]} after line ${numbers[wrong - 1]}`);
  return numbers.length;
}

/** The number of the last line in any record of the spool; 0 when it is empty. */
async function lastSpooled(place: Place): Promise<number> {
  let last = 0;
  for (const session of await directory(`${place.path}/kept/spool`)) {
    for (const name of (await directory(session)).filter((path) => path.endsWith(".log"))) {
      const bytes = await Deno.readFile(name);
      for (let at = 0, record = decodeRecord(bytes, 0); record !== undefined; record = decodeRecord(bytes, at)) {
        const [, , , , payloads] = JSON.parse(new TextDecoder().decode(record.entry));
        last = Math.max(last, Number(payloads.at(-1).slice("STDOUT ".length)));
        at += record.bytes;
      }
    }
  }
  return last;
}

async function directory(path: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) paths.push(`${path}/${name}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths;
}

/** Resolves when so many of a run's lines are stored. */
async function stored(client: PrincipalClient, run: string, lines: number): Promise<void> {
  const contains = `STDOUT ${lines}`;
  const query = { run, contains, order: "newest", limit: 1 } as const;
  while ((await client.call("LOGS", query)).lines.length === 0);
}

Deno.test("an agent that is killed in the middle of a flood has its lines delivered by the next one, each once", async () => {
  await using place = await Place.make();
  await place.write("flood", shellWorkflow({ only: { run: flood } }));
  await using principal = await place.startPrincipal();
  const agent = await place.startAgent();
  {
    await using client = place.client();
    const { runId } = await client.call("RUN", runRequest({ workflowId: "flood" }));
    await stored(client, runId, 1000);
  }
  // What the principal takes from here on, it does not acknowledge; what is in the spool then, it may have or not.
  principal.kill("SIGSTOP");
  await agent.end("SIGKILL");
  const spooled = await lastSpooled(place);
  principal.kill("SIGCONT");
  await using next = await place.startAgent();
  await next.said(/\d+ log lines that an earlier agent left are sent to the principal/);
  while ((await directory(`${place.path}/kept/spool`)).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await next.end();
  await principal.end();
  const last = assertWhole(await storedNumbers(place));
  assert.ok(last >= Math.max(spooled, 1000), `${last} lines are stored, up to line ${spooled} was in the spool`);
});

Deno.test("a principal that is killed in the middle of a flood and started again has each line once", async () => {
  await using place = await Place.make();
  await place.write("flood", shellWorkflow({ only: { run: flood } }));
  const principal = await place.startPrincipal();
  await using agent = await place.startAgent();
  let runId: string;
  {
    await using client = place.client();
    ({ runId } = await client.call("RUN", runRequest({ workflowId: "flood" })));
    await stored(client, runId, 1000);
  }
  await principal.end("SIGKILL");
  assert.ok((await storedNumbers(place)).length < lineCount, "it was killed in the middle");
  await using next = await place.startPrincipal();
  {
    await using client = place.client();
    while (!isFinal((await client.call("WAITRUN", { run: runId, waitMs: 60_000 })).run.state));
    assert.equal((await client.call("WAITRUN", { run: runId, waitMs: 0 })).run.state, "COMPLETED");
  }
  const { stderr } = await agent.end();
  assert.doesNotMatch(stderr, /log lines stay/);
  await next.end();
  assert.equal(assertWhole(await storedNumbers(place)), lineCount);
  assert.deepEqual(await directory(`${place.path}/kept/spool`), []);
});

Deno.test("a connection that is cut again and again in the middle of a flood costs no line and doubles none", async () => {
  await using place = await Place.make();
  await place.write("flood", shellWorkflow({ only: { run: flood } }));
  await using principal = await place.startPrincipal();
  using proxy = new Proxy(Number(place.env["CDKTR_PRINCIPAL_PORT"]));
  await using agent = await place.startAgent([], { CDKTR_PRINCIPAL_PORT: String(proxy.port) });
  {
    await using client = place.client();
    const { runId } = await client.call("RUN", runRequest({ workflowId: "flood" }));
    for (let lines = 100_000; lines < 500_000; lines += 100_000) {
      await stored(client, runId, lines);
      proxy.cut();
    }
    while (!isFinal((await client.call("WAITRUN", { run: runId, waitMs: 60_000 })).run.state));
  }
  await agent.end();
  await principal.end();
  assert.equal(assertWhole(await storedNumbers(place)), lineCount);
});

/** Passes connections on to a port of this machine, until it cuts them. */
class Proxy implements Disposable {
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();

  constructor(target: number) {
    this.port = this.#listener.addr.port;
    void this.#accept(target);
  }

  cut(): void {
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // Its other side was closed, and it along with it.
      }
    }
    this.#connections.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #accept(target: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: target });
      this.#connections.add(near).add(far);
      // Either way ends when one side is closed.
      void near.readable.pipeTo(far.writable).catch(() => {});
      void far.readable.pipeTo(near.writable).catch(() => {});
    }
  }
}
