import { equal, rejects } from "node:assert/strict";
import { jsonText, OutputClosed, OutputFailed, stderrOf, stdoutOf } from "../../src/cli/output.ts";

const size = { columns: 80, rows: 24 };

/** A sink that takes three bytes at a time. */
function slowSink(isTerminal = false) {
  let text = "";
  const decoder = new TextDecoder();
  const take = (bytes: Uint8Array) => {
    const taken = bytes.subarray(0, 3);
    text += decoder.decode(taken, { stream: true });
    return taken.length;
  };
  return {
    write: (bytes: Uint8Array) => Promise.resolve(take(bytes)),
    writeSync: take,
    isTerminal: () => isTerminal,
    text: () => text,
  };
}

Deno.test("writes come out whole and in order, though the caller does not wait and the sink takes little at a time", async () => {
  const sink = slowSink();
  const output = stdoutOf(sink, {}, () => size);
  const writes = ["first ", "zweitens äöü ", "third"].map((text) => output.write(text));
  await Promise.all(writes);
  equal(sink.text(), "first zweitens äöü third");
});

Deno.test("a broken pipe on stdout is an OutputClosed, for this write and all after it", async () => {
  const output = stdoutOf(
    { write: () => Promise.reject(new Deno.errors.BrokenPipe("EPIPE")), isTerminal: () => false },
    {},
    () => size,
  );
  await rejects(output.write("a"), OutputClosed);
  await rejects(output.write("b"), OutputClosed);
});

Deno.test("a full disk below stdout is an OutputFailed that says so", async () => {
  const write = () => Promise.reject(new Error("No space left on device (os error 28)"));
  const output = stdoutOf({ write, isTerminal: () => false }, {}, () => size);
  await rejects(output.write("a"), (error) =>
    error instanceof OutputFailed &&
    error.message === "Stdout cannot be written: No space left on device (os error 28).");
});

Deno.test("talk is written whole, and a reader that is gone is no error", () => {
  const sink = slowSink();
  stderrOf(sink, {}, () => size).say("a longer line");
  equal(sink.text(), "a longer line\n");
  const broken = {
    writeSync: () => {
      throw new Deno.errors.BrokenPipe("EPIPE");
    },
    isTerminal: () => false,
  };
  stderrOf(broken, {}, () => size).say("nobody hears");
});

const colourCases: [isTerminal: boolean, environment: Record<string, string>, colours: boolean][] = [
  [true, {}, true],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, {}, false],
];
for (const [isTerminal, environment, colours] of colourCases) {
  Deno.test(`colours are ${colours ? "on" : "off"} ${isTerminal ? "on a terminal" : "elsewhere"} with ${JSON.stringify(environment)}`, () => {
    equal(stdoutOf(slowSink(isTerminal), environment, () => size).colours, colours);
    equal(stderrOf(slowSink(isTerminal), environment, () => size).colours, colours);
  });
}

Deno.test("only a terminal has columns", () => {
  equal(stdoutOf(slowSink(true), {}, () => ({ columns: 120, rows: 40 })).columns(), 120);
  equal(stdoutOf(slowSink(false), {}, () => ({ columns: 120, rows: 40 })).columns(), undefined);
});

Deno.test("JSON means the same to programs, and holds nothing that a terminal could act on", () => {
  const value = { text: "a\x00\x1b[2J\x7f\x9b\u2028\u202eé数", list: [1] };
  equal(jsonText(value), String.raw`{"text":"a\u0000\u001b[2J\u007f\u009b\u2028\u202eé数","list":[1]}`);
  equal(JSON.stringify(JSON.parse(jsonText(value, 2))), JSON.stringify(value));
});
