/**
 * The terminal taken over and given back: screen, cursor, mode and mouse are as before after every way out that a process
 * can see coming.
 */
import type { Clock } from "../clock/mod.ts";
import type { Size } from "../paint/mod.ts";

/** Alternate screen, no wrapping, no cursor, clicks and wheel as SGR sequences, pastes in brackets (xterm, ctlseqs). */
const takeOver = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?7l\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[?2004h";
const giveBack = "\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1049l";

/** How long a process that was asked to stop may take until it does, in milliseconds. One that nobody could continue does not. */
const stopWaitMs = 300;

const bufferBytes = 16_384;
const encoder = new TextEncoder();

/** The terminal that a process was started in. */
export class Terminal implements Disposable {
  #isTaken = false;
  readonly #onUnload = () => this.release();

  /** Takes it over. */
  take(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    // Whoever ends the process, and for whatever reason: this is called.
    globalThis.addEventListener("unload", this.#onUnload);
    Deno.stdin.setRaw(true);
    this.#writeNow(takeOver);
  }

  /** Gives it back as it was. May be called again. */
  release(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    globalThis.removeEventListener("unload", this.#onUnload);
    this.#writeNow(giveBack);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, as after a hang-up: there is nothing to give back.
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Whether {@linkcode Terminal.stop} can do anything here. */
  readonly canStop = Deno.build.os !== "windows";

  /** Gives the terminal back and stops the process, as ctrl-z does elsewhere; takes it over again when the process goes on. */
  async stop(clock: Clock): Promise<void> {
    this.release();
    const { promise, resolve } = Promise.withResolvers<void>();
    Deno.addSignalListener("SIGCONT", resolve);
    // The whole group, as the terminal itself would: a shell that waits for `deno task` must see that stop, too.
    Deno.kill(0, "SIGTSTP");
    const cancel = clock.setTimer(stopWaitMs, resolve);
    await promise;
    cancel();
    Deno.removeSignalListener("SIGCONT", resolve);
    this.take();
  }

  /** Gives what the terminal sends, until it is gone. */
  async read(take: (text: string) => void): Promise<void> {
    const utf8 = new TextDecoder();
    const buffer = new Uint8Array(bufferBytes);
    for (;;) {
      // A terminal that is gone reads as an end or, after a hang-up, as an error.
      const count = await Deno.stdin.read(buffer).catch(() => null);
      if (count === null) return;
      take(utf8.decode(buffer.subarray(0, count), { stream: true }));
    }
  }

  /** Writes; resolves when the terminal has taken it. */
  async write(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    } catch {
      // The terminal is gone.
    }
  }

  /** Columns and rows now. */
  get size(): Size {
    try {
      const { columns, rows } = Deno.consoleSize();
      // A terminal that does not know its size says 0.
      if (columns > 0 && rows > 0) return { width: columns, height: rows };
    } catch {
      // No terminal: nothing that is drawn will be seen.
    }
    return { width: 80, height: 24 };
  }

  /** Calls `listener` after each change of the size, until the returned function is called. */
  onResize(listener: (size: Size) => void): () => void {
    if (Deno.build.os === "windows") return () => {};
    let { width, height } = this.size;
    const check = () => {
      const size = this.size;
      if (size.width === width && size.height === height) return;
      ({ width, height } = size);
      listener(size);
    };
    Deno.addSignalListener("SIGWINCH", check);
    return () => Deno.removeSignalListener("SIGWINCH", check);
  }

  #writeNow(text: string): void {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    } catch {
      // The terminal is gone.
    }
  }
}
