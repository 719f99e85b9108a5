/** Datagrams to the socket of a service manager, which Deno cannot send without its unstable API. */
import { CdktrError } from "../../core/mod.ts";
import { type Libc, libc } from "./libc.ts";

const afUnix = 1;
/** `SOCK_DGRAM | SOCK_CLOEXEC`: no program that is started inherits it. */
const datagramSocket = 2 | 0o2000000;
/** `MSG_NOSIGNAL`. */
const noSignal = 0x4000;
/** `sockaddr_un.sun_path`, with the NUL that ends a path. */
const pathMaxBytes = 108;

const encoder = new TextEncoder();

/** Sends in order, one datagram a message. */
export class NotifySocket implements Disposable {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #address: Uint8Array<ArrayBuffer>;
  #sent: Promise<void> = Promise.resolve();

  /**
   * @param path What `NOTIFY_SOCKET` says: an absolute path, or the name of an abstract socket with `@` before it.
   * @throws {CdktrError} UNSUPPORTED when it says something else, or this system has no such sockets.
   */
  constructor(path: string) {
    this.#address = addressOf(path);
    this.#libc = libc();
    this.#descriptor = this.#libc.symbols.socket(afUnix, datagramSocket, 0);
    if (this.#descriptor < 0) {
      throw new CdktrError("UNSUPPORTED", "No socket can be had to notify the service manager.");
    }
  }

  /**
   * Sends `message` after all those before it.
   *
   * @throws {CdktrError} UNREACHABLE when nobody takes it.
   */
  send(message: string): Promise<void> {
    const sending = this.#sent.then(async () => {
      const bytes = encoder.encode(message);
      const { sendto } = this.#libc.symbols;
      const address = this.#address;
      const taken = await sendto(this.#descriptor, bytes, BigInt(bytes.length), noSignal, address, address.length);
      if (Number(taken) !== bytes.length) {
        throw new CdktrError("UNREACHABLE", "The service manager does not take notifications.");
      }
    });
    this.#sent = sending.catch(() => {});
    return sending;
  }

  /** Closes it once everything is sent: before, the number might come to stand for another file. */
  [Symbol.dispose](): void {
    void this.#sent.then(() => this.#libc.symbols.close(this.#descriptor));
  }
}

/** `struct sockaddr_un`, unix(7): the family, then the path; an abstract name begins with NUL and ends with the length. */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const isAbstract = path.startsWith("@");
  if (!isAbstract && !path.startsWith("/")) {
    throw new CdktrError(
      "UNSUPPORTED",
      `NOTIFY_SOCKET is ${path}, which is no socket of the file system and no abstract one.`,
    );
  }
  const name = encoder.encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > pathMaxBytes) throw new CdktrError("UNSUPPORTED", `NOTIFY_SOCKET is too long: ${path}.`);
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, afUnix, true); // Both processors that Deno has for Linux count from the low end.
  address.set(name, 2);
  return address;
}
