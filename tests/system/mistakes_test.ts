/** What goes wrong when a process starts is one sentence, with a code that scripts can tell apart, and no stack trace. */
import { deepEqual, equal, match } from "node:assert/strict";
import { type Ended, Place } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

/** A port that nothing listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function isOneSentence({ code, stdout, stderr }: Ended, expected: { exitCode: number; says: RegExp }): void {
  equal(code, expected.exitCode, stderr);
  equal(stdout, "");
  match(stderr, /^error\[[A-Z_]+\]: [^\n]+\n(?: {2}hint: [^\n]+\n)?$/);
  match(stderr, expected.says);
}

Deno.test("a port that is taken", async () => {
  await using place = await Place.make();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  isOneSentence(await place.call(["start", "principal", "--port", String(port)]), {
    exitCode: 1,
    says: new RegExp(
      `^error\\[ADDRESS_IN_USE\\]: Cannot listen on 127.0.0.1:${port}: another program has that port.\n`,
    ),
  });
  const left = [...Deno.readDirSync(place.path)].map(({ name }) => name);
  deepEqual(left.filter((name) => name === "kept"), [], "no data directory is left behind");
});

Deno.test("a port that is none", async () => {
  await using place = await Place.make();
  isOneSentence(await place.call(["start", "principal", "-p", "65536"]), {
    exitCode: 2,
    says: /^error\[INVALID_SETTING\]: CDKTR_PRINCIPAL_PORT is "65536" \(from flag --port\), but it must be /,
  });
});

Deno.test("a flag that does not exist", async () => {
  await using place = await Place.make();
  isOneSentence(await place.call(["start", "agent", "--fast"]), {
    exitCode: 2,
    says: /^error\[INVALID_ARGUMENT\]: Unknown option '--fast'/,
  });
});

Deno.test("a workflow directory that is not there", async () => {
  await using place = await Place.make({ CDKTR_WORKFLOW_DIR: "elsewhere" });
  isOneSentence(await place.call(["start", "principal"]), {
    exitCode: 3,
    says: /^error\[NOT_FOUND\]: The workflow directory elsewhere does not exist\.\n/,
  });
});

Deno.test("a data directory that cannot be made", async () => {
  await using place = await Place.make();
  await Deno.writeTextFile(`${place.path}/kept`, "a file is in the way");
  isOneSentence(await place.call(["start", "principal"]), {
    exitCode: 1,
    says: /^error\[STORAGE\]: Cannot make the data directory .*\/kept: /,
  });
});

Deno.test("a second principal, or a `cdktr run`, on the data of one that runs", async () => {
  await using place = await Place.make();
  await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
  await using principal = await place.startPrincipal();
  const { pid } = principal;
  const address = `127\\.0\\.0\\.1:${place.env["CDKTR_PRINCIPAL_PORT"]}`;
  const says = new RegExp(
    "^error\\[CONFLICT\\]: The journal .*/kept/state\\.db is in use by `cdktr start principal`, " +
      `process ${pid} on \\S+ since \\d{4}-\\d\\d-\\d\\dT\\S+Z, which serves ${address}\\.\n`,
  );
  isOneSentence(await place.call(["start", "principal", "--port", "0"]), { exitCode: 1, says });
  isOneSentence(await place.call(["run", "quick"]), { exitCode: 1, says });
  equal((await principal.end()).code, 0);
});

Deno.test("a principal that was killed is not named, whatever it left behind", async () => {
  await using place = await Place.make();
  await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
  {
    await using killed = await place.startPrincipal();
    await killed.end("SIGKILL");
  }
  const left = JSON.parse(await Deno.readTextFile(`${place.path}/kept/state.db.holder`));
  equal(left.command, "cdktr start principal");
  await using principal = await place.startPrincipal();
  const { stderr } = await place.call(["run", "quick"]);
  match(stderr, new RegExp(`in use by \`cdktr start principal\`, process ${principal.pid} on `));
  equal((await principal.end()).code, 0);
});

const clientCalls = [
  ["task", "list"],
  ["task", "run", "quick"],
  ["runs", "list"],
  ["runs", "show", "0"],
  ["runs", "cancel", "0"],
  ["runs", "retry", "0"],
  ["runs", "pause", "0"],
  ["explain", "0"],
  ["sql", "SELECT 1"],
  ["status"],
  ["agents", "list"],
  ["archive"],
  ["logs", "query"],
];
for (const call of clientCalls) {
  Deno.test(`\`${call.join(" ")}\` without a principal`, async () => {
    await using place = await Place.make({ CDKTR_PRINCIPAL_PORT: String(freePort()) });
    isOneSentence(await place.call(call), {
      exitCode: 5,
      says: /^error\[UNREACHABLE\]: The principal at 127\.0\.0\.1:\d+ does not answer\.\n {2}hint: Start one with /,
    });
  });
}

Deno.test("an agent without a principal tries for as long as the settings say", async () => {
  await using place = await Place.make({
    CDKTR_PRINCIPAL_PORT: String(freePort()),
    CDKTR_RETRY_ATTEMPTS: "2",
    CDKTR_DEFAULT_ZMQ_TIMEOUT_MS: "100",
  });
  const { code, stderr } = await place.call(["start", "agent"]);
  equal(code, 5, stderr);
  match(
    stderr,
    /^[^\n]* WARN {2}agent: The principal at [^\n]* does not answer\. Trying again\.\nerror\[UNREACHABLE\]: /,
  );
});

Deno.test("a principal whose agent cannot work tells why and ends in good order", async () => {
  await using place = await Place.make();
  await Deno.mkdir(`${place.path}/kept`);
  await Deno.writeTextFile(`${place.path}/kept/agents`, "a file is in the way");
  const { code, stderr } = await place.call(["start", "principal", "--no-scheduler", "--with-agent"]);
  equal(code, 1, stderr);
  match(stderr, /\nerror\[STORAGE\]: The agent cannot use its directory [^\n]+\n {2}hint: [^\n]+\n$/);
  const left = [...Deno.readDirSync(`${place.path}/kept`)].map(({ name }) => name);
  deepEqual(left.filter((name) => /\.holder$|wal$/.test(name)), []);
});
