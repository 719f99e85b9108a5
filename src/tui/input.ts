/**
 * What a terminal sends, as keys, mouse events and pastes. Several of them come in one piece when they come fast, and one
 * may come in several pieces over a slow line.
 */

/** One thing a user did. */
export type InputEvent =
  /**
   * A key by its name: the character itself (`j`, `G`, `/`, ` `), `enter`, `esc`, `tab`, `backspace`, `delete`, `insert`,
   * `up`, `down`, `left`, `right`, `home`, `end`, `pgup`, `pgdn`, `f1`; before it `ctrl-`, `alt-` and, for names, `shift-`.
   */
  | { readonly type: "key"; readonly key: string }
  /** Where 0, 0 is the upper left cell. */
  | {
    readonly type: "mouse";
    readonly kind: "press" | "wheel-up" | "wheel-down";
    readonly column: number;
    readonly row: number;
  }
  | { readonly type: "paste"; readonly text: string };

/** A lone ESC is the key once nothing has followed it for this long, in milliseconds. */
export const escapeWaitMs = 50;
/** Characters of a paste that are kept. */
const pasteMaxChars = 65_536;
/** An escape sequence longer than this is none. */
const sequenceMaxChars = 64;

const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** Final characters of cursor and editing keys: `ESC [ 1 ; modifiers final` and `ESC O final` (xterm, ctlseqs). */
const keysByFinal: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "shift-tab",
};

/** Numbers of `ESC [ number ; modifiers ~`. */
const keysByNumber: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pgup",
  6: "pgdn",
  7: "home",
  8: "end",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

const keysByControl: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\0": "ctrl-space",
};

/** Takes pieces of input, gives events. */
export class InputDecoder {
  #pending = "";
  #paste: string | null = null;

  /** Whether input is kept that may be the beginning of more: call {@linkcode flush} after {@linkcode escapeWaitMs}. */
  get isWaiting(): boolean {
    return this.#pending !== "";
  }

  /** The events that `text` completes. */
  push(text: string): InputEvent[] {
    this.#pending += text;
    return this.#take(false);
  }

  /** What is kept can be taken for itself: nothing followed. */
  flush(): InputEvent[] {
    return this.#take(true);
  }

  #take(isAll: boolean): InputEvent[] {
    const events: InputEvent[] = [];
    while (this.#pending !== "") {
      if (this.#paste !== null) {
        if (!this.#takePaste(this.#paste, events)) break;
        continue;
      }
      const length = this.#takeOne(events, isAll);
      if (length === 0) break;
      this.#pending = this.#pending.slice(length);
    }
    return events;
  }

  /** Whether the paste is over. */
  #takePaste(before: string, events: InputEvent[]): boolean {
    const end = this.#pending.indexOf(pasteEnd);
    // The end itself may come in two pieces.
    const taken = end >= 0 ? end : Math.max(this.#pending.length - pasteEnd.length + 1, 0);
    this.#paste = (before + this.#pending.slice(0, taken)).slice(0, pasteMaxChars);
    this.#pending = this.#pending.slice(end >= 0 ? end + pasteEnd.length : taken);
    if (end < 0) return false;
    events.push({ type: "paste", text: this.#paste });
    this.#paste = null;
    return true;
  }

  /** Takes the first event; the characters it took, 0 when it is not complete. */
  #takeOne(events: InputEvent[], isAll: boolean): number {
    const text = this.#pending;
    if (text[0] !== "\x1b") {
      const character = String.fromCodePoint(text.codePointAt(0) ?? 0);
      events.push({ type: "key", key: keyOf(character) });
      return character.length;
    }
    if (text.startsWith(pasteStart)) {
      this.#paste = "";
      return pasteStart.length;
    }
    const sequence = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/.exec(text)?.[0];
    if (sequence !== undefined) {
      const event = eventOf(sequence);
      if (event !== null) events.push(event);
      return sequence.length;
    }
    const isBegun = text.length === 1 || text[1] === "[" || text[1] === "O";
    if (isBegun && !isAll && text.length < sequenceMaxChars) return 0;
    if (text.length === 1 || isBegun || text[1] === "\x1b") {
      events.push({ type: "key", key: "esc" });
      return 1;
    }
    const character = String.fromCodePoint(text.codePointAt(1) ?? 0);
    events.push({ type: "key", key: `alt-${keyOf(character)}` });
    return 1 + character.length;
  }
}

function keyOf(character: string): string {
  const named = keysByControl[character];
  if (named !== undefined) return named;
  const code = character.charCodeAt(0);
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : character;
}

/** The event of a complete control sequence; null for one that is no key, such as a terminal's report. */
function eventOf(sequence: string): InputEvent | null {
  const mouse = /^\x1b\[<(\d+);(\d+);(\d+)([Mm])$/.exec(sequence);
  if (mouse !== null) return mouseEventOf(mouse);
  const final = sequence.at(-1) ?? "";
  const [number = "", modifiers = ""] = sequence.slice(2, -1).split(";");
  const isReport = final !== "~" && number !== "" && number !== "1";
  const key = isReport ? undefined : final === "~" ? keysByNumber[number] : keysByFinal[final];
  if (key === undefined) return null;
  return { type: "key", key: modifierText(Number(modifiers)) + key };
}

/** Buttons as xterm's SGR mode (1006) numbers them: 0 to 2 with 4, 8 and 16 for modifiers, 64 and 65 for the wheel. */
function mouseEventOf([, button = "", column = "", row = "", final]: RegExpExecArray): InputEvent | null {
  const at = { column: Number(column) - 1, row: Number(row) - 1 };
  const code = Number(button) & ~(4 | 8 | 16);
  if (code === 64) return { type: "mouse", kind: "wheel-up", ...at };
  if (code === 65) return { type: "mouse", kind: "wheel-down", ...at };
  return code === 0 && final === "M" ? { type: "mouse", kind: "press", ...at } : null;
}

/** xterm adds 1 to the sum of shift 1, alt 2 and ctrl 4. */
function modifierText(parameter: number): string {
  const bits = parameter > 1 ? parameter - 1 : 0;
  return (bits & 4 ? "ctrl-" : "") + (bits & 2 ? "alt-" : "") + (bits & 1 ? "shift-" : "");
}
