/** The real worker, but one commit is not reported: it fails in the moment after it. */
/// <reference lib="deno.worker" />
import { reportSchema, requestSchema } from "../../src/history/protocol.ts";

let isMarked = false;
let hasForgotten = false;
const post = self.postMessage.bind(self);
self.postMessage = (message: unknown) => {
  const report = reportSchema.parse(message);
  if (hasForgotten || !isMarked || report.type !== "committed") return post(message);
  hasForgotten = true;
  throw new Error("forgot on purpose");
};
self.addEventListener("message", (event: MessageEvent<unknown>) => {
  const request = requestSchema.parse(event.data);
  if (request.type !== "rows" || request.chunk.kind !== "logs") return;
  isMarked ||= request.chunk.payloads.includes("forget");
});
await import("../../src/history/worker.ts");
