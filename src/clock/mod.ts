/** Time and randomness, injected everywhere so that tests and simulation decide both. */
export { type Clock, sleep, systemClock } from "./clock.ts";
export { type Random, systemRandom } from "./random.ts";
