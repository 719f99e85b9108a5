/** What every message of the original is made of: UTF-8 text in fields, cut at the byte 0x01, nothing escaped. */
import { CdktrError } from "../core/mod.ts";

/** Stands between two fields and can therefore be in none of them. */
export const fieldSeparator = "\x01";
/** {@linkcode fieldSeparator} as a byte; in UTF-8 it is never part of another character. */
export const fieldSeparatorByte = 0x01;

const encoder = new TextEncoder();
// Without ignoreBOM the decoder would swallow a leading byte order mark, which is part of the text like any other character.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of `bytes`, or undefined when they are not valid UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Joins fields into the text of one message.
 *
 * @throws {CdktrError} INVALID_ARGUMENT when a field holds the separator, which the format cannot escape.
 */
export function joinFields(fields: readonly string[]): string {
  for (const field of fields) {
    if (!field.includes(fieldSeparator)) continue;
    throw new CdktrError(
      "INVALID_ARGUMENT",
      `Cannot send ${
        JSON.stringify(field)
      }: it contains the character U+0001, which separates the fields of a message.`,
      { hint: "Remove that character." },
    );
  }
  return fields.join(fieldSeparator);
}

const unsignedPattern = /^\+?0*([0-9]+)$/;
const maxUnsigned64Digits = "18446744073709551615";

/**
 * Reads an unsigned 64-bit decimal number as the original does: digits with an optional leading `+`, nothing else.
 *
 * @returns The number, at most `Number.MAX_SAFE_INTEGER`, to which larger ones are lowered; undefined when `text` is not
 * such a number or is above 2^64 - 1.
 */
export function parseUnsigned64(text: string): number | undefined {
  const digits = unsignedPattern.exec(text)?.[1];
  if (digits === undefined || digits.length > maxUnsigned64Digits.length) return undefined;
  if (digits.length === maxUnsigned64Digits.length && digits > maxUnsigned64Digits) return undefined;
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}
