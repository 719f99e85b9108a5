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
  /** Called with Enter. */
  readonly onEnter: (text: string) => void;
  /** Called with Esc. */
  readonly onCancel: () => void;
}

/** See the top of this file. */
export class LogPrompt {
  readonly #options: LogPromptOptions;
  readonly #field = new TextField();

  constructor(options: LogPromptOptions) {
    this.#options = options;
  }

  draw(width: number): Line {
    const { kind, hint } = this.#options;
    const lead = kind === "search" ? "/" : "@ ";
    const typed = [span(lead, "accent"), ...this.#field.draw(width - lead.length)];
    return fitLine(this.#field.text === "" ? [...typed, span(` ${hint}`, "faint")] : typed, width);
  }

  onKey(key: string): void {
    const { onType, onEnter, onCancel } = this.#options;
    if (key === "enter") onEnter(this.#field.text);
    else if (key === "esc") onCancel();
    else if (this.#field.onKey(key)) onType(this.#field.text);
  }

  onPaste(text: string): void {
    this.#field.insert(text);
    this.#options.onType(this.#field.text);
  }
}
