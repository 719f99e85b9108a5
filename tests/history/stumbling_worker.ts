/** The real worker with a listener beside it that fails, once, on a certain line. */
/// <reference lib="deno.worker" />
import "../../src/history/worker.ts";
import { requestSchema } from "../../src/history/protocol.ts";

let hasStumbled = false;
self.addEventListener("message", (event: MessageEvent<unknown>) => {
  const request = requestSchema.parse(event.data);
  if (hasStumbled || request.type !== "rows" || request.chunk.kind !== "logs") return;
  if (!request.chunk.payloads.includes("stumble")) return;
  hasStumbled = true;
  throw new Error("stumbled on purpose");
});
