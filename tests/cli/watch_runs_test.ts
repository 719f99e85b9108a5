import { deepEqual, equal } from "node:assert/strict";
import { watchRuns } from "../../src/cli/watch_runs.ts";
import { PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { systemRandom } from "../../src/clock/mod.ts";
import { CdktrError, type Run } from "../../src/core/mod.ts";
import { encodeVerbError, encodeVerbReply, type ReplyTo, verbs } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { noonMs, runOf } from "../tui/scripted.ts";

const status: ReplyTo<"STATUS"> = {
  ...{ version: "1", startedAtMs: 0, queueLength: 0, queueHeadAgeMs: null, runs: {}, agents: [], problems: [] },
  ...{ workflowCount: 0, history: { state: "ok", reason: null, eventsBehind: 0 } },
};

/** A principal with a journal; each CHANGES is a reset, as after it came back with another one. */
function clientOf(journals: Run[][]): PrincipalClient {
  let runs: Run[] = [];
  const answer = (verb: string): Uint8Array => {
    switch (verb) {
      case "HELLO":
        return encodeVerbReply("HELLO", {
          ...{ product: "cdktr", version: "1", protocol: 1, verbs: Object.keys(verbs), agentTimeoutMs: 30_000 },
        });
      case "CHANGES":
        runs = journals.shift() ?? [];
        return encodeVerbReply("CHANGES", {
          ...{ seq: 1, isReset: true, mayHaveMore: true, runs: [], nowMs: noonMs, status },
        });
      case "RUNS":
        return encodeVerbReply("RUNS", { runs, cursor: null });
      default:
        return encodeVerbError(new CdktrError("NOT_FOUND", "There is no such run."));
    }
  };
  const link: PrincipalLink = {
    address: "here",
    request: (body) => Promise.resolve(answer(new TextDecoder().decode(body).split("\x01")[0] ?? "")),
    tryPushLog: () => true,
    pushLog: () => Promise.resolve(),
    subscribeLogs: () => () => {},
    close: () => Promise.resolve(),
  };
  const options = { clock: new FakeClock(), random: systemRandom, version: "1", role: "cli", timeoutMs: 5000 };
  return PrincipalClient.overLink(link, options);
}

Deno.test("a principal that comes back without the runs that were watched is watched on", async () => {
  const before = runOf(1, "etl", "RUNNING", 0);
  const after = runOf(2, "etl", "RUNNING", 0);
  const told: string[][] = [];
  const ended = new AbortController();
  for await (const news of watchRuns(clientOf([[before], [after]]), new FakeClock(), ended.signal)) {
    equal(news.type, "runs");
    if (news.type === "runs") told.push(news.underWay.map(({ runId }) => runId));
    if (told.length === 2) break;
  }
  deepEqual(told, [[before.runId], [after.runId]]);
});
