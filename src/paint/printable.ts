/** Text from outside made safe to print: nothing in it can move the cursor, forge a line or turn the reading direction. */

/** C0 and C1 control characters, DEL, line and paragraph separators, and the marks that change the direction of text. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `text` on one line, with what cannot be printed written as an escape such as `\n` or `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(unprintable, (char) => shortForms[char] ?? `\\u{${char.charCodeAt(0).toString(16)}}`);
}
