/** Sockets of the original's clients, played by `original_peer.py`, as a test drives them. */
import { type FoundRuntime, PeerProcess } from "./peers.ts";

/** The separator of fields. */
export const soh = "\x01";

/** Who makes a socket: plain bytes as the original's own library sends them, or libzmq. */
export type MadeBy = "raw" | "pyzmq";

/** How the principal ended a connection. */
export type Ending = "fin" | "reset";

/** What a connection gave next: a message, or its end. */
export type Reading = { readonly frames: string[] } | { readonly ended: Ending };

/** What a client saw that asked on and on beside the test. */
export interface Watch {
  readonly count: number;
  readonly failures: unknown[];
  readonly slowestMs: number;
}

/** A process that holds any number of sockets. Texts are UTF-8 on the wire. */
export class OriginalPeer implements AsyncDisposable {
  readonly #process: PeerProcess;

  private constructor(process: PeerProcess) {
    this.#process = process;
  }

  static async start(runtime: FoundRuntime): Promise<OriginalPeer> {
    const process = new PeerProcess(runtime, "original_peer.py", {});
    await process.expect("ready");
    return new OriginalPeer(process);
  }

  /** Makes one request over a connection of its own, as every original client does. Returns the reply's body. */
  async ask(port: number, body: string | Uint8Array, by: MadeBy = "raw"): Promise<string> {
    return bodyOf(await this.#order("ask", { port, body: binary(body), by }), by);
  }

  /** Makes the same request again and again, each over a connection of its own; the replies must be equal. */
  async askOften(port: number, body: string, count: number): Promise<string> {
    return bodyOf(await this.#order("ask_often", { port, body: binary(body), count }), "raw");
  }

  /** Connects and shakes hands. Returns what the principal sent for that, where the socket is made by hand. */
  async connect(
    name: string,
    type: string,
    port: number,
    by: MadeBy = "raw",
  ): Promise<{ greeting: Uint8Array; ready: Uint8Array }> {
    const { greeting, ready } = await this.#order("connect", { name, socket_type: type, port, by });
    return { greeting: bytesOf(String(greeting ?? "")), ready: bytesOf(String(ready ?? "")) };
  }

  /** Connects by TCP alone; `greets` sends the greeting and nothing after it. */
  async dial(name: string, port: number, greets = false): Promise<void> {
    await this.#order("dial", { name, port, greets });
  }

  /** Writes bytes as they are. */
  async write(name: string, bytes: string | Uint8Array): Promise<void> {
    await this.#order("write", { name, some_bytes: binary(bytes) });
  }

  /** Sends a message of these frames. */
  async send(name: string, frames: readonly (string | Uint8Array)[]): Promise<void> {
    await this.#order("send", { name, frames: frames.map(binary) });
  }

  /** The next message, or the end of the connection. */
  async read(name: string): Promise<Reading> {
    const { frames, ended } = await this.#order("read", { name });
    if (ended === "fin" || ended === "reset") return { ended };
    return { frames: textsOf(frames) };
  }

  /** Sends a message again and again until the listener hears something. */
  async probe(sender: string, listener: string, frame: string): Promise<void> {
    await this.#order("probe", { sender, listener, frames: [binary(frame)] });
  }

  /** Reads until the principal ends the connection. Returns everything that came before. */
  async readToEnd(name: string): Promise<{ bytes: Uint8Array; ended: unknown }> {
    const { bytes, ended } = await this.#order("read_to_end", { name });
    return { bytes: bytesOf(String(bytes)), ended };
  }

  /** Sends the FIN; the connection can still be read. */
  async finish(name: string): Promise<void> {
    await this.#order("finish", { name });
  }

  /** Ends the connection with an RST. */
  async reset(name: string): Promise<void> {
    await this.#order("reset", { name });
  }

  /** Closes the connection with a FIN. */
  async close(name: string): Promise<void> {
    await this.#order("close", { name });
  }

  /** Begins to send one PING after the other from a thread of its own. */
  async watch(port: number): Promise<void> {
    await this.#order("watch", { port });
  }

  /** Ends {@linkcode watch} and tells what it saw. */
  async unwatch(): Promise<Watch> {
    const { count, failures, slowestMs } = await this.#order("unwatch", {});
    return { count: Number(count), failures: Array.isArray(failures) ? failures : [], slowestMs: Number(slowestMs) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #order(order: string, parameters: Record<string, unknown>): Promise<Record<string, unknown>> {
    await this.#process.tell(JSON.stringify({ order, ...parameters }));
    return await this.#process.expect("done");
  }
}

/** A request or a status line of the original: fields with the separator between them. */
export function fields(...texts: (string | number)[]): string {
  return texts.join(soh);
}

/** Bytes as the peer process takes them: text of the same code points. */
function binary(content: string | Uint8Array): string {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textsOf(frames: unknown): string[] {
  return Array.isArray(frames) ? frames.map((frame) => new TextDecoder().decode(bytesOf(String(frame)))) : [];
}

/** The body of a reply; what is made by hand also sees the empty frame before it. */
function bodyOf({ frames }: Record<string, unknown>, by: MadeBy): string {
  const texts = textsOf(frames);
  const [body, ...more] = by === "raw" && texts[0] === "" ? texts.slice(1) : texts;
  if (body === undefined || more.length > 0 || (by === "raw" && texts[0] !== "")) {
    throw new Error(`A reply is an empty frame and one with its text; this one is ${JSON.stringify(texts)}`);
  }
  return body;
}
