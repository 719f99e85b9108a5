import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { OneShotLink } from "../../src/client/one_shot_link.ts";
import { ZmtpLink } from "../../src/client/zmtp_link.ts";
import { encodeReply, encodeText, parseRequest, unrecognisedVerbReply } from "../../src/wire/mod.ts";
import { Pull, Rep, Router } from "../../src/zmtp/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { until } from "../zmtp/sockets.ts";

const sources = { clock: systemClock, random: systemRandom };
const host = "127.0.0.1";
const patient = { timeoutMs: 60_000 };
const text = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);

/** A listening router, and a link to it; its requests wait on the test's clock. */
async function arrange() {
  const clock = new FakeClock();
  const router = new Router(sources);
  const { port } = await router.bind(host, 0);
  const link = new ZmtpLink({
    address: { host, port, logsInPort: 1, logsOutPort: 1 },
    // Sockets on the machine's clock, the time a reply may take on the test's: it is the only timer of a minute.
    clock: {
      ...systemClock,
      setTimer: (delayMs, fire) => (delayMs === 60_000 ? clock : systemClock).setTimer(delayMs, fire),
    },
    random: systemRandom,
  });
  return { clock, router, link };
}

Deno.test("replies find their requests, in whatever order they come", async () => {
  const { router, link } = await arrange();
  const replies = ["a", "b", "c"].map((body) => link.request(encodeText(body), patient));
  const requests = [await router.receive(), await router.receive(), await router.receive()];
  for (const [identity, number, , body] of requests.reverse()) {
    assert.ok(identity && number && body);
    await router.send([identity, number, new Uint8Array(0), encodeText(text(body).toUpperCase())]);
  }
  assert.deepEqual((await Promise.all(replies)).map(text), ["A", "B", "C"]);
  await Promise.all([link.close(), router.close()]);
});

Deno.test("a reply that comes too late is TIMED_OUT, and is dropped when it comes", async () => {
  const { clock, router, link } = await arrange();
  const late = link.request(encodeText("slow"), patient);
  const [identity, number] = await router.receive();
  clock.advance(60_000);
  await assert.rejects(late, { code: "TIMED_OUT" });
  const next = link.request(encodeText("next"), patient);
  const [, nextNumber] = await router.receive();
  assert.ok(identity && number && nextNumber);
  await router.send([identity, number, new Uint8Array(0), encodeText("too late")]);
  await router.send([identity, nextNumber, new Uint8Array(0), encodeText("in time")]);
  assert.equal(text(await next), "in time");
  await Promise.all([link.close(), router.close()]);
});

Deno.test("a request is UNREACHABLE at once when its connection is lost, and the next one finds the way back", async () => {
  const { router, link } = await arrange();
  const { port } = { port: Number(link.address.split(":")[1]) };
  const lost = link.request(encodeText("x"), patient);
  await router.receive();
  await Promise.all([router.close(), assert.rejects(lost, { code: "UNREACHABLE" })]);
  await assert.rejects(link.request(encodeText("y"), patient), {
    code: "UNREACHABLE",
    message: `The principal at 127.0.0.1:${port} does not answer.`,
  });
  const again = new Router(sources);
  await again.bind(host, port);
  again.onMessage = ([identity, number]) => {
    if (identity && number) void again.send([identity, number, new Uint8Array(0), encodeText("back")]);
  };
  let reply: string | null = null;
  while (reply === null) reply = await link.request(encodeText("z"), patient).then(text, () => null);
  assert.equal(reply, "back");
  await Promise.all([link.close(), again.close()]);
});

Deno.test("a host name that stands for no address is told as such", async () => {
  // A name that by RFC 6761 no name server knows.
  const address = { host: "nobody.invalid", port: 1, logsInPort: 2, logsOutPort: 3 };
  for (const link of [new ZmtpLink({ address, ...sources }), new OneShotLink({ address, ...sources })]) {
    await assert.rejects(link.request(encodeText("x"), patient), {
      code: "UNREACHABLE",
      message: /^The host name nobody\.invalid cannot be resolved: .*[a-z]\.$/,
      hint: /CDKTR_PRINCIPAL_HOST/,
    });
    await link.close();
  }
});

