import assert from "node:assert/strict";
import { type Clock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient, type PrincipalLink, type RequestOptions } from "../../src/client/mod.ts";
import { encodeText } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";

const hello = 'SUCCESS\x01{"product":"cdktr","version":"1","protocol":1,"verbs":[],"agentTimeoutMs":30000}';

/** A link that answers as the test says. */
function linkOf(answer: (verb: string, options: RequestOptions) => string) {
  const asked: { verb: string; timeoutMs: number }[] = [];
  const unused = () => assert.fail("not part of this test");
  const link: PrincipalLink = {
    address: "nowhere:1",
    request: (body, options) => {
      const [verb = ""] = new TextDecoder().decode(body).split("\x01");
      asked.push({ verb, timeoutMs: options.timeoutMs });
      return Promise.resolve(encodeText(answer(verb, options)));
    },
    tryPushLog: unused,
    pushLog: unused,
    subscribeLogs: unused,
    close: () => Promise.resolve(),
  };
  return { link, asked };
}

function clientOf(link: PrincipalLink, clock: Clock = new FakeClock()): PrincipalClient {
  return PrincipalClient.overLink(link, { clock, random: systemRandom, version: "1", role: "test", timeoutMs: 3000 });
}

Deno.test("what the principal is, is asked once, before the first request", async () => {
  const { link, asked } = linkOf((verb) => verb === "HELLO" ? hello : 'SUCCESS\x01{"runs":[],"cursor":null}');
  const client = clientOf(link);
  await client.call("RUNS", { limit: 1 });
  await client.call("RUNS", { limit: 1 });
  assert.deepEqual(asked.map(({ verb }) => verb), ["HELLO", "RUNS", "RUNS"]);
});

Deno.test("first calls at the same time share one question, and one that gives up leaves it to the others", async () => {
  const { link, asked } = linkOf((verb) => verb === "HELLO" ? hello : 'SUCCESS\x01{"runs":[],"cursor":null}');
  const client = clientOf(link);
  const given = new AbortController();
  const calls = Array.from({ length: 100 }, () => client.call("RUNS", { limit: 1 }));
  const impatient = client.call("RUNS", { limit: 1 }, { signal: given.signal });
  given.abort(new Error("no more patience"));
  await assert.rejects(impatient, /no more patience/);
  await Promise.all(calls);
  assert.equal(asked.filter(({ verb }) => verb === "HELLO").length, 1);
});

Deno.test("a question that nobody waits for any more is given up", async () => {
  const asked: AbortSignal[] = [];
  const { link } = linkOf(() => hello);
  const client = clientOf({
    ...link,
    request: (_body, { signal }) => {
      if (signal !== undefined) asked.push(signal);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const given = [new AbortController(), new AbortController()];
  const waiting = given.map(({ signal }) => client.dialect({ signal }));
  given[0]?.abort(new Error("first"));
  await assert.rejects(waiting[0] ?? Promise.resolve(), /first/);
  assert.equal(asked[0]?.aborted, false);
  given[1]?.abort(new Error("second"));
  await assert.rejects(waiting[1] ?? Promise.resolve(), /second/);
  assert.equal(asked[0]?.aborted, true);
  assert.equal(asked.length, 1);
});

Deno.test("a HELLO that failed is asked again", async () => {
  let isUp = false;
  const { link, asked } = linkOf((verb) => {
    if (!isUp) throw new Error("down");
    return verb === "HELLO" ? hello : "PONG";
  });
  const client = clientOf(link);
  await assert.rejects(async () => await client.callOriginal({ verb: "PING" }), /down/);
  isUp = true;
  assert.deepEqual(await client.callOriginal({ verb: "PING" }), { token: "PONG" });
  assert.deepEqual(asked.map(({ verb }) => verb), ["HELLO", "HELLO", "PING"]);
});

Deno.test("a request that is held gets the time it is held on top", async () => {
  const { link, asked } = linkOf((verb) =>
    verb === "HELLO" ? hello : 'SUCCESS\x01{"revision":1,"workflows":[],"problems":[]}'
  );
  await clientOf(link).call("WORKFLOWS", { knownRevision: null, waitMs: 60_000 });
  assert.deepEqual(asked, [{ verb: "HELLO", timeoutMs: 3000 }, { verb: "WORKFLOWS", timeoutMs: 63_000 }]);
});

Deno.test("the principal's error is thrown as it was there", async () => {
  const { link } = linkOf((verb) =>
    verb === "HELLO" ? hello : 'CLIENTERROR\x01{"code":"NOT_FOUND","message":"No such run.","hint":"List them."}'
  );
  await assert.rejects(clientOf(link).call("SHOWRUN", { run: "x" }), {
    code: "NOT_FOUND",
    message: "No such run.",
    hint: "List them.",
  });
});

Deno.test("something else that listens there is UNSUPPORTED", async () => {
  const { link } = linkOf(() => "220 mail.example.com ESMTP");
  await assert.rejects(clientOf(link).dialect(), { code: "UNSUPPORTED" });
});
