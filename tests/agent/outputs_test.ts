import assert from "node:assert/strict";
import fc from "fast-check";
import { outputLimits, type Outputs, outputVariable, parseOutputs, RunOutputs } from "../../src/agent/outputs.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseOutputs(encode(text));

const read: [name: string, text: string, outputs: Outputs | null][] = [
  ["nothing", "", null],
  ["blank lines", "\n \r\n\n", null],
  ["an empty object", " {} ", null],
  ["lines", "rows=12\nfile=/tmp/a b\n", { rows: "12", file: "/tmp/a b" }],
  ["a value with = and blanks, and no line end", "query=a=b = c ", { query: "a=b = c " }],
  ["an empty value", "empty=", { empty: "" }],
  ["line ends of Windows", "a=1\r\nb=2\r\n", { a: "1", b: "2" }],
  ["a key given twice: the last counts", "a=1\na=2", { a: "2" }],
  ["an object", '{"s": "x\\ny", "n": 1.5, "b": true, "z": null, "l": [1, {"k": "v"}]}', {
    s: "x\ny",
    n: "1.5",
    b: "true",
    z: "null",
    l: '[1,{"k":"v"}]',
  }],
  ["a byte order mark is no part of a key", "\ufeffa=1", { a: "1" }],
];

for (const [name, text, outputs] of read) {
  Deno.test(`outputs: ${name}`, () => assert.deepEqual(parse(text), { outputs }));
}

const refused: [name: string, bytes: Uint8Array, problem: RegExp][] = [
  ["a line without =", encode("a=1\nrows 12\n"), /^line 2 \("rows 12"\) is not KEY=VALUE$/],
  ["a key that begins with a digit", encode("1a=x"), /^line 1 \("1a=x"\) has a key that cannot be used: a key has/],
  ["a key with a blank", encode("a =x"), /has a key that cannot be used/],
  ["a key too long", encode(`${"k".repeat(65)}=x`), /has a key that cannot be used/],
  ["a key of JSON that is none", encode('{"a-b": 1}'), /^the key "a-b" cannot be used/],
  ["broken JSON", encode('{"a": 1'), /^they begin like a JSON object and are none: /],
  ["what is not UTF-8", new Uint8Array([0x61, 0x3d, 0xff]), /^they are not UTF-8$/],
  ["a NUL", encode("a=x\0y"), /^they contain a NUL character$/],
  ["a NUL written as JSON", encode('{"a": "x\\u0000"}'), /^the value of a contains a NUL character$/],
  ["more than 64 KiB", encode(`a=${"x".repeat(outputLimits.maxTaskBytes)}`), /^they are larger than 65536 bytes$/],
  ["a value that grows beyond it", encode(`{"a":[${Array(8000).fill("1e20")}]}`), /^the value of a is too long$/],
  [
    "101 keys",
    encode(Array.from({ length: 101 }, (_, index) => `k${index}=`).join("\n")),
    /^they have 101 keys, at most/,
  ],
];

for (const [name, bytes, problem] of refused) {
  Deno.test(`outputs: ${name} is refused`, () => {
    const parsed = parseOutputs(bytes);
    assert.ok("problem" in parsed, JSON.stringify(parsed));
    assert.match(parsed.problem, problem);
  });
}

Deno.test("outputs: what is written as JSON or as lines is read back", () => {
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);
  const value = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0") && text.isWellFormed());
  fc.assert(fc.property(fc.dictionary(key, value, { maxKeys: 20 }), (outputs) => {
    const expected = Object.keys(outputs).length === 0 ? null : { ...outputs };
    assert.deepEqual(parse(JSON.stringify(outputs)), { outputs: expected });
    const entries = Object.entries(outputs).filter(([, text]) => !/[\r\n]/.test(text));
    const lines = entries.map(([name, text]) => `${name}=${text}`).join("\n");
    assert.deepEqual(parse(lines), { outputs: entries.length === 0 ? null : Object.fromEntries(entries) });
  }));
});

Deno.test("outputs: any bytes are read or refused, and what is read is within the limits", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const parsed = parseOutputs(bytes);
    if ("problem" in parsed) return;
    for (const name of Object.keys(parsed.outputs ?? {})) assert.match(name, /^[A-Za-z_][A-Za-z0-9_]{0,63}$/);
  }));
});

Deno.test("outputs: the variable is in upper case, and has _ for whatever a variable cannot have", () => {
  assert.equal(outputVariable("load.eu-1", "fileName"), "CDKTR_OUTPUT_LOAD_EU_1_FILENAME");
  assert.equal(outputVariable("a b/é😀", "k"), "CDKTR_OUTPUT_A_B____K");
});

