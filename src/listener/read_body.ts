/** The body of a request, within its limits. */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { Refusal } from "./refusal.ts";

/** What a body may take. */
export interface BodyLimits {
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly maxMs: number;
}

/**
 * Reads all of it.
 *
 * @throws {Refusal} 413 when it is too large, 408 when it takes too long, 400 when it ends early, 415 when it is compressed.
 */
export async function readBody(
  request: Request,
  { clock, maxBytes, maxMs }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = request.headers.get("Content-Encoding") ?? "identity";
  if (encoding !== "identity") {
    throw refusal(415, "UNSUPPORTED", "A compressed body is not understood.", {
      hint: "Send it as it is, without Content-Encoding.",
    });
  }
  const tooLarge = () =>
    refusal(413, "LIMIT_EXCEEDED", `The body has more than ${maxBytes} bytes.`, {
      hint: "Send less, or start the listener with a larger --max-body.",
    });
  if (Number(request.headers.get("Content-Length") ?? 0) > maxBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array(0);

  const reader = request.body.getReader();
  let isLate = false;
  const cancelTimer = clock.setTimer(maxMs, () => {
    isLate = true;
    reader.cancel().catch(() => {}); // It was cut off meanwhile.
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) {
        throw refusal(408, "TIMED_OUT", `The body did not arrive within ${maxMs} ms.`, {
          hint: "Send the request again, all of its body at once.",
        });
      }
      if (done) break;
      chunks.push(value);
      bytes += value.length;
      if (bytes > maxBytes) throw tooLarge();
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refusal(400, "INVALID_ARGUMENT", "The body ended before its announced end.", {
      hint: "Send as many bytes as Content-Length says.",
    });
  } finally {
    cancelTimer();
    reader.cancel().catch(() => {});
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function refusal(status: number, ...error: ConstructorParameters<typeof CdktrError>): Refusal {
  return new Refusal(status, new CdktrError(...error));
}
