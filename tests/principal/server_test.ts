import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { Server } from "../../src/principal/mod.ts";
import { encodeVerbRequest, parseVerbReply } from "../../src/wire/mod.ts";
import { Dealer, Push, Req, Sub } from "../../src/zmtp/mod.ts";
import { turn } from "../fake_clock.ts";
import { until } from "../zmtp/sockets.ts";
import { workRequest } from "../work_request.ts";
import { runRequest, Scene } from "./scene.ts";

const sources = { clock: systemClock, random: systemRandom };
const host = "127.0.0.1";
const empty = new Uint8Array(0);
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (frame?: Uint8Array) => new TextDecoder().decode(frame);

async function listen(scene: Scene): Promise<Server> {
  return await Server.listen(scene.principal, { host, port: 0, logsInPort: 0, logsOutPort: 0, ...sources });
}

async function connected<Socket extends Dealer | Req>(socket: Socket, server: Server): Promise<Socket> {
  socket.connect(host, server.ports.port);
  await socket.whenPeer();
  return socket;
}

const workOf = (name: string, scene: Scene, slots = 1) =>
  encodeVerbRequest("WORK", workRequest(scene.agent(name).holder, { slots, waitMs: 60_000 }));

Deno.test("many requests of one connection are in flight, and each reply carries what came before its delimiter", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer(sources), server);
  await dealer.send([bytes("held"), empty, workOf("ann", scene)]);
  await dealer.send([bytes("7"), bytes("more"), empty, bytes("PING")]);
  assert.deepEqual((await dealer.receive()).map(text), ["7", "more", "", "PONG"]);
  await dealer.send([bytes("8"), empty, encodeVerbRequest("RUN", runRequest())]);
  const replies = [await dealer.receive(), await dealer.receive()];
  const held = replies.find(([first]) => text(first) === "held");
  assert.equal(parseVerbReply("WORK", held?.[2] ?? empty).begin.length, 1);
  await dealer.close();
  await server.close();
});

Deno.test("requests without a frame of their own are answered in their order, as by a REP", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer(sources), server);
  await dealer.send([empty, workOf("ann", scene)]);
  await dealer.send([empty, bytes("PING")]);
  await until(() => scene.clock.pendingMs.includes(10_000));
  await scene.trigger();
  assert.match(text((await dealer.receive())[1]), /^SUCCESS/);
  assert.equal(text((await dealer.receive())[1]), "PONG");
  await dealer.close();
  await server.close();
});

Deno.test("odd frames are answered with the original's words, and the next request as if nothing had been", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer(sources), server);
  const oneFrame =
    "CLIENTERROR\x01ParseError: Unrecognised message type: Message must have only 1 frame to convert to String";
  const odd: [Uint8Array[], string[]][] = [
    [[bytes("alone")], ["", "CLIENTERROR\x01ParseError: a request is an empty frame and one frame with its text"]],
    [[empty], ["", "CLIENTERROR\x01ParseError: a request is an empty frame and one frame with its text"]],
    [[empty, empty], ["", "CLIENTERROR\x01ParseError: Unrecognised message type: "]],
    [[empty, bytes("PING"), bytes("PING")], ["", oneFrame]],
    [[bytes("tag"), bytes("PING")], ["tag", "PONG"]],
    [[empty, bytes("PING")], ["", "PONG"]],
  ];
  for (const [frames, expected] of odd) {
    await dealer.send(frames);
    assert.deepEqual((await dealer.receive()).map(text), expected);
  }
  await dealer.close();
  await server.close();
});

Deno.test("an agent whose connection ends gets nothing any more: the next trigger goes to another", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const lost = await connected(new Dealer(sources), server);
  const timers = scene.clock.timerCount;
  await lost.send([bytes("1"), empty, workOf("lost", scene)]);
  await until(() => scene.clock.timerCount > timers);
  await lost.close();
  await until(() => scene.clock.timerCount === timers);
  const runId = await scene.trigger();
  const { begin: [first] } = await scene.agent("ann").work().reply;
  assert.deepEqual([first?.runId, first?.attempt], [runId, 1], "it never left the queue");
  await server.close();
});

Deno.test("an agent whose connection ends while its assignment is being written gives it back", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const lost = await connected(new Dealer(sources), server);
  const timers = scene.clock.timerCount;
  await lost.send([bytes("1"), empty, workOf("lost", scene)]);
  await until(() => scene.clock.timerCount > timers);
  scene.journal.hold();
  const trigger = scene.trigger();
  await turn();
  await lost.close({ lingerMs: 0 });
  // A client that comes after it is served after it: by then the server knows that the other is gone.
  const other = await connected(new Req(sources), server);
  await other.send([bytes("PING")]);
  await other.receive();
  scene.journal.release();
  const runId = await trigger;
  const { begin: [first] } = await scene.agent("ann").work().reply;
  assert.deepEqual([first?.runId, first?.attempt], [runId, 2]);
  await other.close();
  await server.close();
});

