/** Who wrote the lines: streams (attempts of runs) and sources (their task runs), with how far each one has come. */
import * as z from "zod";
import { encodeText, type LogStream } from "../../wire/mod.ts";

/** The lines of one attempt. `acked` <= `sent` <= `lastSeq`. */
export class Stream {
  readonly name: LogStream;
  /** {@linkcode LogStream} as records carry it. */
  readonly text: Uint8Array;
  /** Whether this process writes it; else a session that is gone has left it. */
  readonly isOwn: boolean;
  readonly #tally: Tally;
  /** By the beginning of their entries. */
  readonly sources = new Map<string, Source>();
  /** The number given last. */
  lastSeq = 0;
  /** Everything up to here was sent, and not refused since. */
  sent = 0;
  /** Everything up to here is committed by the principal. */
  acked = 0;
  /** How often it was taken back to be sent again, and to where the last time. */
  rewinds = 0;
  rewoundTo = 0;
  #isParked = false;
  /** No line is added any more. */
  isEnded = false;

  constructor(name: LogStream, tally: Tally, isOwn: boolean) {
    this.name = name;
    this.isOwn = isOwn;
    this.#tally = tally;
    this.text = encodeText(JSON.stringify([name.runId, name.attempt, name.workflowId, name.workflowName]));
  }

  /** The source of a task run; it is made when it is new. */
  source(json: string): Source {
    let source = this.sources.get(json);
    if (source === undefined) {
      this.sources.set(json, source = new Source(json, this.#isParked ? null : this.#tally));
    }
    return source;
  }

  /** Whether the principal does not want it: it is kept, and not offered again. */
  get isParked(): boolean {
    return this.#isParked;
  }

  /** See {@linkcode Stream.isParked}. Its bytes count no longer as such that wait for the principal. */
  park(): void {
    this.#isParked = true;
    this.sent = this.acked;
    for (const source of this.sources.values()) source.leaveTally();
  }
}

/** Bytes of the lines that wait for the principal: of all sources but those of parked streams. */
export interface Tally {
  bytes: number;
}

/** The lines of one task run. */
export class Source {
  /** The beginning of its entries: `["Task","id"`. */
  readonly json: string;
  /** Bytes of its length in UTF-8. */
  readonly jsonBytes: number;
  #tally: Tally | null;
  #unackedBytes = 0;

  /** @param tally Null when its bytes are not to be counted with those of others. */
  constructor(json: string, tally: Tally | null) {
    this.json = json;
    this.jsonBytes = encodeText(json).length;
    this.#tally = tally;
  }

  /** Bytes of its records that the principal has not acknowledged. */
  get unackedBytes(): number {
    return this.#unackedBytes;
  }

  /** A record of it was added. */
  add(bytes: number): void {
    this.#unackedBytes += bytes;
    if (this.#tally !== null) this.#tally.bytes += bytes;
  }

  /** A record of it was acknowledged, or gave way. */
  subtract(bytes: number): void {
    const counted = Math.min(bytes, this.#unackedBytes);
    this.#unackedBytes -= counted;
    if (this.#tally !== null) this.#tally.bytes -= counted;
  }

  /** Its bytes are not counted with those of others any more. */
  leaveTally(): void {
    if (this.#tally !== null) this.#tally.bytes -= this.#unackedBytes;
    this.#tally = null;
  }
}

/** The beginning of the entries of a task run. */
export function sourceJson(taskName: string, taskRunId: string): string {
  return JSON.stringify([taskName, taskRunId]).slice(0, -1);
}

const streamShape = z.tuple([z.string().min(1), z.int().positive(), z.string(), z.string()]);
const decoder = new TextDecoder();

/** All streams that have lines in the spool, or may get some. */
export class Streams {
  readonly #byText = new Map<string, Stream>();
  readonly #tally: Tally = { bytes: 0 };

  /** Bytes of lines that are not acknowledged, those of parked streams left out. */
  get unackedBytes(): number {
    return this.#tally.bytes;
  }

  /** The streams there are. */
  all(): IterableIterator<Stream> {
    return this.#byText.values();
  }

  /** A stream that this process writes. */
  begin(name: LogStream): Stream {
    const stream = new Stream(name, this.#tally, true);
    this.#byText.set(decoder.decode(stream.text), stream);
    return stream;
  }

  /**
   * The stream that a record belongs to; undefined when the record names none. A stream that was forgotten has all its
   * lines acknowledged, for its records may still stand between those of others.
   */
  ofRecord(text: Uint8Array): Stream | undefined {
    const key = decoder.decode(text);
    const known = this.#byText.get(key);
    if (known !== undefined) return known;
    const forgotten = this.#read(key);
    if (forgotten !== undefined) forgotten.acked = forgotten.sent = forgotten.lastSeq = Infinity;
    return forgotten;
  }

  /** The stream that a record of a session that is gone belongs to; it is made when it is new. */
  recovered(text: Uint8Array): Stream | undefined {
    const key = decoder.decode(text);
    const stream = this.#byText.get(key) ?? this.#read(key);
    if (stream !== undefined) this.#byText.set(key, stream);
    return stream;
  }

  /** Forgets a stream if nothing of it is left and nothing is to come. */
  forgetIfDone(stream: Stream): void {
    if (stream.isEnded && stream.acked >= stream.lastSeq) this.forget(stream);
  }

  /** Forgets a stream; what is left of it is somebody else's. */
  forget(stream: Stream): void {
    this.#byText.delete(decoder.decode(stream.text));
  }

  #read(key: string): Stream | undefined {
    const parsed = streamShape.safeParse(parseJson(key));
    if (!parsed.success) return undefined;
    const [runId, attempt, workflowId, workflowName] = parsed.data;
    return new Stream({ runId, attempt, workflowId, workflowName }, this.#tally, false);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
