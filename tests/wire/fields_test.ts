import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { decodeText, encodeText, joinFields, parseUnsigned64 } from "../../src/wire/fields.ts";

Deno.test("text survives its encoding, a leading byte order mark included", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(decodeText(encodeText(text)), text);
  }));
  assert.equal(decodeText(encodeText("\ufeffid")), "\ufeffid");
});

Deno.test("bytes that are not UTF-8 are reported and do not spoil the next text", () => {
  const invalid: readonly (readonly number[])[] = [[0xff], [0xc3], [0xc0, 0x81], [0xed, 0xa0, 0x80], [0x41, 0x80]];
  for (const bytes of invalid) {
    assert.equal(decodeText(new Uint8Array(bytes)), undefined);
    assert.equal(decodeText(encodeText("PING")), "PING");
  }
});

Deno.test("a field with the separator is refused", () => {
  assert.equal(joinFields(["A", "", "b"]), "A\x01\x01b");
  assert.throws(
    () => joinFields(["A", "b\x01c"]),
    (error) =>
      error instanceof CdktrError && error.code === "INVALID_ARGUMENT" && error.message.includes('"b\\u0001c"'),
  );
});

Deno.test("unsigned 64-bit numbers are read as the original reads them", () => {
  const table: readonly (readonly [text: string, value: number | undefined])[] = [
    ["0", 0],
    ["1795253871617", 1795253871617],
    ["+5", 5],
    ["007", 7],
    ["+0000000000000000000000000000000000000001", 1],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740993", Number.MAX_SAFE_INTEGER],
    ["18446744073709551615", Number.MAX_SAFE_INTEGER],
    ["18446744073709551616", undefined],
    ["20000000000000000000", undefined],
    ["9".repeat(100_000), undefined],
    ["", undefined],
    ["+", undefined],
    ["++5", undefined],
    ["-0", undefined],
    ["-5", undefined],
    [" 5", undefined],
    ["5 ", undefined],
    ["5\n", undefined],
    ["1e3", undefined],
    ["1.0", undefined],
    ["0x10", undefined],
    ["1_000", undefined],
    ["٣", undefined],
  ];
  for (const [text, value] of table) assert.equal(parseUnsigned64(text), value, JSON.stringify(text.slice(0, 40)));
});
