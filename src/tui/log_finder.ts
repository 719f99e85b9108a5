/** The search of the log screen: what is searched for, what came of it, and the line that says so. */
import { messageOf } from "../core/mod.ts";
import { type Line, printable, type Span, span } from "../paint/mod.ts";
import { findLine, rankOf, type Wanted, wantedErrors, wantedText } from "./log_search.ts";
import type { LogView } from "./log_view.ts";
import type { LogWindow } from "./log_window.ts";

/** See the top of this file. */
export class LogFinder {
  readonly #view: LogView;
  readonly #onChange: () => void;
  #text: string | null = null;
  #searching: AbortController | null = null;
  /** What came of the newest search; one moves on, and it is over. */
  #outcome: Span | null = null;

  constructor(view: LogView, onChange: () => void) {
    this.#view = view;
    this.#onChange = onChange;
  }

  /** What is searched for; null for nothing. */
  get text(): string | null {
    return this.#text;
  }

  set text(text: string | null) {
    this.#text = text;
    this.show(text);
  }

  /** Sets a text off in the lines, while it is typed. */
  show(text: string | null): void {
    this.forget();
    this.#view.look = { ...this.#view.look, search: text };
  }

  /** Says no more what came of the newest search. */
  forget(): void {
    this.#searching?.abort();
    this.#searching = this.#outcome = null;
  }

  /** Goes to the next line with the text. @param step 1 for newer lines, -1 for older ones */
  findText(window: LogWindow, step: 1 | -1): void {
    if (this.#text !== null) this.#find(window, wantedText(this.#text), step, "match");
  }

  /** Goes to the next line of standard error. @param step as above */
  findError(window: LogWindow, step: 1 | -1): void {
    this.#find(window, wantedErrors, step, "stderr line");
  }

  /** Ends the search. Whether there was one. */
  end(): boolean {
    const news = this.#searching ?? this.#outcome;
    const wasThere = this.#text !== null || this.#view.found !== null || news !== null;
    this.#view.found = null;
    this.text = null;
    return wasThere;
  }

  /** The line above the footer; null where nothing is searched for. */
  draw(): Line | null {
    const news = this.#searching !== null ? span("searching ...", "faint") : this.#outcome;
    if (this.#text === null) return news === null ? null : [span(" "), news];
    return [
      ...[span("/", "accent"), span(this.#text, "match")],
      ...news === null ? [] : [span("  "), news],
      span("  n next, N previous, Esc ends the search", "faint"),
    ];
  }

  close(): void {
    this.#searching?.abort();
  }

  #find(window: LogWindow, wanted: Wanted, step: 1 | -1, noun: string): void {
    this.forget();
    const { signal } = this.#searching = new AbortController();
    findLine(window, wanted, this.#startOf(window, step), step, signal).then((entry) => {
      if (signal.aborted) return;
      this.forget();
      if (entry === null) {
        this.#outcome = span(`no further ${noun} ${step === 1 ? "below" : "above"}`, "warn");
      } else {
        this.#view.show(entry, window);
        this.#outcome = span(`${noun} ${rankText(window, rankOf(window, wanted, entry))}`, "accent");
      }
      this.#onChange();
    }, (error) => {
      if (signal.aborted) return;
      this.forget();
      this.#outcome = span(printable(messageOf(error)), "bad");
      this.#onChange();
    });
    this.#onChange();
  }

  /** The line that a search begins behind. Of a match that was scrolled out of sight one does not go on: what is seen is meant. */
  #startOf({ buffer }: LogWindow, step: 1 | -1): number {
    const { shown, found } = this.#view;
    if (found !== null && shown.includes(found)) return buffer.indexOf(found);
    const edge = step === 1 ? shown.at(0) : shown.at(-1);
    return edge === undefined ? -1 : buffer.indexOf(edge) - step;
  }
}

function rankText({ buffer }: LogWindow, { rank, count }: { readonly rank: number; readonly count: number }): string {
  const of = `${rank.toLocaleString("en")} of ${count.toLocaleString("en")}`;
  return buffer.isAtStart && buffer.isAtEnd ? of : `${of} in the ${buffer.length.toLocaleString("en")} lines around`;
}