Deno.test("a request that was given up is not carried out later", async () => {
  const { router, link } = await arrange();
  const port = Number(link.address.split(":")[1]);
  await router.close();
  const stop = new AbortController();
  const givenUp = link.request(encodeText("RUNTASK\x01etl"), { ...patient, signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(givenUp, /enough/);
  const again = new Router(sources);
  await again.bind(host, port);
  const got: string[] = [];
  again.onMessage = ([identity, number, , body]) => {
    got.push(text(body));
    if (identity && number) void again.send([identity, number, new Uint8Array(0), encodeText("ok")]);
  };
  let isThere = false;
  while (!isThere) isThere = await link.request(encodeText("PING"), patient).then(() => true, () => false);
  assert.deepEqual([...new Set(got)], ["PING"]);
  await Promise.all([link.close(), again.close()]);
});

Deno.test("closing ends what is under way; afterwards everything is refused", async () => {
  const { router, link } = await arrange();
  const asked = link.request(encodeText("x"), patient);
  await router.receive();
  await Promise.all([link.close(), assert.rejects(asked, { code: "SHUTTING_DOWN" })]);
  await assert.rejects(link.request(encodeText("x"), patient), { code: "SHUTTING_DOWN" });
  assert.throws(() => link.tryPushLog(new Uint8Array(1)), { code: "SHUTTING_DOWN" });
  await router.close();
});

Deno.test("lines queue while the principal is away and arrive in order when it is there", async () => {
  const pull = new Pull(sources);
  const { port: logsInPort } = await pull.bind(host, 0);
  const link = new ZmtpLink({ address: { host, port: 1, logsInPort, logsOutPort: 1 }, ...sources });
  for (let number = 0; number < 100; number++) assert.ok(link.tryPushLog(encodeText(String(number))));
  for (let number = 0; number < 100; number++) assert.equal(text((await pull.receive())[0]), String(number));
  await Promise.all([link.close(), pull.close()]);
});

Deno.test("an original principal is found out and spoken to over a new connection for each request", async () => {
  const rep = new Rep(sources);
  let connections = 0;
  rep.onPeerEvent = ({ type }) => void (connections += type === "handshake-succeeded" ? 1 : 0);
  const { port } = await rep.bind(host, 0);
  const verbs: string[] = [];
  const serving = (async () => {
    for (let count = 0; count < 4; count++) {
      const request = parseRequest(await rep.receive());
      const verb = request.verb === "UNKNOWN" ? request.name : request.verb;
      verbs.push(verb);
      await rep.send([encodeReply(verb === "PING" ? { token: "PONG" } : unrecognisedVerbReply(verb))]);
    }
  })();
  const address = { host, port, logsInPort: 1, logsOutPort: 1 };
  const client = PrincipalClient.overTcp(address, { ...sources, version: "1", role: "test", timeoutMs: 5000 });
  assert.equal(await client.dialect(), "original");
  const pings = [1, 2, 3].map(() => client.callOriginal({ verb: "PING" }));
  assert.deepEqual(await Promise.all(pings), [1, 2, 3].map(() => ({ token: "PONG" })));
  await serving;
  assert.deepEqual(verbs, ["HELLO", "PING", "PING", "PING"]);
  assert.equal(connections, 4);
  await assert.rejects(client.call("STATUS", {}), {
    code: "UNSUPPORTED",
    message: `The principal at ${host}:${port} is an original cdktr, which cannot STATUS.`,
  });
  await client.close();
  await assert.rejects(client.callOriginal({ verb: "PING" }), { code: "SHUTTING_DOWN" });
  await until(() => rep.peerCount === 0);
  await rep.close();
});

Deno.test("a principal on every address is reached by this machine's own", () => {
  const at = (name: string) =>
    new ZmtpLink({ address: { host: name, port: 5561, logsInPort: 1, logsOutPort: 1 }, ...sources }).address;
  assert.deepEqual([at("0.0.0.0"), at("::"), at("build01")], ["127.0.0.1:5561", "[::1]:5561", "build01:5561"]);
});
