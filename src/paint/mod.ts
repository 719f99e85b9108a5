/** Text for terminals: widths, styles, frames and small pictures. Pure; knows no terminal. */
export { bar, sparkline } from "./bars.ts";
export { box, type BoxOptions } from "./box.ts";
export { chopped } from "./chop.ts";
export { type CriticalPath, criticalPathOf, type TimedTask } from "./critical_path.ts";
export { dagLines, type DagNode, type DagOptions, type DagPicture, type DagPlace } from "./dag.ts";
export { asciiGlyphs, type Glyphs, glyphsFor, unicodeGlyphs } from "./glyphs.ts";
export { harmless } from "./harmless.ts";
export { inAscii } from "./in_ascii.ts";
export {
  filledTo,
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
export { stateRole } from "./state_role.ts";
export { type ColourDepth, colourDepthOf, Painter, type Stroke, type ThemeName } from "./theme.ts";
export { timelineLines, type TimelineOptions, type TimelinePicture } from "./timeline.ts";
export {
  type EarlierAttempt,
  type TimelineInput,
  type TimelineModel,
  timelineModel,
  type TimelineTask,
} from "./timeline_model.ts";
export { cut, displayWidth, ending, padded } from "./width.ts";
export { wrapped } from "./wrap.ts";
