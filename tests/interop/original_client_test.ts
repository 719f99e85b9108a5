/** Clients of the original against our principal: every reply byte for byte. */
import assert from "node:assert/strict";
import { fields, type MadeBy, OriginalPeer } from "./original_peer.ts";
import { Scene, shellWorkflow, startMs } from "./original_scene.ts";
import { findPython, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);

const agent = "alice@build01/AG";
const unrecognised = (name: string) => fields("CLIENTERROR", `ParseError: Unrecognised message type: ${name}`);
const parseError = (text: string) => fields("CLIENTERROR", `ParseError: ${text}`);

const workflows = {
  "etl.daily": shellWorkflow("Daily ETL", {
    extract: { run: "echo é" },
    load: { run: "true", depends: ["extract"] },
  }, { description: "d", cron: "0 1 * * * *", start_time: "2025-01-20T12:30:00+00:00" }),
};

/** The document of `etl.daily`, written out. */
const document = '{"id":"etl.daily","name":"Daily ETL","description":"d","path":"workflows/etl/daily.yml",' +
  '"dag":{"name":"Daily ETL","task_id_node_ix_map":{"extract":0,"load":1},"task_map":{' +
  '"extract":{"name":"Task extract","description":null,"depends":null,' +
  '"config":{"Subprocess":{"cmd":"sh","args":["-c","echo é"]}}},' +
  '"load":{"name":"Task load","description":null,"depends":["extract"],' +
  '"config":{"Subprocess":{"cmd":"sh","args":["-c","true"]}}}},' +
  '"inner":{"nodes":["extract","load"],"node_holes":[],"edge_property":"directed","edges":[[0,1,0]]},' +
  '"first_tasks":["extract"]},"cron":"0 1 * * * *","start_time":"2025-01-20T12:30:00+00:00"}';

