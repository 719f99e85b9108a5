import { deepEqual, equal } from "node:assert/strict";
import { followedLinesMax, followLogs, type LogNews } from "../../src/client/follow_logs.ts";
import type { LogSubscriber, PrincipalLink } from "../../src/client/link.ts";
import { encodeLogLine, encodeText } from "../../src/wire/mod.ts";

/** A link whose subscription the test holds in its hand. */
function fakeLink() {
  let subscriber: LogSubscriber | null = null;
  let ends = 0;
  const unused = () => {
    throw new Error("not part of this test");
  };
  const link: PrincipalLink = {
    address: "nowhere",
    request: unused,
    tryPushLog: unused,
    pushLog: unused,
    close: unused,
    subscribeLogs: (_topic, given) => {
      subscriber = given;
      return () => void ends++;
    },
  };
  return {
    link,
    get subscriber(): LogSubscriber {
      if (subscriber === null) throw new Error("nobody has subscribed");
      return subscriber;
    },
    isEnded: () => ends > 0,
  };
}

function frame(text: string): Uint8Array {
  return encodeLogLine({
    workflowId: "etl",
    workflowName: "ETL",
    workflowInstanceId: "run",
    taskName: "Load",
    taskInstanceId: "task",
    timeMs: 7,
    level: "INFO",
    payload: text,
    extra: [],
  });
}

/** News with the text of lines only. */
function brief(news: LogNews | undefined): unknown {
  return news?.type === "lines" ? news.lines.map(({ payload }) => payload) : news;
}

async function take(coming: AsyncGenerator<LogNews, void>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < count) taken.push(brief((await coming.next()).value ?? undefined));
  return taken;
}

Deno.test("lines count from the call on, though nobody reads yet, and come together in their order", async () => {
  const fake = fakeLink();
  const abort = new AbortController();
  const coming = followLogs(fake.link, encodeText("etl"), abort.signal);
  fake.subscriber.onConnected();
  fake.subscriber.onLine(frame("a"));
  fake.subscriber.onLine(frame("b"));
  deepEqual(await take(coming, 2), [{ type: "connected" }, ["a", "b"]]);
  const next = coming.next();
  fake.subscriber.onLine(frame("c"));
  deepEqual(brief((await next).value ?? undefined), ["c"]);
  abort.abort();
  equal((await coming.next()).done, true);
});

Deno.test("a line carries its eight fields under the names of stored ones", async () => {
  const fake = fakeLink();
  const coming = followLogs(fake.link, encodeText(""), new AbortController().signal);
  fake.subscriber.onLine(frame("a"));
  const { value } = await coming.next();
  deepEqual(value, {
    type: "lines",
    lines: [{
      workflowId: "etl",
      workflowName: "ETL",
      runId: "run",
      taskName: "Load",
      taskRunId: "task",
      timestampMs: 7,
      level: "INFO",
      payload: "a",
    }],
  });
  await coming.return();
  equal(fake.isEnded(), true);
});

Deno.test("what is no log line is passed over", async () => {
  const fake = fakeLink();
  const coming = followLogs(fake.link, encodeText(""), new AbortController().signal);
  fake.subscriber.onLine(encodeText("nonsense"));
  fake.subscriber.onLine(frame("a"));
  deepEqual(await take(coming, 1), [["a"]]);
  await coming.return();
});

Deno.test("the connection is told when it changes; of changes nobody read yet, the last one", async () => {
  const fake = fakeLink();
  const coming = followLogs(fake.link, encodeText(""), new AbortController().signal);
  fake.subscriber.onDisconnected();
  fake.subscriber.onDisconnected();
  deepEqual(await take(coming, 1), [{ type: "disconnected" }]);
  fake.subscriber.onDisconnected();
  fake.subscriber.onConnected();
  fake.subscriber.onLine(frame("a"));
  fake.subscriber.onDisconnected();
  fake.subscriber.onConnected();
  fake.subscriber.onLine(frame("b"));
  deepEqual(await take(coming, 4), [{ type: "connected" }, ["a"], { type: "connected" }, ["b"]]);
  await coming.return();
});

Deno.test("a reader that is too slow is told how many lines were dropped, and then the newest", async () => {
  const fake = fakeLink();
  const coming = followLogs(fake.link, encodeText(""), new AbortController().signal);
  fake.subscriber.onConnected();
  const line = frame("x");
  for (let count = 0; count < 2 * followedLinesMax; count++) fake.subscriber.onLine(line);
  fake.subscriber.onLine(frame("last"));
  deepEqual(await take(coming, 3), [{ type: "connected" }, { type: "dropped", count: 2 * followedLinesMax }, ["last"]]);
  await coming.return();
});

Deno.test("an abort ends the subscription at once, also of a sequence that was never read, and waiting lines still come", async () => {
  const fake = fakeLink();
  const abort = new AbortController();
  const coming = followLogs(fake.link, encodeText(""), abort.signal);
  fake.subscriber.onLine(frame("a"));
  abort.abort();
  equal(fake.isEnded(), true);
  deepEqual(await take(coming, 1), [["a"]]);
  equal((await coming.next()).done, true);
});
