import { equal } from "node:assert/strict";
import { inAscii } from "../../src/paint/in_ascii.ts";
import { Painter, span } from "../../src/paint/mod.ts";

Deno.test("what ASCII has no character for becomes question marks, as wide as it was", () => {
  equal(inAscii("plain: ~ text"), "plain: ~ text");
  equal(inAscii("cut off…"), "cut off~");
  equal(inAscii("Übersicht 日報 e\u0301"), "?bersicht ???? ?");
});

Deno.test("a painter for a terminal of ASCII writes nothing else", () => {
  equal(new Painter("dark", 0, true).ansi([span("etl.tä…")]), "etl.t?~");
});
