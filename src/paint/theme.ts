/** From what a text is to how it looks: themes for dark and light terminals and for colour-blind eyes, in the colours there are. */
import { inAscii } from "./in_ascii.ts";
import type { Line, Span } from "./line.ts";
import type { Role } from "./role.ts";

/** The name of a theme. */
export type ThemeName = "dark" | "light" | "colour-blind";

/** How many colours a terminal has. 0: none are wanted; weight and inverse video stay. */
export type ColourDepth = 0 | 16 | 256;

/** A colour for 16 (SGR 30-37 and 90-97), and one for 256 (SGR 38;5;n). Null: the terminal's own. */
type Colour = readonly [of16: number, of256: number] | null;

/** Roles that a theme colours; `strong`, `title` and `faint` are weights. */
type Coloured = Exclude<Role, "plain" | "strong" | "faint">;
type Palette = Readonly<Record<Coloured, Colour>>;

const dark: Palette = {
  title: [96, 117],
  accent: [36, 80],
  good: [32, 114],
  bad: [91, 210],
  warn: [33, 221],
  busy: [96, 81],
  idle: [37, 250],
  match: [33, 220],
  series0: [36, 80],
  series1: [33, 221],
  series2: [35, 177],
  series3: [32, 114],
  series4: [34, 111],
  series5: [95, 218],
};

const light: Palette = {
  title: [34, 25],
  accent: [34, 31],
  good: [32, 28],
  bad: [31, 160],
  warn: [33, 130],
  busy: [34, 26],
  idle: [90, 242],
  match: [35, 127],
  series0: [36, 30],
  series1: [33, 130],
  series2: [35, 127],
  series3: [32, 28],
  series4: [34, 26],
  series5: [31, 161],
};

/** Blue for good and orange for bad, told apart in every common form of colour blindness (after Okabe and Ito, 2008). */
const colourBlind: Palette = {
  title: [97, 231],
  accent: [96, 117],
  good: [94, 75],
  bad: [33, 208],
  warn: [93, 227],
  busy: [97, 231],
  idle: [37, 250],
  match: [93, 227],
  series0: [96, 117],
  series1: [33, 208],
  series2: [35, 175],
  series3: [94, 75],
  series4: [93, 227],
  series5: [36, 36],
};

const palettes: Readonly<Record<ThemeName, Palette>> = { dark, light, "colour-blind": colourBlind };

/** Text, and the parameters of the SGR sequence that it is shown with; none: as the terminal shows text. */
export interface Stroke {
  readonly text: string;
  readonly sgr: string;
}

/** Makes lines into text with SGR sequences. */
export class Painter {
  readonly #parameters = new Map<Role, string>();
  readonly #hasColours: boolean;
  readonly #isAscii: boolean;

  /** @param isAscii Whether the terminal shows ASCII alone. @default false */
  constructor(theme: ThemeName, depth: ColourDepth, isAscii = false) {
    this.#hasColours = depth > 0;
    this.#isAscii = isAscii;
    const palette = palettes[theme];
    this.#parameters.set("strong", "1").set("faint", depth === 0 ? "" : "2").set("plain", "");
    for (const role of coloured) {
      const weight = role === "title" || role === "bad" || role === "match" ? "1" : "";
      this.#parameters.set(role, [weight, colourParameters(palette[role], depth)].filter(Boolean).join(";"));
    }
  }

  /** A line as a terminal takes it; ends with everything reset. */
  ansi(line: Line): string {
    return this.strokes(line).map(({ text, sgr }) => sgr === "" ? text : `\x1b[${sgr}m${text}\x1b[0m`).join("");
  }

  /** The pieces of a line with how they look. */
  strokes(line: Line): Stroke[] {
    return line.map((piece) => ({
      text: this.#isAscii ? inAscii(piece.text) : piece.text,
      sgr: this.#parametersOf(piece),
    }));
  }

  #parametersOf({ role, sgr, isSelected }: Span): string {
    // Inverse video instead of a background: it is there on every terminal, with every theme, and without colours.
    // Who wants no colours wants none of a task's either.
    const own = (this.#hasColours ? sgr : undefined) ?? this.#parameters.get(role) ?? "";
    if (!isSelected) return own;
    // Faint text turned inverse would be a hole in the row.
    return own === "" || role === "faint" ? "7" : `${own};7`;
  }
}

const coloured: readonly Coloured[] = [
  "title",
  "accent",
  "good",
  "bad",
  "warn",
  "busy",
  "idle",
  "match",
  "series0",
  "series1",
  "series2",
  "series3",
  "series4",
  "series5",
];

function colourParameters(colour: Colour, depth: ColourDepth): string {
  if (colour === null || depth === 0) return "";
  return depth === 16 ? String(colour[0]) : `38;5;${colour[1]}`;
}

/**
 * The colours a terminal has, by its environment: none with NO_COLOR (no-color.org: set and not empty), 256 where TERM or
 * COLORTERM tell so, else 16.
 */
export function colourDepthOf(environment: Readonly<Record<string, string>>): ColourDepth {
  if (environment["NO_COLOR"]) return 0;
  const term = environment["TERM"] ?? "";
  if (/256color|kitty|alacritty|ghostty|direct/.test(term) || /truecolor|24bit/.test(environment["COLORTERM"] ?? "")) {
    return 256;
  }
  return 16;
}
