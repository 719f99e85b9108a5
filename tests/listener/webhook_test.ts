import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { OriginalScene } from "../cli/original_scene.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { sign, WebhookScene } from "./webhook_scene.ts";

const typed = `${oneTask}params:\n  date: {type: date, required: true}\n`;
const json = { "Content-Type": "application/json" };

async function runsOf({ client }: PrincipalScene) {
  return (await client.call("RUNS", { limit: 100 })).runs;
}

Deno.test("a POST runs the workflow that the path names, and nothing of the body becomes a parameter", async () => {
  await using principal = await PrincipalScene.start({ "etl.daily": oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  const { status, body } = await scene.call("/etl.daily", { body: '{"date":"2026-03-01"}' });
  const [run] = await runsOf(principal);
  deepEqual([status, body], [202, { workflowId: "etl.daily", runId: run?.runId, duplicate: false, skipped: null }]);
  deepEqual([run?.trigger, run?.params, run?.reason], ["event", {}, "a webhook was called"]);
});

Deno.test("one line is logged for each request", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  const { body } = await scene.call("/etl?token=hidden", { body: "hidden" });
  await scene.call("/elt");
  const lines = scene.log.all(/POST/).map((line) => line.replace(/in \d+ ms/, "in N ms"));
  deepEqual(lines.slice(0, 1), [`info POST /etl from 127.0.0.1: 202 in N ms, run ${body.runId}`]);
  match(lines[1] ?? "", /^warn POST \/elt from 127\.0\.0\.1: 404 in N ms, NOT_FOUND: /);
  equal(lines.length, 2);
});

for (const header of ["Idempotency-Key", "X-GitHub-Delivery"]) {
  Deno.test(`a request that comes again with its ${header} starts no second run`, async () => {
    await using principal = await PrincipalScene.start({ etl: oneTask });
    await using scene = await WebhookScene.start({ client: principal.client });
    const long = "x".repeat(2000);
    const answers = [];
    for (const delivery of ["a", "a", "b", `${long}1`, `${long}1`, `${long}2`]) {
      answers.push(await scene.call("/etl", { headers: { [header]: delivery } }));
    }
    deepEqual(answers.map(({ status, body }) => [status, body.duplicate]), [
      [202, false],
      [202, true],
      [202, false],
      [202, false],
      [202, true],
      [202, false],
    ]);
    equal((await runsOf(principal)).length, 4);
  });
}

const secrets = ["new secret", "old secret"];
const body = '{"zen":"Keep it logically awesome."}';
const signatures: [what: string, headers: Record<string, string>, status: number][] = [
  ["GitHub's signature", { "X-Hub-Signature-256": sign("new secret", body) }, 202],
  ["the signature of another sender", { "X-Signature-256": sign("new secret", body) }, 202],
  [
    "a signature in capitals",
    { "X-Signature-256": sign("new secret", body).replace(/[a-f]/g, (c) => c.toUpperCase()) },
    202,
  ],
  ["the signature with the other secret", { "X-Signature-256": sign("old secret", body) }, 202],
  ["the token", { Authorization: "Bearer a-token" }, 202],
  ["no signature", {}, 401],
  ["the signature of another body", { "X-Signature-256": sign("new secret", `${body} `) }, 401],
  ["a signature with another secret", { "X-Signature-256": sign("no secret", body) }, 401],
  ["a signature that is none", { "X-Signature-256": "sha256=" }, 401],
  ["an empty signature", { "X-Signature-256": "" }, 401],
  ["a signature by another method", { "X-Signature-256": sign("new secret", body).replace("sha256", "sha1") }, 401],
  ["a token that is wrong", { Authorization: "Bearer a-tokem" }, 401],
  [
    "a wrong token beside a good signature",
    { Authorization: "Bearer x", "X-Signature-256": sign("new secret", body) },
    401,
  ],
  ["a password", { Authorization: `Basic ${btoa("a:a-token")}` }, 401],
];
Deno.test("callers that must prove who they are", async (t) => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client, secrets, tokens: ["b-token", "a-token"] });
  for (const [what, headers, status] of signatures) {
    await t.step(`${what}: ${status}`, async () => {
      const before = (await runsOf(principal)).length;
      const answered = await scene.call("/etl", { headers, body });
      equal(answered.status, status, JSON.stringify(answered.body));
      equal((await runsOf(principal)).length, before + (status === 202 ? 1 : 0));
      if (status === 401) equal(answered.headers.get("WWW-Authenticate"), "Bearer");
    });
  }
  await t.step("no secret and no body is logged", () => {
    deepEqual(scene.log.all(/secret|token-|a-token|logically/), []);
  });
});

Deno.test("who cannot prove it is not told which workflows there are", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client, secrets });
  deepEqual([(await scene.call("/etl")).status, (await scene.call("/elt")).status], [401, 401]);
});

Deno.test("a page in a browser cannot call a listener that has no secret", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  equal((await scene.call("/etl", { headers: { Origin: "https://example.org" } })).status, 403);
  deepEqual(await runsOf(principal), []);
});

