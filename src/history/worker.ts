/**
 * The worker in which DuckDB lives. The native binding works outside of the event loop only in part (appending blocks),
 * so it gets a loop of its own. Where its library cannot be loaded, the main thread is told as of a file that does not open.
 */
/// <reference lib="deno.worker" />
import { messageOf } from "../core/mod.ts";
import * as z from "zod";
import { setLibraryCache } from "./library_cache.ts";
import type { Report, Request } from "./protocol.ts";

// What comes is few objects with long columns, for which compiled schemas would save nothing. Schemas see it when they are made.
z.config({ jitless: true });
const { requestSchema } = await import("./protocol.ts");

let loading: Promise<typeof import("./database_desk.ts")> | undefined;

self.addEventListener("message", (event: MessageEvent<unknown>) => {
  const request = requestSchema.parse(event.data);
  if (request.type === "load" && request.libraryCache !== null) setLibraryCache(request.libraryCache);
  loading ??= import("./database_desk.ts");
  void loading.then(({ handle }) => handle(request), (error) => refuse(request, messageOf(error)));
});

function refuse({ type }: Request, message: string): void {
  const report = (report: Report) => self.postMessage(report);
  if (type === "open") report({ type: "openFailed", failure: { kind: "unloadable", message } });
  if (type === "close") report({ type: "closed" });
}
