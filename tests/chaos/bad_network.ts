/** A bad network: TCP proxies that delay, cut in the middle of a frame, stall one direction, and turn connections away. */
import type { Chance } from "./chance.ts";
import { pause } from "./scenario.ts";

/** What becomes of a connection when its time has come. */
const fates = ["cut", "cut", "stall up", "stall down", "end"] as const;
type Fate = typeof fates[number];

/** How long a connection is left alone, milliseconds. */
const peace = { low: 300, high: 6_000 };
/** What each piece of a stream is held up, milliseconds. */
const delay = { low: 0, high: 25 };
/** How long one direction stands still before the connection is cut, milliseconds. */
const stall = { low: 500, high: 4_000 };
/** Connections that are closed as soon as they are made. */
const turnedAwayShare = 0.1;

/** How often each thing was done. */
export interface Mischief {
  connections: number;
  turnedAway: number;
  cut: number;
  stalled: number;
  ended: number;
}

/** A proxy in front of one port. */
export class BadNetwork implements AsyncDisposable {
  readonly port: number;
  readonly did: Mischief = { connections: 0, turnedAway: 0, cut: 0, stalled: 0, ended: 0 };
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #chance: Chance;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;
  #isCalm = false;

  /** Listens on a free port for connections to port `target`. */
  constructor(target: number, chance: Chance) {
    this.#target = target;
    this.#chance = chance;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** From now on everything passes as it comes. Connections that are stalled end. */
  calm(): void {
    this.#isCalm = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#open]) this.#close(connection);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) {
        this.#open.add(near);
        this.did.connections++;
        if (!this.#isCalm && this.#chance.happens(turnedAwayShare)) {
          this.did.turnedAway++;
          this.#close(near);
          continue;
        }
        void this.#serve(near);
      }
    } catch {
      // The listener was closed.
    }
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    let far: Deno.TcpConn;
    try {
      far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
    } catch {
      this.#close(near); // The principal is down.
      return;
    }
    this.#open.add(far);
    const course = {
      fate: this.#chance.pick(fates),
      atMs: performance.now() + this.#chance.between(peace.low, peace.high),
    };
    const end = () => {
      this.#close(near);
      this.#close(far);
    };
    await Promise.all([
      this.#pump(near, far, "stall up", course, end),
      this.#pump(far, near, "stall down", course, end),
    ]);
    end();
  }

  /** Carries one direction until it ends or its fate ends it. */
  async #pump(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    ownStall: Fate,
    { fate, atMs }: { fate: Fate; atMs: number },
    end: () => void,
  ): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        if (!this.#isCalm) await pause(this.#chance.between(delay.low, delay.high));
        const isDue = !this.#isCalm && performance.now() > atMs;
        if (isDue && fate === "cut") {
          this.did.cut++;
          await writeAll(to, buffer.subarray(0, this.#chance.whole(0, count - 1)));
          return end();
        }
        if (isDue && fate === "end") {
          this.did.ended++;
          return end();
        }
        if (isDue && fate === ownStall) {
          this.did.stalled++;
          await pause(this.#chance.between(stall.low, stall.high));
          return end();
        }
        await writeAll(to, buffer.subarray(0, count));
      }
      await to.closeWrite();
    } catch {
      end(); // One of the sides is gone.
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    connection.close();
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