Deno.test("paths that were given run their workflows, and others do nothing", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client, paths: { "/hooks/in": "etl" } });
  deepEqual([(await scene.call("/hooks/in")).status, (await scene.call("/etl")).status], [202, 404]);
  equal((await runsOf(principal)).length, 1);
});

const pointers = {
  city: "/order/address/0/city",
  slashed: "/a~1b",
  count: "/count",
  all: "/order",
  gone: "/none",
  no: "/null",
};
const mappings: [what: string, mapping: object, init: RequestInit, params: Record<string, string>][] = [
  [
    "pointers into JSON",
    { pointers },
    { headers: json, body: '{"order":{"address":[{"city":"Ulm"}]},"a/b":"x","count":7,"null":null}' },
    { city: "Ulm", slashed: "x", count: "7", all: '{"address":[{"city":"Ulm"}]}' },
  ],
  [
    "pointers into a form",
    { pointers: { date: "/date", tags: "/tag" } },
    { body: new URLSearchParams([["date", "2026-03-01"], ["tag", "a"], ["tag", "b"]]) },
    { date: "2026-03-01", tags: '["a","b"]' },
  ],
  ["the whole body", { wholeBody: "body" }, { body: "anything\n" }, { body: "anything\n" }],
  [
    "all fields",
    { allFields: true },
    { body: '{"date":"2026-03-01","count":7,"dry":true,"list":[1],"null":null,"no name":"x","__proto__":{"x":"y"}}' },
    { date: "2026-03-01", count: "7", dry: "true" },
  ],
  ["a pointer never finds what objects inherit", { pointers: { a: "/constructor/name", b: "/list/length" } }, {
    body: '{"list":[]}',
  }, {}],
];
Deno.test("parameters from bodies", async (t) => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  for (const [what, mapping, init, params] of mappings) {
    await t.step(what, async () => {
      await using scene = await WebhookScene.start({ client: principal.client, mapping });
      const { status, body } = await scene.call("/etl", init);
      equal(status, 202, JSON.stringify(body));
      deepEqual((await runsOf(principal)).find(({ runId }) => runId === body.runId)?.params, params);
    });
  }
});

Deno.test("bodies that do not fit are refused", async (t) => {
  await using principal = await PrincipalScene.start({ etl: typed });
  await using scene = await WebhookScene.start({ client: principal.client, mapping: { pointers: { date: "/date" } } });
  const cases: [what: string, body: BodyInit, status: number, code: string, sentence: RegExp][] = [
    ["no JSON", "{", 400, "INVALID_ARGUMENT", /neither JSON nor a form/],
    ["no UTF-8", new Uint8Array([0xff]), 400, "INVALID_ARGUMENT", /not UTF-8/],
    ["no date", '{"date":"a-private-value"}', 422, "INVALID_PARAMETERS", /date "a-private-value"/],
    ["a parameter that is missing", "{}", 422, "INVALID_PARAMETERS", /date is missing/],
  ];
  for (const [what, body, status, code, sentence] of cases) {
    await t.step(what, async () => {
      const answered = await scene.call("/etl", { body });
      deepEqual([answered.status, answered.body.error?.code], [status, code]);
      match(answered.body.error?.message ?? "", sentence);
    });
  }
  deepEqual(await runsOf(principal), []);
  deepEqual(scene.log.all(/private/), []);
});

Deno.test("a body that is too large is refused, announced or not", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client, bodyMaxBytes: 1000 });
  equal((await scene.call("/etl", { body: "x".repeat(1000) })).status, 202);
  equal((await scene.call("/etl", { body: "x".repeat(1001) })).status, 413);
  const chunks = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 11; index++) controller.enqueue(new Uint8Array(100));
      controller.close();
    },
  });
  const { status, body } = await scene.call("/etl", { body: chunks });
  deepEqual([status, body.error?.code], [413, "LIMIT_EXCEEDED"]);
  equal((await runsOf(principal)).length, 1);
});

Deno.test("a compressed body is refused", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  equal((await scene.call("/etl", { headers: { "Content-Encoding": "gzip" }, body: "x" })).status, 415);
});

/** A connection that sends what the test says and no more. */
async function sendRaw(port: number, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  return connection;
}

async function firstLine(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4096);
  const read = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, read ?? 0)).split("\r\n")[0] ?? "";
}

const halfRequest = "POST /etl HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it";

Deno.test("a body that does not come is given up", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  const clock = new FakeClock();
  await using scene = await WebhookScene.start({ client: principal.client, clock });
  using connection = await sendRaw(scene.port, halfRequest);
  while (clock.timerCount === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  clock.advance(10_000);
  match(await firstLine(connection), /^HTTP\/1\.1 408 /);
  deepEqual(await runsOf(principal), []);
});

Deno.test("a sender that hangs up in the middle starts nothing", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  const connection = await sendRaw(scene.port, halfRequest);
  connection.close();
  await scene.log.said(/POST \/etl .* 400 /);
  deepEqual(await runsOf(principal), []);
});