Deno.test("a server that closes answers who waits and lets every answer leave before its connections end", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer(sources), server);
  const original = await connected(new Req(sources), server);
  const timers = scene.clock.timerCount;
  await dealer.send([bytes("1"), empty, workOf("ann", scene, 0)]);
  await until(() => scene.clock.timerCount > timers);
  await scene.trigger({ params: { only: "ours" } });
  scene.journal.hold();
  const trigger = scene.trigger();
  await original.send([bytes("FETCHWORKFLOW\x01old@host/AG")]);
  while ((await scene.ask("STATUS", {}).reply).agents.length < 2) await turn();
  const closed = server.close();
  assert.equal(text((await dealer.receive())[2]), 'SUCCESS\x01{"begin":[],"end":[],"steer":[]}');
  scene.journal.release();
  assert.match(text((await original.receive())[0]), /^SUCCESS\x01\{"id":"etl"/);
  await Promise.all([closed, trigger]);
  await Promise.all([dealer.close(), original.close()]);
  assert.deepEqual(scene.told, []);
});

Deno.test("a server closes though an answer does not come", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer(sources), server);
  scene.journal.fail();
  await dealer.send([bytes("1"), empty, encodeVerbRequest("RUN", runRequest())]);
  await until(() => scene.journal.failedAppends > 0);
  await server.close();
  await dealer.close();
});

Deno.test("a client that asks without end and reads no reply is not read on", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const dealer = await connected(new Dealer({ ...sources, sendHighWaterMark: 100_000 }), server);
  const timers = scene.clock.timerCount;
  const wait = encodeVerbRequest("WORKFLOWS", {
    knownRevision: (await scene.ask("WORKFLOWS", { knownRevision: null, waitMs: 0 }).reply).revision,
    waitMs: 60_000,
  });
  for (let number = 0; number < 5000; number++) await dealer.send([bytes(String(number)), empty, wait]);
  await until(() => scene.clock.timerCount >= timers + 1000);
  const other = await connected(new Req(sources), server);
  await other.send([bytes("PING")]);
  assert.equal(text((await other.receive())[0]), "PONG", "others are served");
  assert.ok(scene.clock.timerCount < timers + 5000, "not all of them are held");
  await Promise.all([dealer.close({ lingerMs: 0 }), other.close()]);
  await server.close();
});

Deno.test("lines go in at one port and out at the other", async () => {
  await using scene = await Scene.open();
  const server = await listen(scene);
  const sub = new Sub(sources);
  const push = new Push(sources);
  sub.subscribe(bytes("etl\x01"));
  sub.connect(host, server.ports.logsOutPort);
  push.connect(host, server.ports.logsInPort);
  await Promise.all([sub.whenPeer(), push.whenPeer()]);
  const line = ["etl", "ETL", "r1", "Only", "t1", "5", "INFO", "STDOUT hi"].join("\x01");
  // No message tells that the subscription has arrived: lines are sent until one comes back.
  const got = sub.receive();
  let isHere = false;
  got.finally(() => isHere = true);
  while (!isHere) {
    await push.send([bytes(line)]);
    await turn();
  }
  assert.deepEqual((await got).map(text), [line]);
  await Promise.all([sub.close(), push.close()]);
  await server.close();
});

Deno.test("a port that is taken is one clear sentence, and the ports before it are free again", async () => {
  await using scene = await Scene.open();
  const first = await listen(scene);
  const ports = { port: 0, logsInPort: first.ports.logsInPort, logsOutPort: 0 };
  await assert.rejects(Server.listen(scene.principal, { host, ...ports, ...sources }), {
    code: "ADDRESS_IN_USE",
    message: `Cannot listen on 127.0.0.1:${ports.logsInPort}: another program has that port.`,
    hint: "Stop that program, or give another port in CDKTR_LOGS_LISTENING_PORT.",
  });
  await assert.rejects(Server.probe({ host, ...ports, ...sources }), { code: "ADDRESS_IN_USE" });
  await first.close();
  await Server.probe({ host, ...first.ports, ...sources });
  const again = await Server.listen(scene.principal, { host, ...first.ports, ...sources });
  assert.deepEqual(again.ports, first.ports);
  await again.close();
});

Deno.test("a host that is no address of this machine is one clear sentence", async () => {
  await using scene = await Scene.open();
  const ports = { port: 0, logsInPort: 0, logsOutPort: 0 };
  await assert.rejects(Server.listen(scene.principal, { host: "192.0.2.1", ...ports, ...sources }), {
    code: "INVALID_SETTING",
    hint: "Check CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT.",
  });
});
