/** A frame around lines. */
import type { Glyphs } from "./glyphs.ts";
import { fitBlock, fitLine, type Line, lineWidth, type Size, span } from "./line.ts";
import type { Role } from "./role.ts";

/** What a frame says. */
export interface BoxOptions {
  /** In the upper edge. */
  readonly title?: Line;
  /** In the lower edge, to the right. */
  readonly footer?: Line;
  /** Of the edges. @default "faint" */
  readonly role?: Role;
}

/** `lines` in a frame that is `size` large in all. */
export function box(lines: readonly Line[], size: Size, glyphs: Glyphs, options: BoxOptions = {}): Line[] {
  const { title = [], footer = [], role = "faint" } = options;
  const inner = { width: size.width - 2, height: size.height - 2 };
  const edge = (left: string, text: Line, right: string, atEnd: boolean): Line => {
    const label = text.length === 0
      ? []
      : fitLine([span(" "), ...text, span(" ")], Math.min(lineWidth(text) + 2, inner.width - 1));
    const rule = (columns: number) => span(glyphs.horizontal.repeat(Math.max(columns, 0)), role);
    const left1 = rule(atEnd ? inner.width - lineWidth(label) - 1 : 1);
    return [
      span(left, role),
      left1,
      ...label,
      rule(inner.width - lineWidth(label) - lineWidth([left1])),
      span(right, role),
    ];
  };
  const side = span(glyphs.vertical, role);
  return [
    edge(glyphs.topLeft, title, glyphs.topRight, false),
    ...fitBlock(lines, inner).map((line): Line => [side, ...line, side]),
    edge(glyphs.bottomLeft, footer, glyphs.bottomRight, true),
  ];
}
