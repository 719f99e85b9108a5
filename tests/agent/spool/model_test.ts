import assert from "node:assert/strict";
import fc from "fast-check";
import type { SentPart } from "../../../src/agent/spool/spool.ts";
import type { Stream } from "../../../src/agent/spool/streams.ts";
import { readChunks, Received, SpoolScene } from "./scene.ts";

/** What may happen to a spool; `at` chooses among what there is. */
type Step =
  | { readonly type: "write"; readonly run: number; readonly task: number; readonly lines: number }
  | { readonly type: "send" | "lose" | "acknowledge" | "refuse"; readonly at: number }
  | { readonly type: "crash" | "fill" | "empty" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("write" as const),
      run: fc.nat(2),
      task: fc.nat(2),
      lines: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom("send" as const, "lose" as const, "acknowledge" as const, "refuse" as const),
      at: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("crash" as const, "fill" as const, "empty" as const) }) },
);

/** A request that was not answered. */
interface Asked {
  readonly parts: readonly SentPart[];
  /** Null when it never arrived. */
  readonly isStored: readonly boolean[] | null;
}

/** A spool, a principal that takes what the contract lets it take, and a model: every line that was ever written. */
class Model {
  scene: SpoolScene;
  readonly received = new Received();
  readonly written = new Map<string, string[]>();
  #streams = new Map<number, Stream>();
  #asked: Asked[] = [];
  #sessions = 0;
  /** Lines that a crash took with it: they were in memory only, because the disk was full. */
  readonly lostAtEnd = new Set<string>();
  readonly #maxBytes: number;
  #mayBeFull: boolean;

  constructor(maxBytes: number, mayBeFull: boolean) {
    this.#maxBytes = maxBytes;
    this.#mayBeFull = mayBeFull;
    this.scene = new SpoolScene({ maxBytes, session: "s0" });
  }

  apply(step: Step): void {
    switch (step.type) {
      case "write":
        return this.#write(step.run, step.task, step.lines);
      case "send":
        return this.#send(200 * (step.at + 1));
      case "lose":
        return this.#send(200 * (step.at + 1), { arrives: false });
      case "acknowledge":
        return this.#acknowledge(step.at);
      case "refuse":
        return this.#refuse(step.at);
      case "crash":
        return this.crash();
      case "fill":
        this.scene.files.capacityBytes = this.scene.files.bytes + 300;
        this.#mayBeFull = true;
        return;
      case "empty":
        this.scene.files.capacityBytes = Infinity;
        return this.scene.clock.advance(1000);
    }
  }

  /** Has everything delivered and acknowledged. */
  finish(): void {
    this.scene.files.capacityBytes = Infinity;
    for (let round = 0; round < 100 && this.scene.spool.unackedLines > 0; round++) {
      for (let sent = true; sent;) {
        const before = this.#asked.length;
        this.#send(5000);
        sent = this.#asked.length > before;
      }
      while (this.#asked.length > 0) this.#acknowledge(0);
    }
    assert.equal(this.scene.spool.unackedLines, 0, "everything is delivered in the end");
  }

  crash(): void {
    this.scene.files.crash();
    const { files } = this.scene;
    this.scene = new SpoolScene({ files, maxBytes: this.#maxBytes, session: `s${++this.#sessions}` });
    const recovery = this.scene.spool.recover();
    while (!recovery.next().done);
    if (this.#mayBeFull) { for (const runId of this.written.keys()) this.lostAtEnd.add(runId); }
    this.#streams = new Map();
    this.#asked = [];
  }

  #write(run: number, task: number, lines: number): void {
    let stream = this.#streams.get(run);
    const runId = `run ${run} of session ${this.#sessions}`;
    if (stream === undefined) this.#streams.set(run, stream = this.scene.begin(runId));
    const written = this.written.get(runId) ?? [];
    const payloads = Array.from({ length: lines }, (_, index) => `task ${task} line ${written.length + index + 1}`);
    this.written.set(runId, [...written, ...payloads]);
    this.scene.write(stream, payloads, `task ${task}`);
  }

  #send(bytesMax: number, { arrives = true } = {}): void {
    const out = this.scene.spool.next(bytesMax);
    if (out === undefined) return;
    const isStored = arrives ? readChunks(out).map((chunk) => this.received.take(chunk) === "stored") : null;
    this.#asked.push({ parts: out.parts, isStored });
  }

  #acknowledge(at: number): void {
    const isStored = this.#asked[at % Math.max(this.#asked.length, 1)]?.isStored;
    if (isStored === null) return this.#refuse(at);
    const [asked] = this.#asked.splice(at % Math.max(this.#asked.length, 1), 1);
    asked?.parts.forEach((part, index) => {
      if (isStored?.[index]) this.scene.spool.acknowledge([part]);
      else this.scene.spool.refuse(part, this.received.position(part.stream.name.runId));
    });
  }

  /** The answer is lost, or says no. */
  #refuse(at: number): void {
    const [asked] = this.#asked.splice(at % Math.max(this.#asked.length, 1), 1);
    for (const part of asked?.parts ?? []) this.scene.spool.refuse(part, part.afterSeq);
  }
}

const check = (maxBytes: number, mayBeFull: boolean) => (steps: readonly Step[]) => {
  const model = new Model(maxBytes, mayBeFull);
  for (const step of steps) model.apply(step);
  model.finish();
  assert.deepEqual(model.scene.segments(), [], "no segment is left when all is acknowledged");
  for (const [runId, written] of model.written) {
    const got = model.received.of(runId);
    if (!mayBeFull) {
      assert.deepEqual(got.filter((line) => !line.startsWith("task")), [], `${runId}: no gap without need`);
    }
    let seq = 0;
    for (const line of got) {
      if (line.startsWith("-")) seq += Number(line.slice(1));
      else assert.equal(line, written[seq++], `${runId}: each line in its place`);
    }
    if (!model.lostAtEnd.has(runId)) assert.equal(seq, written.length, `${runId}: each line, or a gap that counts it`);
  }
};

/** Fewer steps rarely come to anything. */
const steps = fc.array(step, { minLength: 30, maxLength: 120 });

Deno.test("whatever happens, the principal gets each line once and in order, or a gap in its place", () => {
  fc.assert(fc.property(steps, check(1024 * 1024, false)), { numRuns: 300 });
});

Deno.test("the same with a spool that is too small for most of it", () => {
  fc.assert(fc.property(steps, check(6_000, true)), { numRuns: 300 });
});
