/** The screen of a terminal as tmux writes it down: characters in cells, each in its style. */
import { displayWidth } from "../../src/paint/mod.ts";

/** How a cell looks. Colours are `#rrggbb`; null is the terminal's own. */
export interface CellStyle {
  readonly colour: string | null;
  readonly background: string | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isInverse: boolean;
}

/** Characters of one style. */
export interface StyledText {
  readonly column: number;
  readonly text: string;
  readonly style: CellStyle;
}

const plain: CellStyle = { colour: null, background: null, isBold: false, isDim: false, isInverse: false };

/** The sixteen, dark ones first. */
const sixteen = [
  ..."#1c2128 #f47067 #57ab5a #c69026 #539bf5 #b083f0 #39c5cf #909dab".split(" "),
  ..."#636e7b #ff938a #6bc46d #daaa3f #6cb6ff #dcbdfb #56d4dd #cdd9e5".split(" "),
];

/** The colour of that number of the 256 (xterm): the sixteen, a cube of 6 by 6 by 6, and 24 greys. */
function colourOf(number: number): string {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  if (number < 16) return sixteen[number] ?? "#000000";
  if (number >= 232) return `#${hex(8 + (number - 232) * 10).repeat(3)}`;
  const level = (digit: number) => hex(digit === 0 ? 0 : 55 + digit * 40);
  const at = number - 16;
  return `#${level(Math.floor(at / 36))}${level(Math.floor(at / 6) % 6)}${level(at % 6)}`;
}

/** Reads rows with SGR sequences (ECMA-48 8.3.117). A style goes on into the next row. */
export function readStyled(screen: string): StyledText[][] {
  let style = plain;
  return screen.replace(/\n$/, "").split("\n").map((row) => {
    const texts: StyledText[] = [];
    let column = 0;
    for (const part of row.split(/(\x1b\[[0-9;]*m)/)) {
      const parameters = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
      if (parameters !== undefined) style = styleAfter(style, parameters.split(";").map(Number));
      else if (part !== "") {
        texts.push({ column, text: part, style });
        column += displayWidth(part);
      }
    }
    return texts;
  });
}

function styleAfter(before: CellStyle, parameters: readonly number[]): CellStyle {
  let style = before;
  for (let at = 0; at < parameters.length; at++) {
    const parameter = parameters[at] ?? 0;
    if (parameter === 38 || parameter === 48) {
      // Only `5;n` is written by us: one of the 256.
      const colour = colourOf(parameters[at + 2] ?? 0);
      style = parameter === 38 ? { ...style, colour } : { ...style, background: colour };
      at += 2;
    } else style = { ...style, ...change(parameter) };
  }
  return style;
}

/** What one parameter changes. */
function change(parameter: number): Partial<CellStyle> {
  if (parameter === 0) return plain;
  if (parameter === 1) return { isBold: true };
  if (parameter === 2) return { isDim: true };
  if (parameter === 7) return { isInverse: true };
  if (parameter === 22) return { isBold: false, isDim: false };
  if (parameter === 27) return { isInverse: false };
  if (parameter >= 30 && parameter <= 37) return { colour: colourOf(parameter - 30) };
  if (parameter === 39) return { colour: null };
  if (parameter >= 40 && parameter <= 47) return { background: colourOf(parameter - 40) };
  if (parameter === 49) return { background: null };
  if (parameter >= 90 && parameter <= 97) return { colour: colourOf(parameter - 90 + 8) };
  return {};
}
