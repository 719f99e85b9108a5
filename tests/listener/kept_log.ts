/** A process log that a test reads. */
import type { OperatorLog } from "../../src/core/mod.ts";

/** What no step of these tests takes, on a busy machine. */
const limitMs = 30_000;

/** See the top of this file. */
export class KeptLog implements OperatorLog {
  /** `info`, `warn` or `error`, and the sentence. */
  readonly lines: string[] = [];
  #wake = () => {};

  info(sentence: string): void {
    this.#add("info", sentence);
  }

  warn(sentence: string): void {
    this.#add("warn", sentence);
  }

  error(sentence: string): void {
    this.#add("error", sentence);
  }

  /** The lines that match. */
  all(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }

  /** The first match, already there or still to come. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(() => {
      for (const line of this.lines) {
        const found = pattern.exec(line);
        if (found !== null) return found;
      }
      return null;
    }, String(pattern));
  }

  /** What `look` finds, once it finds something after a line; fails when it never does. */
  async until<T>(look: () => T | null, what: string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`waited for ${what} among\n${this.lines.join("\n")}`)),
      limitMs,
    );
    try {
      for (;;) {
        const found = look();
        if (found !== null) return found;
        await Promise.race([late.promise, new Promise<void>((resolve) => this.#wake = resolve)]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #add(level: string, sentence: string): void {
    this.lines.push(`${level} ${sentence}`);
    this.#wake();
  }
}
