/** Append and replay behind one interface. */
export type {
  Batch,
  DefinitionSweep,
  EventSweep,
  Journal,
  JournaledEvent,
  OccurrenceQuery,
  Recovery,
  RunPage,
  RunQuery,
  RunSweep,
  Swept,
} from "./journal.ts";
export { identityOf } from "./file_identity.ts";
export { freeBytes } from "./free_space.ts";
export { MemoryJournal } from "./memory.ts";
export { SqliteJournal } from "./sqlite.ts";