const task = (id: string, ...depends: string[]) => ({ id, depends });
const seen = (outputs: RunOutputs, id: string) => Object.fromEntries(outputs.seenBy(id));

Deno.test("outputs: a task sees those of all tasks above it, and of no other", () => {
  const outputs = new RunOutputs([task("a"), task("b", "a"), task("c"), task("d", "b", "c"), task("e", "c")], []);
  assert.equal(outputs.add("a", { x: "1" }), undefined);
  outputs.add("b", null);
  assert.deepEqual(seen(outputs, "b"), { a: { x: "1" } });
  outputs.add("c", { y: "2" });
  assert.deepEqual(seen(outputs, "d"), { a: { x: "1" }, c: { y: "2" } });
  assert.deepEqual(seen(outputs, "e"), { c: { y: "2" } });
  assert.deepEqual(seen(outputs, "a"), {});
});

Deno.test("outputs: those of kept tasks are seen too, in whatever order the tasks stand in the file", () => {
  const kept = [{ taskId: "b", taskRunId: "2", outputs: { y: "2" } }, {
    taskId: "a",
    taskRunId: "1",
    outputs: { x: "1" },
  }];
  const outputs = new RunOutputs([task("c", "b"), task("b", "a"), task("a")], kept);
  assert.deepEqual(seen(outputs, "c"), { a: { x: "1" }, b: { y: "2" } });
});

Deno.test("outputs: a run has no more than a limit of them, kept ones counted, and goes on without those beyond", () => {
  const large = { v: "x".repeat(60_000) };
  const count = Math.floor(outputLimits.maxRunBytes / 60_000);
  const ids = Array.from({ length: count + 1 }, (_, index) => `t${index}`);
  const tasks = [...ids.map((id) => task(id)), task("end", ...ids)];
  const outputs = new RunOutputs(tasks, [{ taskId: "t0", taskRunId: "0", outputs: large }]);
  for (const id of ids.slice(1, count)) assert.equal(outputs.add(id, large), undefined);
  const last = ids.at(-1) ?? "";
  assert.equal(outputs.add(last, large), "with them the run would have more than 1048576 bytes of outputs");
  assert.equal(outputs.add(last, { small: "1" }), undefined);
  assert.equal(outputs.seenBy("end").size, count + 1);
});

Deno.test("outputs: each task sees what the closure of its dependencies left", () => {
  const graph = fc.integer({ min: 1, max: 20 }).chain((count) =>
    fc.record({
      depends: fc.tuple(...Array.from({ length: count }, (_, index) =>
        index === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: index - 1 }), { maxLength: 4 }))),
      leaves: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      keptUpTo: fc.integer({ min: 0, max: count }),
    })
  );
  fc.assert(fc.property(graph, ({ depends, leaves, keptUpTo }) => {
    const id = (index: number) => `t${index}`;
    const tasks = depends.map((on, index) => task(id(index), ...on.map(id)));
    const left = leaves.map((leaf, index) => leaf ? { k: String(index) } : null);
    const kept = left.slice(0, keptUpTo).map((outputs, index) => ({ taskId: id(index), taskRunId: "r", outputs }));
    const outputs = new RunOutputs(tasks, kept);
    const above: Set<number>[] = [];
    depends.forEach((on, index) => {
      const all = new Set(on.flatMap((other) => [other, ...above[other] ?? []]));
      above.push(all);
      const expected = [...all].filter((other) => leaves[other]).map(id).sort();
      assert.deepEqual([...outputs.seenBy(id(index)).keys()].sort(), expected);
      if (index >= keptUpTo) outputs.add(id(index), left[index] ?? null);
    });
  }));
});

Deno.test("outputs: a chain and a fan of 20,000 tasks are no trouble", () => {
  const size = 20_000;
  const chain = Array.from(
    { length: size },
    (_, index) => index === 0 ? task("t0") : task(`t${index}`, `t${index - 1}`),
  );
  const outputs = new RunOutputs(chain, []);
  outputs.add("t0", { k: "v" });
  for (let index = 1; index < size; index++) outputs.add(`t${index}`, null);
  assert.deepEqual(seen(outputs, `t${size - 1}`), { t0: { k: "v" } });

  const ids = Array.from({ length: size }, (_, index) => `t${index}`);
  const fan = new RunOutputs([...ids.map((id) => task(id)), task("end", ...ids)], []);
  for (const id of ids) fan.add(id, { k: "v" });
  assert.equal(fan.seenBy("end").size, size);
});
