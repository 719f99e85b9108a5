/** A spool on a disk in memory that can be crashed, filled and torn; and what a principal would make of what it sends. */
import assert from "node:assert/strict";
import { type Outgoing, type SentPart, Spool, type SpoolOptions } from "../../../src/agent/spool/spool.ts";
import type { Stream } from "../../../src/agent/spool/streams.ts";
import { encodeLogRequest, isGapEntry, linesOfEntry, type LogChunk, parseVerbRequest } from "../../../src/wire/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import { MemoryFiles } from "./memory_files.ts";

/** The bytes of a request as the principal reads them. */
export function readChunks({ chunks }: Outgoing): LogChunk[] {
  const body = encodeLogRequest({ agentId: "ann", session: "s", waitMs: 0, flush: false }, chunks);
  const text = new TextDecoder().decode(body);
  return parseVerbRequest("LOG", text.slice("LOG\x01".length)).chunks;
}

/** What a principal has of each attempt: payloads, `-n` for each gap, and `unreadable n` for one that names no task. */
export class Received {
  readonly #lines = new Map<string, string[]>();
  readonly #positions = new Map<string, number>();

  /** Takes what follows on what it has; the rest is refused, as the contract says. */
  take(chunk: LogChunk): "stored" | "gap" {
    const { runId, afterSeq, oldest, entries } = chunk;
    const lines = this.#lines.get(runId) ?? [];
    let position = this.#positions.get(runId) ?? 0;
    if (afterSeq > position) {
      if (!oldest) return "gap";
      lines.push(`lost ${afterSeq - position}`);
      position = afterSeq;
    }
    let seq = afterSeq;
    for (const entry of entries) {
      const count = linesOfEntry(entry);
      if (isGapEntry(entry)) {
        const missing = seq + count - Math.max(position, seq);
        if (missing > 0) lines.push(entry[1].some(([task]) => task === "") ? `unreadable ${missing}` : `-${missing}`);
      } else entry[4].forEach((payload, index) => seq + index + 1 > position && lines.push(payload));
      seq += count;
    }
    this.#lines.set(runId, lines);
    this.#positions.set(runId, Math.max(position, seq));
    return "stored";
  }

  of(runId = "r1"): string[] {
    return this.#lines.get(runId) ?? [];
  }

  position(runId = "r1"): number {
    return this.#positions.get(runId) ?? 0;
  }
}

/** See the top of this file. */
export class SpoolScene {
  readonly clock = new FakeClock();
  readonly files: MemoryFiles;
  readonly told: string[] = [];
  readonly spool: Spool;
  readonly received = new Received();

  constructor(options: Partial<SpoolOptions> & { files?: MemoryFiles } = {}) {
    this.files = options.files ?? new MemoryFiles(() => this.clock.nowMs());
    const tell = (sentence: string) => void this.told.push(sentence);
    const log = { info: tell, warn: tell, error: tell };
    const defaults = { directory: "/spool", session: "s1", maxBytes: 1024 * 1024, clock: this.clock, log };
    this.spool = new Spool({ ...defaults, ...options, files: this.files });
  }

  begin(runId = "r1"): Stream {
    return this.spool.begin({ runId, attempt: 1, workflowId: "etl", workflowName: "ETL" });
  }

  /** A task writes these lines at once. */
  write(stream: Stream, payloads: readonly string[], task = "only"): void {
    const taskRunId = `id of ${task}`;
    this.spool.append(stream, { taskName: task, taskRunId, timestampMs: this.clock.nowMs(), level: "INFO", payloads });
  }

  /** Sends everything that is to be sent. */
  send(bytesMax = 1024): SentPart[] {
    const parts: SentPart[] = [];
    for (let out = this.spool.next(bytesMax); out !== undefined; out = this.spool.next(bytesMax)) {
      for (const chunk of readChunks(out)) assert.equal(this.received.take(chunk), "stored", JSON.stringify(chunk));
      parts.push(...out.parts);
    }
    return parts;
  }

  /** Sends everything, and has it acknowledged. */
  deliver(): void {
    this.spool.acknowledge(this.send());
  }

  /** Segments there are, without their directory. */
  segments(): string[] {
    return this.files.paths().filter((path) => path.endsWith(".log")).map((path) => path.slice("/spool/".length));
  }

  /** The process is gone; another one comes. */
  crash(session: string): SpoolScene {
    this.files.crash();
    const next = new SpoolScene({ files: this.files, session });
    const recovery = next.spool.recover();
    while (!recovery.next().done);
    return next;
  }
}

/** Lines that count, each of some 100 characters. */
export function numbered(from: number, to: number, name = "line"): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${name} ${from + index} ${"x".repeat(90)}`);
}