/** What is asked and what the answer is, one after the other in one principal. NOW stands for the time, RUN for run ids. */
const exchanges: readonly (readonly [request: string | Uint8Array, reply: string])[] = [
  ["PING", "PONG"],
  [fields("PING", "and", "more"), "PONG"],
  ["PING\x01", "PONG"],

  ["LSWORKFLOWS", fields("SUCCESS", `{"etl.daily":${document}}`)],
  [fields("LSWORKFLOWS", "more"), fields("SUCCESS", `{"etl.daily":${document}}`)],

  ["GETREGISTEREDAGENTS", fields("SUCCESS", "[]")],
  ["GETRECENTSTATUSES", fields("SUCCESS", "[]")],

  ["RUNTASK", parseError("Request is missing task_id")],
  [fields("RUNTASK", ""), fields("CLIENTERROR", "No workflow exists with id ")],
  [fields("RUNTASK", "etl.weekly"), fields("CLIENTERROR", "No workflow exists with id etl.weekly")],
  [fields("RUNTASK", "ETL.daily", "more"), fields("CLIENTERROR", "No workflow exists with id ETL.daily")],

  ["REGISTERAGENT", parseError("Missing arg AGENT_ID")],
  [fields("REGISTERAGENT", agent), "OK"],
  [fields("REGISTERAGENT", agent, "more"), "OK"],
  [
    "GETREGISTEREDAGENTS",
    fields("SUCCESS", `[{"agent_id":"${agent}","last_ping_timestamp":NOW000,"running_tasks":0}]`),
  ],

  ["FETCHWORKFLOW", parseError("Missing agent id")],
  [fields("FETCHWORKFLOW", agent), "OK"],
  [fields("RUNTASK", "etl.daily"), "OK"],
  [fields("RUNTASK", "etl.daily", "more"), "OK"],
  [fields("FETCHWORKFLOW", agent), fields("SUCCESS", document)],
  [fields("FETCHWORKFLOW", agent, "more"), fields("SUCCESS", document)],
  [fields("FETCHWORKFLOW", agent), "OK"],

  ["AGENTWORKFLOWSTATUS", parseError("Missing arg AGENT_ID")],
  [fields("AGENTWORKFLOWSTATUS", agent), parseError("Missing arg TASK_ID")],
  [fields("AGENTWORKFLOWSTATUS", agent, "w"), parseError("Missing arg TASK_EXECUTION_ID")],
  [fields("AGENTWORKFLOWSTATUS", agent, "w", "odd-dog-0"), parseError("Missing arg TASK_STATUS")],
  [fields("AGENTWORKFLOWSTATUS", agent, "w", "i", "running"), parseError("Unrecognised task status: running")],
  [fields("AGENTWORKFLOWSTATUS", agent, "w", "i", ""), parseError("Unrecognised task status: ")],
  [fields("AGENTWORKFLOWSTATUS", agent, "w", "i", "SKIPPED"), parseError("Unrecognised task status: SKIPPED")],
  // Asking has the history write what came before: of two states of the same millisecond the one written later is newer.
  [
    "GETRECENTSTATUSES",
    fields(
      "SUCCESS",
      '[{"workflow_id":"etl.daily","workflow_instance_id":"RUN","status":"PENDING","timestamp_ms":NOW}]',
    ),
  ],
  [fields("AGENTWORKFLOWSTATUS", agent, "elsewhere", "happy-otter-0", "RUNNING"), "OK"],
  [fields("AGENTWORKFLOWSTATUS", agent, "elsewhere", "happy-otter-0", "WAITING", "more"), "OK"],
  [
    "GETRECENTSTATUSES",
    fields(
      "SUCCESS",
      '[{"workflow_id":"elsewhere","workflow_instance_id":"happy-otter-0","status":"WAITING","timestamp_ms":NOW},' +
        '{"workflow_id":"etl.daily","workflow_instance_id":"RUN","status":"PENDING","timestamp_ms":NOW}]',
    ),
  ],

  ["AGENTTASKSTATUS", parseError("Missing arg AGENT_ID")],
  [fields("AGENTTASKSTATUS", agent), parseError("Missing arg TASK_ID")],
  [fields("AGENTTASKSTATUS", agent, "t"), parseError("Missing arg TASK_EXECUTION_ID")],
  [fields("AGENTTASKSTATUS", agent, "t", "ti"), parseError("Missing arg WORKFLOW_INSTANCE_ID")],
  [fields("AGENTTASKSTATUS", agent, "t", "ti", "i"), parseError("Missing arg TASK_STATUS")],
  [fields("AGENTTASKSTATUS", agent, "t", "ti", "i", "DONE"), parseError("Unrecognised task status: DONE")],
  [fields("AGENTTASKSTATUS", "nobody", "t", "ti", "odd-dog-0", "PENDING", "more"), "OK"],

  ["QUERYLOGS", parseError("Missing END_TIMESTAMP")],
  [fields("QUERYLOGS", ""), parseError("Missing START_TIMESTAMP parameter")],
  [fields("QUERYLOGS", "", ""), parseError("Missing WORKFLOW_ID parameter")],
  [fields("QUERYLOGS", "", "", ""), parseError("Missing WORKFLOW_INSTANCE_ID parameter")],
  [fields("QUERYLOGS", "-1"), parseError("Not a valid end timestamp")],
  [fields("QUERYLOGS", "1 "), parseError("Not a valid end timestamp")],
  [fields("QUERYLOGS", "", "soon", "", ""), parseError("Not a valid end timestamp")],
  [fields("QUERYLOGS", "18446744073709551616", "", "", ""), parseError("Not a valid end timestamp")],
  [fields("QUERYLOGS", "18446744073709551615", "0", "", ""), fields("SUCCESS", "[]")],
  [fields("QUERYLOGS", "", "", "", ""), fields("SUCCESS", "[]")],
  [fields("QUERYLOGS", "+5", "+1", "", "", "v", "more"), fields("SUCCESS", "[]")],
  [fields("QUERYLOGS", "5", "", "", ""), fields("SUCCESS", "[]")],
  [fields("QUERYLOGS", "", "", "a'b", "' OR 1=1 --"), fields("SUCCESS", "[]")],

  ["", unrecognised("")],
  ["ping", unrecognised("ping")],
  ["PING\n", unrecognised("PING\n")],
  [" PING", unrecognised(" PING")],
  ["GETLATESTSTATUS", unrecognised("GETLATESTSTATUS")],
  [fields("NO", "SUCH", "VERB"), unrecognised("NO")],
  [Uint8Array.of(0x50, 0xff, 0x49), unrecognised("Could not parse string from message")],
];

for (const by of ["raw", "pyzmq"] satisfies MadeBy[]) {
  peerTest(python, `an original client made ${by} gets every reply byte for byte`, async (runtime) => {
    await using scene = await Scene.open({ workflows });
    await using peer = await OriginalPeer.start(runtime);
    for (const [request, expected] of exchanges) {
      const reply = await peer.ask(scene.ports.port, request, by);
      // Run ids are made up by the principal; everything else is known beforehand.
      const named = (await scene.runs()).reduce((text, { runId }) => text.replaceAll(runId, "RUN"), reply);
      assert.equal(named, expected.replaceAll("NOW", `${startMs}`), `the reply to ${JSON.stringify(String(request))}`);
    }
  });
}

peerTest(python, "an empty agent id is an id like any other", async (runtime) => {
  await using scene = await Scene.open({ workflows });
  await using peer = await OriginalPeer.start(runtime);
  const { port } = scene.ports;
  assert.equal(await peer.ask(port, fields("REGISTERAGENT", "")), "OK");
  assert.equal(await peer.ask(port, fields("FETCHWORKFLOW", "")), "OK");
  const listed = `[{"agent_id":"","last_ping_timestamp":${startMs}000,"running_tasks":0}]`;
  assert.equal(await peer.ask(port, "GETREGISTEREDAGENTS"), fields("SUCCESS", listed));
});

