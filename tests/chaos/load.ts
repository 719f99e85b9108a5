/** Triggers as a careful client sends them: each has a key of its own and is sent again until it is answered. */
import type { PrincipalClient } from "../../src/client/mod.ts";
import { type CdktrError, isFinal, type Run } from "../../src/core/mod.ts";
import { pause, until } from "./scenario.ts";

/** Runs on one page of a list. */
const pageRuns = 1_000;
const retryDelayMs = 50;
/** Nothing a careful client waits for takes longer, whatever is done to the principal meanwhile. */
const patienceMs = 300_000;

/** What was asked for, and what the principal made of it. */
export class Load {
  /** Run ids by idempotency key, of the triggers that were answered OK. */
  readonly accepted = new Map<string, string>();
  /** Tries that were answered with an error or not at all. */
  failedTries = 0;
  readonly #client: PrincipalClient;

  constructor(client: PrincipalClient) {
    this.#client = client;
  }

  /** Triggers a workflow once, however often that has to be said. `KEY` reaches the tasks as a parameter. */
  async trigger(key: string, workflowId: string): Promise<string> {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      try {
        const runId = await triggerOnce(this.#client, workflowId, key);
        this.accepted.set(key, runId);
        return runId;
      } catch (error) {
        this.failedTries++;
        if (performance.now() > endMs || !isPassing(error)) throw error;
        await pause(retryDelayMs);
      }
    }
  }

  /** Triggers many at a time, `inFlight` in flight. */
  async triggerAll(keys: readonly string[], workflowOf: (key: string) => string, inFlight = 16): Promise<void> {
    const waiting = keys.values();
    await Promise.all(Array.from({ length: inFlight }, async () => {
      for (const key of waiting) await this.trigger(key, workflowOf(key));
    }));
  }

  /** Waits until every run that there is has ended. */
  async allEnded(limitMs = patienceMs): Promise<void> {
    await until("every run to end", limitMs, async () => {
      try {
        const { runs } = await this.#client.call("RUNS", {
          states: ["PENDING", "ASSIGNED", "RUNNING"],
          limit: 1,
        });
        return runs.length === 0;
      } catch (error) {
        if (!isPassing(error)) throw error;
        return false;
      }
    });
  }

  /** Waits until so many runs of schedules have ended. */
  async scheduledEnded(count: number, limitMs = patienceMs): Promise<void> {
    await until(`${count} scheduled runs to end`, limitMs, async () => {
      const ended = (await this.list()).filter(({ trigger, state }) => trigger === "cron" && isFinal(state));
      if (ended.length < count) await pause(500);
      return ended.length >= count;
    });
  }

  /** All runs, page by page. */
  async list(): Promise<Run[]> {
    const all: Run[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { runs: Run[]; cursor: string | null } = await this.#client.call("RUNS", {
        ...(cursor === "" ? {} : { beforeRunId: cursor }),
        limit: pageRuns,
      });
      all.push(...page.runs);
      cursor = page.cursor;
    }
    return all;
  }
}

/**
 * Sends one trigger.
 *
 * @param key Makes it the same trigger however often it is sent, and reaches the tasks as the parameter `key`. Without one
 * each is another.
 * @returns The id of the run.
 */
export async function triggerOnce(client: PrincipalClient, workflowId: string, key: string | null): Promise<string> {
  const { runId } = await client.call("RUN", {
    workflowId,
    trigger: "manual",
    params: key === null ? {} : { key },
    idempotencyKey: key,
    dueMs: null,
    reason: "chaos",
  });
  return runId;
}

/** Waits until a run has ended. */
export async function endOf(client: PrincipalClient, run: string, limitMs = patienceMs): Promise<Run> {
  let found: Run | undefined;
  await until(`run ${run} to end`, limitMs, async () => {
    try {
      found = (await client.call("WAITRUN", { run, waitMs: 1_000 })).run;
      return isFinal(found.state);
    } catch (error) {
      if (!isPassing(error)) throw error;
      return false;
    }
  });
  if (found === undefined) throw new Error(`run ${run} was never seen`);
  return found;
}

/** Waits until the principal answers; how it is, then. */
export async function statusOf(client: PrincipalClient) {
  let status: Awaited<ReturnType<typeof ask>> | undefined;
  const ask = () => client.call("STATUS", {});
  await until("the principal to answer", patienceMs, async () => {
    try {
      status = await ask();
      return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return false;
    }
  });
  if (status === undefined) throw new Error("the principal has no status");
  return status;
}

const passing: readonly CdktrError["code"][] = [
  "UNREACHABLE",
  "TIMED_OUT",
  "STORAGE",
  "SHUTTING_DOWN",
];

/** Whether an error is one of a principal that is away or cannot write, and so worth another try. */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && "code" in error && passing.some((code) => code === error.code);
}
