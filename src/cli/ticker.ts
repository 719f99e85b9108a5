/** Frames of what moves on a terminal. */
import type { Clock } from "../clock/mod.ts";

/** How long one frame stands. */
const frameMs = 100;

/** Calls back ten times a second, with the number of the frame, until stopped. */
export class Ticker {
  #cancel: () => void;

  constructor(clock: Clock, show: (frame: number) => void) {
    let frame = 0;
    const tick = () => {
      this.#cancel = clock.setTimer(frameMs, tick);
      show(frame++);
    };
    this.#cancel = clock.setTimer(frameMs, tick);
  }

  stop(): void {
    this.#cancel();
  }
}
