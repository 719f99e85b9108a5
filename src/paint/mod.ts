/** Text for terminals: widths, styles, frames and small pictures. Pure; knows no terminal. */
export { bar, sparkline } from "./bars.ts";
export { box, type BoxOptions } from "./box.ts";
export { asciiGlyphs, type Glyphs, unicodeGlyphs } from "./glyphs.ts";
export { chopped } from "./chop.ts";
export { harmless } from "./harmless.ts";
export {
  fitBlock,
  fitLine,
  type Line,
  lineWidth,
  overlay,
  selected,
  sideBySide,
  type Size,
  sliceLine,
  type Span,
  span,
  textOf,
} from "./line.ts";
export { outputSpans } from "./output_spans.ts";
export { printable } from "./printable.ts";
export { type Role, type Series, seriesOf } from "./role.ts";
export { type ColourDepth, colourDepthOf, Painter, type ThemeName, themeNames } from "./theme.ts";
export { wrapped } from "./wrap.ts";
export { cut, displayWidth, padded } from "./width.ts";