peerTest(python, "greeting, READY, request and reply are the bytes of the original's own exchange", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const { greeting, ready } = await peer.connect("ping", "REQ", scene.ports.port);
  // The original looks at the first byte, the tenth, the version and the mechanism; 3.1 is as good to it as 3.0.
  assert.equal(greeting.length, 64);
  assert.equal(greeting[0], 0xff);
  assert.equal(greeting.subarray(9, 11).toHex(), "7f03");
  assert.equal(greeting.subarray(12).toHex(), `4e554c4c${"00".repeat(48)}`);
  const types = ["\x03REP", "\x06ROUTER"].map((type) => `\x05READY\x0bSocket-Type\0\0\0${type}`);
  assert(types.includes(text(ready)), ready.toHex());
  await peer.write("ping", Uint8Array.fromHex("0100000450494e47"));
  await peer.finish("ping");
  const { bytes, ended } = await peer.readToEnd("ping");
  assert.equal(bytes.toHex(), "01000004504f4e47");
  assert.equal(ended, "fin");
});

peerTest(python, "a reply above 255 bytes is one frame in the long form", async (runtime) => {
  await using scene = await Scene.open({ workflows });
  await using peer = await OriginalPeer.start(runtime);
  await peer.connect("list", "REQ", scene.ports.port);
  await peer.send("list", ["", "LSWORKFLOWS"]);
  await peer.finish("list");
  const { bytes } = await peer.readToEnd("list");
  const body = new TextEncoder().encode(`SUCCESS\x01{"etl.daily":${document}}`);
  assert.equal(bytes.subarray(0, 11).toHex(), `010002${body.length.toString(16).padStart(16, "0")}`);
  assert.deepEqual(bytes.slice(11), body);
});

peerTest(python, "a request in the long form of frames is read like one in the short form", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  await peer.connect("long", "REQ", scene.ports.port);
  await peer.write("long", Uint8Array.fromHex("03000000000000000002000000000000000450494e47"));
  assert.deepEqual(await peer.read("long"), { frames: ["", "PONG"] });
});

peerTest(python, "a connection that is kept is served again and again", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  await peer.connect("kept", "REQ", scene.ports.port);
  for (let count = 0; count < 50; count++) {
    await peer.send("kept", ["", "PING"]);
    assert.deepEqual(await peer.read("kept"), { frames: ["", "PONG"] });
  }
});

/** What a DEALER or a careless REQ puts before the body, and what comes back before the reply. */
const envelopes: readonly (readonly [name: string, before: string[], after: string[]])[] = [
  ["an empty frame", [""], [""]],
  ["a frame of the client's and an empty one", ["corr", ""], ["corr", ""]],
  ["two frames of the client's and an empty one", ["a", "b", ""], ["a", "b", ""]],
  ["one frame that is not empty", ["corr"], ["corr"]],
];

peerTest(python, "the frames before the body come back before the reply", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  for (const by of ["raw", "pyzmq"] satisfies MadeBy[]) {
    await peer.connect(by, "DEALER", scene.ports.port, by);
    for (const [name, before, after] of envelopes) {
      await peer.send(by, [...before, "PING"]);
      assert.deepEqual(await peer.read(by), { frames: [...after, "PONG"] }, `${by}: ${name}`);
    }
  }
});

peerTest(python, "a body of several frames is answered as the original answers it", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  await peer.connect("odd", "DEALER", scene.ports.port);
  const reply = unrecognised("Message must have only 1 frame to convert to String");
  await peer.send("odd", ["", "PING", "PING"]);
  assert.deepEqual(await peer.read("odd"), { frames: ["", reply] });
  await peer.send("odd", ["", "PING", "", ""]);
  assert.deepEqual(await peer.read("odd"), { frames: ["", reply] });
});

peerTest(
  python,
  "requests that do not wait for replies are answered in their order, slow ones too",
  async (runtime) => {
    await using scene = await Scene.open({ workflows });
    await using peer = await OriginalPeer.start(runtime);
    const requests = ["QUERYLOGS\x01\x01\x01\x01", "RUNTASK\x01etl.daily", "GETRECENTSTATUSES", "PING", "PONG"];
    const starts = ["SUCCESS\x01[]", "OK", "SUCCESS\x01[{", "PONG", "CLIENTERROR\x01"];
    for (const by of ["raw", "pyzmq"] satisfies MadeBy[]) {
      await peer.connect(by, "DEALER", scene.ports.port, by);
      for (let round = 0; round < 10; round++) for (const request of requests) await peer.send(by, ["", request]);
      for (let round = 0; round < 10; round++) {
        for (const start of starts) {
          const reading = await peer.read(by);
          assert("frames" in reading && reading.frames[1]?.startsWith(start), `${by}: ${JSON.stringify(reading)}`);
        }
      }
    }
  },
);

peerTest(python, "a client that marks its requests finds each reply by its mark", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const names = Array.from({ length: 100 }, (_, index) => `verb${index}`);
  for (const by of ["raw", "pyzmq"] satisfies MadeBy[]) {
    await peer.connect(by, "DEALER", scene.ports.port, by);
    for (const name of names) await peer.send(by, [name, "", name]);
    const replies = new Map<string | undefined, string[]>();
    for (const _ of names) {
      const reading = await peer.read(by);
      if ("frames" in reading) replies.set(reading.frames[0], reading.frames);
    }
    for (const name of names) assert.deepEqual(replies.get(name), [name, "", unrecognised(name)]);
  }
});

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
