import assert from "node:assert/strict";
import fc from "fast-check";
import { ZmtpError } from "../../src/zmtp/mod.ts";
import { FrameParser } from "../../src/zmtp/parser.ts";
import { frame, hex, join } from "./raw_peer.ts";

const tebibyte = 2 ** 40;

interface Frame {
  flags: number;
  body: Uint8Array;
}

/** Feeds `stream` in pieces that end at `cuts` (and wherever the parser has no more room). */
function parse(parser: FrameParser, stream: Uint8Array, cuts: readonly number[] = []): Frame[] {
  const frames: Frame[] = [];
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let at = 0;
  for (const end of ends) {
    while (at < end) {
      const space = parser.space();
      assert.ok(space.length > 0);
      const piece = stream.subarray(at, Math.min(end, at + space.length));
      space.set(piece);
      parser.filled(piece.length);
      at += piece.length;
      for (let body = parser.next(); body; body = parser.next()) frames.push({ flags: parser.flags, body });
    }
  }
  return frames;
}

/** Frames with many small bodies and a few around every boundary of the parser. */
const someFrames = fc.array(
  fc.record({
    flags: fc.constantFrom(0, 1, 4),
    body: fc.oneof(
      { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(254, 255, 256, 4_095, 8_190, 65_526, 65_527, 65_535, 65_536, 131_072, 300_000)
          .map((size) => new Uint8Array(size).fill(size % 251)),
      },
    ),
  }),
  { maxLength: 30 },
);

Deno.test("any split of a valid stream gives the same frames", () => {
  fc.assert(
    fc.property(someFrames, fc.array(fc.nat(2_000_000), { maxLength: 60 }), (frames, cuts) => {
      const stream = join(...frames.map(({ flags, body }) => frame(flags, body)));
      const parsed = parse(new FrameParser(tebibyte), stream, cuts);
      assert.equal(parsed.length, frames.length);
      for (const [index, { flags, body }] of parsed.entries()) {
        assert.equal(flags, frames[index]?.flags);
        assert.ok(
          body.length === frames[index]?.body.length && body.every((byte, at) => byte === frames[index]?.body[at]),
        );
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("a stream that arrives byte by byte gives the same frames", () => {
  const bodies = [0, 1, 255, 256, 9_000].map((size) => new Uint8Array(size).fill(size % 251));
  const stream = join(...bodies.map((body) => frame(0, body)));
  const parsed = parse(new FrameParser(tebibyte), stream, Array.from(stream, (_, index) => index));
  assert.deepEqual(parsed.map(({ body }) => body.slice()), bodies);
});

Deno.test("any bytes at all give frames within the limits or an error, in bounded memory", () => {
  const maxFrameBytes = 200_000;
  // Half of the inputs begin like frames, so that they get further than the first byte.
  const input = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      someFrames.map((frames) => join(...frames.map(({ flags, body }) => frame(flags, body)))),
    ),
    { maxLength: 12 },
  ).map((parts) => join(...parts));
  fc.assert(
    fc.property(input, fc.array(fc.nat(1_000_000), { maxLength: 20 }), (stream, cuts) => {
      const parser = new FrameParser(maxFrameBytes);
      try {
        for (const { flags, body } of parse(parser, stream, cuts)) {
          assert.ok(body.length <= maxFrameBytes);
          assert.ok([0, 1, 4].includes(flags));
        }
      } catch (error) {
        assert.ok(error instanceof ZmtpError);
        assert.ok(error.code === "PROTOCOL" || error.code === "LIMIT_EXCEEDED");
      }
      assert.ok(parser.allocatedBytes <= 64 * 1024 + maxFrameBytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("an announced frame of 1 TiB is refused, and allocates nothing where it is allowed", () => {
  const header = hex("02 00 00 01 00 00 00 00 00");
  assert.throws(() => parse(new FrameParser(64 * 1024 * 1024), header), { code: "LIMIT_EXCEEDED" });
  const parser = new FrameParser(2 * tebibyte);
  assert.deepEqual(parse(parser, join(header, new Uint8Array(100))), []);
  assert.ok(parser.allocatedBytes <= 8 * 1024 + 128 * 1024);
});

Deno.test("a length of all ones is refused", () => {
  assert.throws(() => parse(new FrameParser(tebibyte), hex("02 ff ff ff ff ff ff ff ff")), { code: "LIMIT_EXCEEDED" });
});

Deno.test("a large frame's buffer grows with the bytes that arrive and is never larger than the frame", () => {
  const size = 1_000_000;
  const parser = new FrameParser(tebibyte);
  const stream = frame(0, new Uint8Array(size));
  let fed = 0;
  for (const part of [70_000, 70_000, 200_000, 400_000]) {
    parse(parser, stream.subarray(fed, fed + part));
    fed += part;
    assert.ok(parser.allocatedBytes <= 64 * 1024 + Math.max(128 * 1024, 2 * fed));
  }
  const [last] = parse(parser, stream.subarray(fed));
  assert.equal(last?.body.length, size);
  assert.equal(last?.body.buffer.byteLength, size);
});

Deno.test("bodies are views that later bytes do not change", () => {
  const parser = new FrameParser(tebibyte);
  const [first] = parse(parser, frame(0, new Uint8Array(5_000).fill(7)));
  for (let round = 0; round < 50; round++) parse(parser, frame(0, new Uint8Array(5_000).fill(9)));
  assert.ok(first?.body.every((byte) => byte === 7));
});

Deno.test("a short body in the long form is accepted, as the original sends none but reads both", () => {
  assert.deepEqual(parse(new FrameParser(10), hex("02 00 00 00 00 00 00 00 01 61")), [{ flags: 0, body: hex("61") }]);
});

for (const flags of ["08", "80", "ff", "05", "07"]) {
  Deno.test(`the flags 0x${flags} are refused`, () => {
    assert.throws(() => parse(new FrameParser(10), hex(`${flags} 00`)), { code: "PROTOCOL" });
  });
}
