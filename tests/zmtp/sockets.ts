/** What most tests here begin with: options, and waiting for an event of a socket. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import type { PeerEvent, Socket, SocketOptions } from "../../src/zmtp/mod.ts";

/** Options with the system's clock, and what the test sets. */
export function options(some: Partial<SocketOptions> = {}): SocketOptions {
  return { clock: systemClock, random: systemRandom, ...some };
}

/** An event of this type. */
type EventOf<Type extends PeerEvent["type"]> = Extract<PeerEvent, { type: Type }>;

/** Listens to a socket from now on; events are kept until they are asked for. */
export class Events {
  readonly #past: PeerEvent[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    socket.onPeerEvent = (event) => {
      this.#past.push(event);
      for (const wake of this.#waiting.splice(0)) wake();
    };
  }

  /** Waits for the next event of this type and forgets it and those before it. */
  async next<Type extends PeerEvent["type"]>(type: Type): Promise<EventOf<Type>> {
    for (;;) {
      const index = this.#past.findIndex((event) => event.type === type);
      const found = this.#past[index];
      if (found && isOf(found, type)) {
        this.#past.splice(0, index + 1);
        return found;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

function isOf<Type extends PeerEvent["type"]>(event: PeerEvent, type: Type): event is EventOf<Type> {
  return event.type === type;
}

/** Waits until `check` holds, asking again after each turn of the event loop. For what has no event of its own. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 1));
}
