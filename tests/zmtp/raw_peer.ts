/** A peer made of bytes: what it sends is written out here, not made by the code under test. */

/** Bytes from hexadecimal digits; blanks are skipped. */
export function hex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(digits.replaceAll(/\s/g, ""));
}

/** Bytes of a text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text of bytes. */
export function textOf(view: Uint8Array | undefined): string {
  return new TextDecoder().decode(view);
}

/** A greeting of ZMTP 3.`minor`. */
export function greeting(minor: number, mechanism = "NULL"): Uint8Array {
  const all = new Uint8Array(64);
  all.set(hex("ff 00 00 00 00 00 00 00 00 7f 03"));
  all[11] = minor;
  all.set(bytes(mechanism), 12);
  return all;
}

/** A frame with the short or long length that its size asks for. */
export function frame(flags: number, body: Uint8Array): Uint8Array {
  const long = body.length > 255;
  const header = long ? new Uint8Array([flags | 2, 0, 0, 0, 0, 0, 0, 0, 0]) : new Uint8Array([flags, body.length]);
  if (long) new DataView(header.buffer).setUint32(5, body.length);
  return join(header, body);
}

/** A READY frame with a socket type and, if given, an identity. */
export function ready(type: string, identity?: Uint8Array): Uint8Array {
  const property = (name: string, value: Uint8Array) =>
    join(new Uint8Array([name.length]), bytes(name), new Uint8Array([0, 0, 0, value.length]), value);
  const properties = [property("Socket-Type", bytes(type))];
  if (identity) properties.push(property("Identity", identity));
  return frame(4, join(hex("05"), bytes("READY"), ...properties));
}

/** A command frame. */
export function command(name: string, payload: Uint8Array): Uint8Array {
  return frame(4, join(new Uint8Array([name.length]), bytes(name), payload));
}

/** All parts, one after the other. */
export function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One TCP connection, driven by hand. */
export class RawPeer implements Disposable {
  readonly #tcp: Deno.TcpConn;
  #unread = new Uint8Array();
  #closed = false;

  constructor(tcp: Deno.TcpConn) {
    this.#tcp = tcp;
  }

  static async connect(port: number): Promise<RawPeer> {
    return new RawPeer(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and shakes hands as a peer of ZMTP 3.`minor`; the other side's greeting and READY are read. */
  static async handshaken(port: number, type: string, minor = 1, identity?: Uint8Array): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    await peer.write(greeting(minor), ready(type, identity));
    await peer.read(64);
    await peer.readFrame();
    return peer;
  }

  async write(...parts: Uint8Array[]): Promise<void> {
    const all = join(...parts);
    for (let at = 0; at < all.length;) at += await this.#tcp.write(all.subarray(at));
  }

  /** Reads exactly `count` bytes. */
  async read(count: number): Promise<Uint8Array> {
    while (this.#unread.length < count) {
      const chunk = await this.#readChunk();
      if (!chunk) throw new Error(`The connection ended after ${this.#unread.length} of ${count} bytes.`);
    }
    const taken = this.#unread.slice(0, count);
    this.#unread = this.#unread.slice(count);
    return taken;
  }

  /** Reads one frame with a short or long length. */
  async readFrame(): Promise<{ flags: number; body: Uint8Array }> {
    const flags = (await this.read(1))[0] ?? 0;
    const length = flags & 2 ? lengthOf(await this.read(8)) : (await this.read(1))[0] ?? 0;
    return { flags, body: await this.read(length) };
  }

  /** Reads until the other side's FIN. @returns What came before it. A RST throws. */
  async readToEnd(): Promise<Uint8Array> {
    while (await this.#readChunk());
    return this.#unread;
  }

  /** Sends the FIN and goes on reading. */
  async finish(): Promise<void> {
    await this.#tcp.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tcp.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #readChunk(): Promise<boolean> {
    const chunk = new Uint8Array(64 * 1024);
    const count = await this.#tcp.read(chunk);
    if (count === null) return false;
    const grown = new Uint8Array(this.#unread.length + count);
    grown.set(this.#unread);
    grown.set(chunk.subarray(0, count), this.#unread.length);
    this.#unread = grown;
    return true;
  }
}

function lengthOf(eight: Uint8Array): number {
  return Number(new DataView(eight.buffer, eight.byteOffset).getBigUint64(0));
}
