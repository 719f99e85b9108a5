/** Machines with a wall clock of their own, and the processes on them, which stall and die. */
import type { Clock } from "../../src/clock/mod.ts";
import type { World } from "./world.ts";

/** A computer. Its wall clock may be put; it outlives its processes. */
export class Machine {
  /** By how much its wall clock was off, from when on. */
  readonly offsets: { readonly fromMs: number; readonly offsetMs: number }[] = [{ fromMs: 0, offsetMs: 0 }];

  constructor(readonly world: World, readonly name: string) {}

  /** Wall time, Unix milliseconds. */
  get wallMs(): number {
    return Math.floor(this.world.epochMs + this.world.timeline.nowMs + this.#offsetMs);
  }

  /** Puts the wall clock forward, or back when negative. */
  putClockBy(changeMs: number): void {
    this.offsets.push({ fromMs: this.world.timeline.nowMs, offsetMs: this.#offsetMs + changeMs });
  }

  /** When, in the time of the world, the wall clock may have shown `wallMs`: a clock that was put back shows times twice. */
  whenItShowed(wallMs: number): number[] {
    return this.offsets.flatMap(({ fromMs, offsetMs }, index) => {
      const atMs = wallMs - this.world.epochMs - offsetMs;
      const untilMs = this.offsets[index + 1]?.fromMs ?? Infinity;
      return atMs + 1 >= fromMs && atMs <= untilMs ? [atMs] : [];
    });
  }

  get #offsetMs(): number {
    return this.offsets.at(-1)?.offsetMs ?? 0;
  }
}

interface Deferred {
  readonly kind: "timer" | "input";
  readonly run: () => void;
}

/**
 * A process as the code in it sees the world: its clock. Whatever it does begins with a timer or with input; while it is
 * stalled neither reaches it, and after its end never again.
 */
export class SimProcess implements Clock {
  readonly #world: World;
  #isAlive = true;
  #isStalled = false;
  /** Its stalls; one that goes on with the end it will have. */
  readonly stalls: { readonly fromMs: number; toMs: number }[] = [];
  readonly startedMs: number;
  #deferred: Deferred[] = [];

  constructor(readonly machine: Machine, readonly name: string) {
    this.#world = machine.world;
    this.startedMs = machine.world.timeline.nowMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  nowMs(): number {
    return this.machine.wallMs;
  }

  monotonicMs(): number {
    return this.#world.timeline.nowMs;
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#world.timeline.after(
      delayMs,
      () => this.#enter("timer", () => isCancelled ? undefined : fire()),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** Something reaches the process from outside: a message, the end of a write. Never a step of its own. */
  input(run: () => void): void {
    this.#enter("input", run);
  }

  /** Nothing of the process goes on for `durationMs`. */
  stall(durationMs: number): void {
    if (!this.#isAlive || this.#isStalled) return;
    const { timeline } = this.#world;
    this.#isStalled = true;
    this.stalls.push({ fromMs: timeline.nowMs, toMs: timeline.nowMs + durationMs });
    timeline.after(durationMs, () => this.wake());
  }

  /** A stall is over. */
  wake(): void {
    const stall = this.stalls.at(-1);
    if (!this.#isStalled || stall === undefined) return;
    const { timeline, random } = this.#world;
    this.#isStalled = false;
    stall.toMs = timeline.nowMs;
    // The event loop may look at its timers first or at its sockets; each in the order they came due.
    const first = random.chance(0.5) ? "timer" : "input";
    const waiting = this.#deferred;
    this.#deferred = [];
    const inOrder = [...waiting.filter(({ kind }) => kind === first), ...waiting.filter(({ kind }) => kind !== first)];
    for (const { kind, run } of inOrder) timeline.after(0, () => this.#enter(kind, run));
  }

  /** The process is gone, in the middle of whatever it did. */
  end(): void {
    this.#isAlive = false;
    this.#deferred = [];
  }

  #enter(kind: Deferred["kind"], run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isStalled) this.#deferred.push({ kind, run });
    else run();
  }
}
