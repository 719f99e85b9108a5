/** Append and replay behind one interface. */
export type { Batch, Journal, JournaledEvent, Recovery, RunPage, RunQuery } from "./journal.ts";
export { MemoryJournal } from "./memory.ts";
export { SqliteJournal } from "./sqlite.ts";
