/**
 * Log lines of our agents: numbered streams, one for each attempt of a run, taken without gaps and without doubles, and
 * acknowledged once the history has committed them.
 *
 * The history says how far each stream has come; it keeps that with the lines, so it is right after every crash. Lines at
 * or below that position are doubles. A chunk that begins above it is refused with the position, and the agent goes back
 * to there. While the history takes nothing lines are refused too; the agent keeps them, and only live subscribers get
 * them once, when they first come.
 */
import type { Clock } from "../clock/mod.ts";
import { type LogRow, logStreamOf, type Mark } from "../history/mod.ts";
import { isGapEntry, linesOfEntry, type LogChunk, type LogEntry, type ReplyTo, type RequestOf } from "../wire/mod.ts";
import type { Agents } from "./agents.ts";
import { hold } from "./hold.ts";

/** Finished runs that are remembered as known. */
const rememberedRuns = 10_000;
/** Streams refused by the history of which it is remembered how far subscribers have them. */
const rememberedStreams = 10_000;
/**
 * Text that waits for its commit together with the request that brought it, in UTF-16 units, over all agents. Beyond it
 * requests are answered at once, and asked again without their lines: requests that wait fill the socket's memory, and a
 * socket that is full is not read, not even for the heartbeats of those who have work.
 */
const waitingCharsMax = 64 * 1024 * 1024;

/** The part of the history that streams need. */
export interface LogStore {
  tryAppendLogs(rows: readonly LogRow[], mark: Mark): boolean;
  positionOf(stream: string): number;
  whenCommitted(stream: string, position: number, signal?: AbortSignal): Promise<void>;
  flush(): Promise<void>;
}

/** What the streams rest on. */
export interface LogStreamsOptions {
  readonly clock: Clock;
  readonly store: LogStore;
  readonly agents: Agents;
  /** The newest attempt of a run in progress; undefined when none of that id is. */
  readonly attemptInProgress: (runId: string) => number | undefined;
  /** The newest attempt of any run; 0 when there is no such run. */
  readonly newestAttempt: (runId: string) => Promise<number>;
  /** Gives lines to live subscribers. */
  readonly publish: (rows: readonly LogRow[]) => void;
}

type Outcome = ReplyTo<"LOG">["chunks"][number];

/** See the top of this file. */
export class LogStreams {
  readonly #options: LogStreamsOptions;
  /** Newest attempts of finished runs. */
  readonly #finished = new Map<string, number>();
  /** How far subscribers have the streams of which the history refused lines. */
  readonly #published = new Map<string, number>();
  #waitingChars = 0;

  constructor(options: LogStreamsOptions) {
    this.#options = options;
  }

