/** How long a file may be. A file is one idea; what needs more room than this is usually two. */
import { commentsOf } from "./comments.ts";
import type { Finding } from "./finding.ts";
import type { Module } from "./module.ts";

/** Lines that hold code; blank lines and comments are free. */
export const maxCodeLines = 400;

/** A line of the first comment that starts so gives the reason for a longer file. */
const excuse = /^\W*Long because\b/m;

/** Checks the length of a file of src/, tools/ or bench/. */
export function checkLength({ path, text, tree }: Module): Finding[] {
  if (!/^(src|tools|bench)\//.test(path)) return [];
  if (text.split("\n").length <= maxCodeLines) return [];
  const comments = commentsOf(tree);
  const lines = codeLines(text, comments);
  if (lines <= maxCodeLines || excuse.test(comments[0]?.text ?? "")) return [];
  const sentence =
    `${lines} lines of code, more than ${maxCodeLines}; split it by ideas, or say in its first comment ` +
    `why not, in a line that starts with "Long because"`;
  return [{ path, line: 1, rule: "length", sentence }];
}

/** How many lines hold something other than space and comments. */
function codeLines(text: string, comments: readonly { start: number; end: number }[]): number {
  let code = "";
  let at = 0;
  for (const { start, end } of comments) {
    code += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, "");
    at = end;
  }
  code += text.slice(at);
  return code.split("\n").filter((line) => line.trim() !== "").length;
}
