/**
 * What the simulation takes for granted of the history. The real one and its model pass the same suite, so that the model does
 * not drift away from it.
 */
import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { type History, journalStream, type LogRow, type ProjectionPage } from "../../src/history/mod.ts";

/** A history that outlives its process, real or modelled. */
export interface HistorySubject {
  /** Opens what is there. */
  open(): Promise<Pick<History, keyof History>>;
  /** Damages the closed database so that the next opening sets it aside. */
  damage(): Promise<void>;
  /** How many rows are stored; asked while it is open. */
  stored(history: Pick<History, keyof History>): Promise<{ readonly logs: number; readonly decisions: number }>;
}

const stream = "log:run:1";

function lines(...payloads: string[]): LogRow[] {
  const ofTask = { workflowId: "w", workflowName: "W", runId: "run", taskName: "T", taskRunId: "t" };
  return payloads.map((payload) => ({ ...ofTask, timestampMs: 1_800_000_000_000, level: "INFO", payload }));
}

function page(seq: number): ProjectionPage {
  const nothing = { workflowId: null, attempt: null, taskId: null, state: null, agentId: null, reason: null };
  const decision = { ...nothing, seq, atMs: 1_800_000_000_000, type: "principal_stopped", runId: null, detail: "{}" };
  return { seq, runStatuses: [], taskStatuses: [], decisions: [decision], runs: [], tasks: [] };
}

/** Registers the suite. */
export function historyContract(name: string, make: () => Promise<HistorySubject & AsyncDisposable>): void {
  const test = (behaviour: string, run: (subject: HistorySubject) => Promise<void>) =>
    Deno.test(`${name}: ${behaviour}`, async () => {
      await using subject = await make();
      await run(subject);
    });

  test("a position is that of what was handed over, and committed a while later", async (subject) => {
    await using history = await subject.open();
    assert.equal(history.positionOf(stream), 0);
    assert.equal(history.tryAppendLogs(lines("a", "b"), { stream, position: 2 }), true);
    assert.equal(history.positionOf(stream), 2);
    assert.equal(history.committedPositionOf(stream), 0);
    await history.whenCommitted(stream, 2);
    assert.equal(history.committedPositionOf(stream), 2);
    assert.equal((await subject.stored(history)).logs, 2);
  });

  test("the same position cannot be handed over twice", async (subject) => {
    await using history = await subject.open();
    history.tryProject(page(3));
    assert.equal(history.positionOf(journalStream), 3);
    assert.throws(() => history.tryProject(page(3)), CdktrError);
    assert.throws(() => history.tryProject(page(2)), CdktrError);
  });

  test("what was committed is there after it was opened again, with its position", async (subject) => {
    await using before = await subject.open();
    before.tryAppendLogs(lines("a"), { stream, position: 1 });
    before.tryProject(page(1));
    await before.close();
    await using after = await subject.open();
    assert.equal(after.committedPositionOf(stream), 1);
    assert.equal(after.positionOf(journalStream), 1);
    assert.deepEqual(await subject.stored(after), { logs: 1, decisions: 1 });
  });

  test("a damaged database is set aside, and the new one has no positions", async (subject) => {
    await using before = await subject.open();
    before.tryAppendLogs(lines("a"), { stream, position: 1 });
    await before.close();
    await subject.damage();
    await using after = await subject.open();
    assert.equal(after.positionOf(stream), 0);
    assert.deepEqual(await subject.stored(after), { logs: 0, decisions: 0 });
    assert.equal(after.tryAppendLogs(lines("a"), { stream, position: 1 }), true);
  });

  test("while it is paused marked rows are not taken, and others are kept", async (subject) => {
    await using history = await subject.open();
    history.pause("the disk is full");
    assert.equal(history.health.state, "degraded");
    assert.equal(history.tryAppendLogs(lines("a"), { stream, position: 1 }), false);
    assert.equal(history.positionOf(stream), 0);
    history.appendLogs(lines("b"));
    history.resume();
    await history.flush();
    assert.equal((await subject.stored(history)).logs, 1);
  });

  test("whoever waits for a commit is told when it is closed before, or may leave", async (subject) => {
    await using history = await subject.open();
    const leaving = new AbortController();
    const left = history.whenCommitted(stream, 1, leaving.signal).catch((error: unknown) => error);
    const told = history.whenCommitted(stream, 1).catch((error: unknown) => error);
    leaving.abort("no more time");
    assert.equal(await left, "no more time");
    await history.close();
    const error = await told;
    assert.ok(error instanceof CdktrError && error.code === "SHUTTING_DOWN", String(error));
  });
}
