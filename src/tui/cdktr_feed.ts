/** Follows a principal of ours, which tells its changes as they come: CHANGES and WORKFLOWS, two held requests. */
import { withinIso } from "../clock/mod.ts";
import { followChanges } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { ReplyTo, Verb } from "../wire/mod.ts";
import type { Feed, FeedOptions } from "./feed.ts";

/** How long WORKFLOWS is held; no sign of life depends on it. */
const catalogWaitMs = 30_000;
const neededVerbs: readonly Verb[] = ["CHANGES", "WORKFLOWS"];

/** See the top of this file. */
export const followCdktr: Feed = async (options) => {
  await assertNewEnough(options);
  const oneFailed = new AbortController();
  const signal = AbortSignal.any([options.signal, oneFailed.signal]);
  const followers = [followRuns({ ...options, signal }), followWorkflows({ ...options, signal })];
  try {
    return await Promise.race(followers);
  } finally {
    oneFailed.abort(new CdktrError("SHUTTING_DOWN", "The principal is followed no more."));
    await Promise.allSettled(followers);
  }
};

/** @throws {CdktrError} UNSUPPORTED when the principal is of a version that tells no changes. */
async function assertNewEnough({ client, signal }: FeedOptions): Promise<void> {
  const { version, verbs } = await client.hello({ signal });
  if (neededVerbs.every((verb) => verbs.includes(verb))) return;
  throw new CdktrError("UNSUPPORTED", `The principal is cdktr ${version}, too old for this UI.`, {
    hint: "Start it again with this version; the other commands work with it as it is.",
  });
}

async function followRuns({ client, clock, board, signal }: FeedOptions): Promise<never> {
  for await (const news of followChanges(client, clock, signal)) {
    board.hear(clock.nowMs());
    board.clockOffsetMs = withinIso(news.nowMs) - clock.nowMs();
    board.status = news.status;
    board.queueDepth.take(news.nowMs, news.status.queueLength);
    board.tellRuns(news.isReset ? null : news.runs);
    board.tell();
  }
  throw signal.reason;
}

async function followWorkflows({ client, board, signal }: FeedOptions): Promise<never> {
  let knownRevision: number | null = null;
  for (;;) {
    const request = { knownRevision, waitMs: catalogWaitMs };
    const told: ReplyTo<"WORKFLOWS"> = await client.call("WORKFLOWS", request, { signal });
    knownRevision = told.revision;
    board.workflows = told.workflows;
    board.workflowProblems = told.problems;
    board.tell();
  }
}
