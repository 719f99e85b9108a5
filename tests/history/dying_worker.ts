/** A worker that opens nothing and ends with an error at the first row. */
/// <reference lib="deno.worker" />
import { requestSchema } from "../../src/history/protocol.ts";

self.addEventListener("message", (event: MessageEvent<unknown>) => {
  const request = requestSchema.parse(event.data);
  if (request.type === "open") {
    self.postMessage({
      type: "opened",
      problems: [],
      identity: "none",
      marks: { streams: [], positions: [], atMs: [] },
    });
  }
  if (request.type === "rows") throw new Error("died on purpose");
});
