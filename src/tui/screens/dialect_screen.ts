/** A screen that is another one on an original principal, which one is not known before it has answered. */
import type { Line, Size } from "../../paint/mod.ts";
import type { InputEvent } from "../input.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class DialectScreen implements Screen {
  readonly #shell: Shell;
  readonly #make: (isOriginal: boolean) => Screen;
  #inner: Screen;
  #isOriginal: boolean;

  /** @param make Makes what is shown of an original principal, or of one of ours. */
  constructor(shell: Shell, make: (isOriginal: boolean) => Screen) {
    this.#shell = shell;
    this.#make = make;
    this.#isOriginal = shell.session.dialect === "original";
    this.#inner = make(this.#isOriginal);
  }

  get route(): Route {
    return this.#screen.route;
  }

  get title(): string {
    return this.#screen.title;
  }

  get isTyping(): boolean {
    return this.#screen.isTyping;
  }

  draw(size: Size): Line[] {
    return this.#screen.draw(size);
  }

  drawPrompt(width: number): Line | null {
    return this.#screen.drawPrompt?.(width) ?? null;
  }

  actions(): readonly Action[] {
    return this.#screen.actions();
  }

  onKey(key: string): boolean {
    return this.#screen.onKey(key);
  }

  onPaste(text: string): void {
    this.#screen.onPaste?.(text);
  }

  onMouse(event: InputEvent & { readonly type: "mouse" }): void {
    this.#screen.onMouse?.(event);
  }

  reload(): void {
    this.#screen.reload?.();
  }

  close(): void {
    this.#inner.close();
  }

  get #screen(): Screen {
    const isOriginal = this.#shell.session.dialect === "original";
    if (isOriginal !== this.#isOriginal) {
      this.#isOriginal = isOriginal;
      this.#inner.close();
      this.#inner = this.#make(isOriginal);
    }
    return this.#inner;
  }
}