Deno.test("more requests at a time than can be served are turned away", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  const clock = new FakeClock();
  await using scene = await WebhookScene.start({ client: principal.client, clock });
  const held = await Promise.all(Array.from({ length: 100 }, () => sendRaw(scene.port, halfRequest)));
  while (clock.timerCount < 100) await new Promise((resolve) => setTimeout(resolve, 1));
  const { status, headers, body } = await scene.call("/etl");
  deepEqual([status, headers.has("Retry-After"), body.error?.code], [503, true, "LIMIT_EXCEEDED"]);
  for (const connection of held) connection.close();
});

Deno.test("a sender that stops in the middle of its headers does not keep a listener from ending", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  const clock = new FakeClock();
  const scene = await WebhookScene.start({ client: principal.client, clock });
  using _connection = await sendRaw(scene.port, "POST /etl HTTP/1.1\r\nHost: x\r\n");
  await scene.call("/etl"); // The other one has been read by then.
  let hasEnded = false;
  const stopped = scene.stop().finally(() => hasEnded = true);
  for (let waitedMs = 0; !hasEnded && waitedMs < 10_000; waitedMs += 10) {
    clock.advance(10);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  equal(hasEnded, true);
  await stopped;
});

Deno.test("other methods and other paths", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  const get = await scene.call("/etl", { method: "GET" });
  deepEqual([get.status, get.headers.get("Allow")], [405, "POST"]);
  for (const path of ["/", "/a/b", "/%ff", "/elt", "/etl/"]) {
    const { status, body } = await scene.call(path);
    deepEqual([path, status, body.error?.code], [path, 404, "NOT_FOUND"]);
  }
});

Deno.test("a request whose host is none is refused in one line", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  for (const host of ["[", "a b"]) {
    using connection = await sendRaw(scene.port, `POST /etl HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
    match(await firstLine(connection), /^HTTP\/1\.1 400 /);
  }
  equal(scene.log.all(/^warn POST of no path from 127\.0\.0\.1: 400 in \d+ ms, INVALID_ARGUMENT: /).length, 2);
  equal((await scene.call("/etl")).status, 202);
});

Deno.test("GET /health tells whether the principal answers", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client, secrets });
  deepEqual(await scene.call("/health", { method: "GET" }).then(({ status, body }) => [status, body]), [200, {
    status: "ok",
  }]);
  await principal.restart({
    meanwhile: async () => equal((await scene.call("/health", { method: "GET" })).status, 503),
    beforeListening: () => {},
  });
});

Deno.test("while the principal is away senders are told to come again, and the same delivery then is one run", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using scene = await WebhookScene.start({ client: principal.client });
  const send = () => scene.call("/etl", { headers: { "Idempotency-Key": "delivery-1" } });
  await principal.restart({
    meanwhile: async () => {
      const { status, headers, body } = await send();
      deepEqual([status, headers.get("Retry-After"), body.error?.code], [503, "5", "UNREACHABLE"]);
    },
    beforeListening: () => {},
  });
  deepEqual([(await send()).status, (await send()).body.duplicate], [202, true]);
  equal((await runsOf(principal)).length, 1);
});

Deno.test("a trigger that the overlap policy skips is no error and no run", async () => {
  await using principal = await PrincipalScene.start({ etl: `${oneTask}overlap: skip\n` });
  await using scene = await WebhookScene.start({ client: principal.client });
  await scene.call("/etl");
  const { status, body } = await scene.call("/etl");
  deepEqual([status, body.runId], [200, null]);
  match(body.skipped ?? "", /skip/);
});

Deno.test("an original principal runs workflows, but takes no parameters", async () => {
  await using original = await OriginalScene.start({ RUNTASK: "OK" });
  const address = { host: "127.0.0.1", ...original.ports };
  const options = { clock: systemClock, random: systemRandom, version: "1", role: "test", timeoutMs: 5000 };
  await using client = PrincipalClient.overTcp(address, options);
  await using scene = await WebhookScene.start({ client, mapping: { pointers: { date: "/date" } } });
  deepEqual((await scene.call("/etl", { body: "{}" })).status, 202);
  deepEqual((await scene.call("/etl", { body: '{"date":"x"}' })).status, 501);
  deepEqual(original.asked, ["RUNTASK\x01etl"]);
});

Deno.test("a listener that stops does and answers what is under way, and takes no more", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  const clock = new FakeClock();
  const scene = await WebhookScene.start({ client: principal.client, clock });
  using connection = await sendRaw(scene.port, "POST /etl HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nha");
  while (clock.timerCount === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const stopped = scene.stop();
  const late = await scene.call("/etl");
  deepEqual([late.status, late.body.error?.code], [503, "SHUTTING_DOWN"]);
  await connection.write(new TextEncoder().encode("lf."));
  match(await firstLine(connection), /^HTTP\/1\.1 202 /);
  await stopped;
  await rejects(Deno.connect({ hostname: "127.0.0.1", port: scene.port }), Deno.errors.ConnectionRefused);
  equal((await runsOf(principal)).length, 1);
});
