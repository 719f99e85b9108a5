/** The line in which one types what to search for, or the time to go to. */
import { fitLine, type Line, span } from "../paint/mod.ts";
import { TextField } from "./text_field.ts";

/** What is typed. */
export type PromptKind = "search" | "time";

/** What becomes of it. */
export interface LogPromptOptions {
  readonly kind: PromptKind;
  readonly hint: string;
  /** Called after every change. */
  readonly onType: (text: string) => void;
  /** Called with Enter. What is wrong with the text: then it stays to be mended; null for nothing. */
  readonly onEnter: (text: string) => string | null;
  /** Called with Esc. */
  readonly onCancel: () => void;
}

/** See the top of this file. */
export class LogPrompt {
  readonly #options: LogPromptOptions;
  readonly #field = new TextField();
  #problem: string | null = null;

  constructor(options: LogPromptOptions) {
    this.#options = options;
  }

  draw(width: number): Line {
    const { kind, hint } = this.#options;
    const lead = kind === "search" ? "/" : "@ ";
    const typed = [span(lead, "accent"), ...this.#field.draw(width - lead.length)];
    const beside = this.#problem !== null
      ? [span(` ${this.#problem}`, "bad")]
      : this.#field.text === ""
      ? [span(` ${hint}`, "faint")]
      : [];
    return fitLine([...typed, ...beside], width);
  }

  onKey(key: string): void {
    const { onType, onEnter, onCancel } = this.#options;
    if (key === "enter") this.#problem = onEnter(this.#field.text);
    else if (key === "esc") onCancel();
    else if (this.#field.onKey(key)) this.#typed(onType);
  }

  onPaste(text: string): void {
    this.#field.insert(text);
    this.#typed(this.#options.onType);
  }

  #typed(onType: (text: string) => void): void {
    this.#problem = null;
    onType(this.#field.text);
  }
}
