/**
 * Time and randomness, injected everywhere so that tests and simulation decide both; waits that can be given up; and
 * instants and spans in words.
 */
export { aborted } from "./aborted.ts";
export { type Clock, sleep, systemClock } from "./clock.ts";
export { isoInstant, withinIso } from "./iso_instant.ts";
export { orAborted } from "./or_aborted.ts";
export { type Random, systemRandom } from "./random.ts";
export { spanText } from "./span_text.ts";
export { timestamp } from "./timestamp.ts";
