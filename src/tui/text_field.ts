/** A line of text that is being typed. */
import { ending, type Line, printable, span } from "../paint/mod.ts";

/** Characters that a field takes. */
const maxChars = 4096;

/** A text and the place in it where the next character goes. */
export class TextField {
  #text: string;
  #at: number;

  constructor(text = "") {
    this.#text = text;
    this.#at = text.length;
  }

  get text(): string {
    return this.#text;
  }

  /** Replaces the text, and goes to its end. */
  set text(text: string) {
    this.#text = text.slice(0, maxChars);
    this.#at = this.#text.length;
  }

  /** Whether the key was one for editing. */
  onKey(key: string): boolean {
    switch (key) {
      case "left":
      case "ctrl-b":
        this.#at -= this.#before().length;
        return true;
      case "right":
      case "ctrl-f":
        this.#at += this.#after().length;
        return true;
      case "home":
      case "ctrl-a":
        this.#at = 0;
        return true;
      case "end":
      case "ctrl-e":
        this.#at = this.#text.length;
        return true;
      case "backspace":
        this.#replace(this.#at - this.#before().length, this.#at, "");
        return true;
      case "delete":
      case "ctrl-d":
        this.#replace(this.#at, this.#at + this.#after().length, "");
        return true;
      case "ctrl-u":
        this.#replace(0, this.#at, "");
        return true;
      case "ctrl-w":
        this.#replace(this.#text.slice(0, this.#at).search(/\S*\s*$/), this.#at, "");
        return true;
      default:
        if ([...key].length !== 1) return false;
        this.insert(key);
        return true;
    }
  }

  /** Puts text in, as a paste does; control characters are left out. */
  insert(text: string): void {
    this.#replace(this.#at, this.#at, text.replace(/[\x00-\x1f\x7f-\x9f]/g, "").slice(0, maxChars - this.#text.length));
  }

  /** The text with a cell for the cursor; of a long one the part around it. */
  draw(width: number): Line {
    const before = this.#text.slice(0, this.#at);
    const shownBefore = ending(printable(before), width - 1);
    const under = this.#after();
    const cursor = span(under === "" ? " " : under);
    return [span(shownBefore), { ...cursor, isSelected: true }, span(this.#text.slice(this.#at + under.length))];
  }

  #before(): string {
    return [...this.#text.slice(0, this.#at)].at(-1) ?? "";
  }

  #after(): string {
    return [...this.#text.slice(this.#at)][0] ?? "";
  }

  #replace(from: number, to: number, text: string): void {
    this.#text = this.#text.slice(0, from) + text + this.#text.slice(to);
    this.#at = from + text.length;
  }
}
