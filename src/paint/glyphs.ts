/** The characters that pictures are made of: Unicode's, each one column wide, or plain ASCII. */
import type { RunState, TaskState } from "../core/mod.ts";

/** A set of characters. */
export interface Glyphs {
  /** A mark for each state; the state's word stands beside it where there is room. */
  readonly states: Readonly<Record<RunState | TaskState, string>>;
  readonly paused: string;
  /** Lines of boxes. */
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  /** Where lines meet; named by the sides that go on. */
  readonly downRightLeft: string;
  readonly upRightLeft: string;
  readonly upDownRight: string;
  readonly upDownLeft: string;
  readonly cross: string;
  readonly arrowLeft: string;
  readonly arrowRight: string;
  readonly arrowDown: string;
  readonly arrowUp: string;
  /** Levels of a sparkline, lowest first. */
  readonly levels: readonly string[];
  /** Parts of a cell of a bar, least first; the last is a full one. */
  readonly parts: readonly string[];
  /** Bars of a timeline: what ran, and what waited. */
  readonly ran: string;
  readonly waited: string;
  readonly track: string;
  readonly slack: string;
  readonly cursor: string;
  readonly marked: string;
  readonly dot: string;
  readonly ellipsis: string;
  readonly spinner: readonly string[];
}

/** Of Unicode. */
export const unicodeGlyphs: Glyphs = {
  states: {
    PENDING: "○",
    ASSIGNED: "◌",
    RUNNING: "●",
    COMPLETED: "✓",
    FAILED: "✗",
    CRASHED: "✱",
    CANCELLED: "⊘",
    SKIPPED: "»",
  },
  paused: "‖",
  horizontal: "─",
  vertical: "│",
  topLeft: "┌",
  topRight: "┐",
  bottomLeft: "└",
  bottomRight: "┘",
  downRightLeft: "┬",
  upRightLeft: "┴",
  upDownRight: "├",
  upDownLeft: "┤",
  cross: "┼",
  arrowLeft: "◀",
  arrowRight: "▶",
  arrowDown: "▼",
  arrowUp: "▲",
  levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
  parts: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
  ran: "█",
  waited: "░",
  track: "·",
  slack: "╌",
  cursor: "❯",
  marked: "◆",
  dot: "·",
  ellipsis: "…",
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

/** Of ASCII, for terminals and fonts without the others. */
export const asciiGlyphs: Glyphs = {
  states: {
    PENDING: "o",
    ASSIGNED: "a",
    RUNNING: ">",
    COMPLETED: "+",
    FAILED: "x",
    CRASHED: "!",
    CANCELLED: "/",
    SKIPPED: "-",
  },
  paused: "=",
  horizontal: "-",
  vertical: "|",
  topLeft: "+",
  topRight: "+",
  bottomLeft: "+",
  bottomRight: "+",
  downRightLeft: "+",
  upRightLeft: "+",
  upDownRight: "+",
  upDownLeft: "+",
  cross: "+",
  arrowLeft: "<",
  arrowRight: ">",
  arrowDown: "v",
  arrowUp: "^",
  levels: ["_", ".", ":", "-", "=", "+", "*", "#"],
  parts: ["-", "#"],
  ran: "#",
  waited: ".",
  track: " ",
  slack: "-",
  cursor: ">",
  marked: "*",
  dot: "-",
  ellipsis: "~",
  spinner: ["|", "/", "-", "\\"],
};

/**
 * The characters that a terminal can show, by its environment: Unicode's where the locale is one of UTF-8 (POSIX: LC_ALL, else
 * LC_CTYPE, else LANG; without any the locale is C, which is ASCII). Windows has no such variables and shows Unicode.
 */
export function glyphsFor(environment: Readonly<Record<string, string>>): Glyphs {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"];
  if (!locale) return environment["OS"] === "Windows_NT" ? unicodeGlyphs : asciiGlyphs;
  return /utf-?8/i.test(locale) ? unicodeGlyphs : asciiGlyphs;
}