  /** Takes a request of an agent, and answers when its lines are committed or the wait it allows is over. */
  async take(request: RequestOf<"LOG">, gone: AbortSignal): Promise<ReplyTo<"LOG">> {
    const { agents, store } = this.#options;
    agents.hearAgain(request.agentId, request.session);
    const outcomes: Outcome[] = [];
    for (const chunk of request.chunks) {
      // Not awaited where it need not be: the next request must not overtake this one.
      const isKnown = this.#isKnown(chunk) || await this.#findOut(chunk);
      outcomes.push(isKnown ? this.#takeChunk(chunk) : { outcome: "unknown", position: 0 });
    }
    if (request.flush) store.flush().catch(() => {}); // What comes of it shows in the commits.
    await this.#commits(request, outcomes, gone);
    return { chunks: outcomes };
  }

  #isKnown({ runId, attempt }: LogChunk): boolean {
    return attempt <= (this.#options.attemptInProgress(runId) ?? this.#finished.get(runId) ?? 0);
  }

  async #findOut({ runId, attempt }: LogChunk): Promise<boolean> {
    const newest = await this.#options.newestAttempt(runId);
    if (newest > 0) remember(this.#finished, runId, newest, rememberedRuns);
    return attempt <= newest;
  }

  #takeChunk(chunk: LogChunk): Outcome {
    const { store, publish } = this.#options;
    const stream = logStreamOf(chunk.runId, chunk.attempt);
    const position = store.positionOf(stream);
    const published = Math.max(this.#published.get(stream) ?? 0, position);
    const lastSeq = lastSeqOf(chunk);
    if (lastSeq <= position) return { outcome: "taken", position };
    const follows = (seq: number) => chunk.afterSeq <= seq || chunk.oldest;
    if (!follows(published)) return { outcome: "gap", position };
    if (lastSeq > published) publish(rowsOf(chunk, published));
    if (follows(position) && store.tryAppendLogs(rowsOf(chunk, position), { stream, position: lastSeq })) {
      if (lastSeq >= published) this.#published.delete(stream);
      return { outcome: "taken", position: lastSeq };
    }
    remember(this.#published, stream, Math.max(lastSeq, published), rememberedStreams);
    return { outcome: "later", position };
  }

  /** Waits, and says of what was taken what has become of it. */
  async #commits({ chunks, waitMs }: RequestOf<"LOG">, outcomes: Outcome[], gone: AbortSignal): Promise<void> {
    const { clock, store } = this.#options;
    const over = new AbortController();
    const committed = chunks.map(async (chunk, index) => {
      const outcome = outcomes[index];
      if (outcome?.outcome !== "taken") return;
      const stream = logStreamOf(chunk.runId, chunk.attempt);
      try {
        await store.whenCommitted(stream, lastSeqOf(chunk), over.signal);
        outcomes[index] = { ...outcome, outcome: "stored" };
      } catch (error) {
        if (!over.signal.aborted) outcomes[index] = { outcome: "gap", position: store.positionOf(stream) };
        else if (error !== over.signal.reason) throw error;
      }
    });
    const chars = chunks.reduce((sum, { entries }) => entries.reduce((sum, entry) => sum + charsOf(entry), sum), 0);
    const isHeld = this.#waitingChars === 0 || this.#waitingChars + chars <= waitingCharsMax;
    this.#waitingChars += chars;
    const all = Promise.all(committed);
    await hold({ clock, waitMs: isHeld ? waitMs : 0, gone }, (wake) => {
      all.then(wake, wake);
      return () => {};
    });
    this.#waitingChars -= chars;
    over.abort(new DOMException("the wait is over", "AbortError"));
    await all;
  }
}

function lastSeqOf({ afterSeq, entries }: LogChunk): number {
  return afterSeq + entries.reduce((sum, entry) => sum + linesOfEntry(entry), 0);
}

/** The rows of a chunk behind a position. Where lines before it are lost for good, a row in their place says so. */
function rowsOf(chunk: LogChunk, position: number): LogRow[] {
  const { workflowId, workflowName, runId, afterSeq } = chunk;
  const ofRun = { workflowId, workflowName, runId };
  const rows: LogRow[] = [];
  if (afterSeq > position) {
    const timestampMs = timeOf(chunk.entries[0]);
    const text = missingText(afterSeq - position, "they had been stored, and the database was lost since");
    rows.push({ ...ofRun, taskName: "", taskRunId: "", timestampMs, level: "WARNING", payload: text });
  }
  let seq = afterSeq;
  for (const entry of chunk.entries) {
    const lines = linesOfEntry(entry);
    let known = Math.min(Math.max(position - seq, 0), lines);
    seq += lines;
    if (known === lines) continue;
    if (isGapEntry(entry)) {
      const [timestampMs, counts] = entry;
      for (const [taskName, taskRunId, count] of counts) {
        const missing = Math.max(count - known, 0);
        known = Math.max(known - count, 0);
        if (missing === 0) continue;
        const payload = missingText(missing, "the agent's spool had no room for them");
        rows.push({ ...ofRun, taskName, taskRunId, timestampMs, level: "WARNING", payload });
      }
      continue;
    }
    const [taskName, taskRunId, timestampMs, level, payloads] = entry;
    for (let index = known; index < payloads.length; index++) {
      rows.push({ ...ofRun, taskName, taskRunId, timestampMs, level, payload: payloads[index] ?? "" });
    }
  }
  return rows;
}

function missingText(lines: number, why: string): string {
  return `STDERR cdktr: ${lines === 1 ? "1 line is" : `${lines} lines are`} missing here: ${why}`;
}

function timeOf(entry: LogEntry | undefined): number {
  if (entry === undefined) return 0;
  return isGapEntry(entry) ? entry[0] : entry[2];
}

function charsOf(entry: LogEntry): number {
  return isGapEntry(entry) ? 0 : entry[4].reduce((sum, { length }) => sum + length, 0);
}

/** Puts an entry last, and drops the first where there are too many. */
function remember(map: Map<string, number>, key: string, value: number, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > max && first !== undefined) map.delete(first);
}
