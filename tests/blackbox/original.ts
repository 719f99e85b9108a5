/** As much of a principal of the original as a client needs to find out what it talks to: ZMTP 3.0 on one TCP port. */

const moreFlag = 1;
const longFlag = 2;
const commandFlag = 4;
const greeting = Uint8Array.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, ...bytesOf("NULL"), ...Array(48).fill(0)]);
const socketType = ["Socket-Type", "ROUTER"] as const;

/** A frame: its flags and its body. */
type Frame = readonly [flags: number, body: readonly number[]];

/** Listens until disposed and answers each verb as the original does that knows only its own. */
export class OriginalPrincipal implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor() {
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      // A client that has what it wanted leaves in the middle of anything.
      talk(connection).catch(() => {});
    }
  }
}

async function talk({ readable, writable }: Deno.TcpConn): Promise<void> {
  const writer = writable.getWriter();
  try {
    await answerAll(readable.getReader(), writer);
  } finally {
    await writer.close();
  }
}

/** Shakes hands, then answers each message with the frames before its text and an answer in place of that. */
async function answerAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<never> {
  let received: number[] = [];
  const take = async (count: number) => {
    while (received.length < count) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the peer is gone");
      received.push(...value);
    }
    const taken = received.slice(0, count);
    received = received.slice(count);
    return taken;
  };
  const [name, value] = socketType;
  const ready = [5, ...bytesOf("READY"), name.length, ...bytesOf(name), 0, 0, 0, value.length, ...bytesOf(value)];
  await writer.write(greeting);
  await take(greeting.length);
  await writer.write(encoded([commandFlag, ready]));
  for (let before: Frame[] = [];;) {
    const [flags = 0] = await take(1);
    const size = await take(flags & longFlag ? 8 : 1);
    const body = await take(size.reduce((sum, byte) => sum * 256 + byte, 0));
    if (flags & commandFlag) continue;
    if (flags & moreFlag) {
      before.push([moreFlag, body]);
      continue;
    }
    const answer = bytesOf(answerTo(new TextDecoder().decode(Uint8Array.from(body))));
    for (const frame of [...before, [0, answer] as const]) await writer.write(encoded(frame));
    before = [];
  }
}

function answerTo(request: string): string {
  const [verb = ""] = request.split("\x01");
  switch (verb) {
    case "PING":
      return "PONG";
    case "LSWORKFLOWS":
      return "SUCCESS\x01{}";
    default:
      return `CLIENTERROR\x01ParseError: Unrecognised message type: ${verb}`;
  }
}

function encoded([flags, body]: Frame): Uint8Array {
  return Uint8Array.from([flags, body.length, ...body]);
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
