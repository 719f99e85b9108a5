import { MemoryJournal } from "../../src/journal/mod.ts";
import { journalConformance } from "./conformance.ts";

journalConformance("memory", () => Promise.resolve(new MemoryJournal()));
