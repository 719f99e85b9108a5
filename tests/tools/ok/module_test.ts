import assert from "node:assert/strict";
import { parseModule, resolve } from "../../../tools/ok/module.ts";

const parse = (text: string, path = "src/core/a.ts") => parseModule({ path, text });

Deno.test("a relative import means a file, a package none", () => {
  assert.equal(resolve("src/core/a.ts", "./b.ts"), "src/core/b.ts");
  assert.equal(resolve("src/core/a.ts", "../clock/mod.ts"), "src/clock/mod.ts");
  assert.equal(resolve("src/core/a.ts", "zod"), null);
  assert.equal(resolve("src/core/a.ts", "node:fs"), null);
});

Deno.test("every form of import is seen, with the names it binds", () => {
  const { imports } = parse(`
    import d, { a, b as c, type T } from "./b.ts";
    import * as all from "./c.ts";
    import "./d.ts";
    const lazy = await import("./e.ts");
    type L = import("./f.ts").L;
    new Worker(new URL("./g.ts", import.meta.url), { type: "module" });
    export { x } from "./h.ts";
  `);
  const seen = imports.map(({ target, kind, names }) =>
    `${kind} ${target} ${names.map(({ imported, local }) => `${imported}=${local}`).join()}`
  );
  assert.deepEqual(seen.sort(), [
    "lazy src/core/e.ts *=null",
    "lazy src/core/f.ts *=null",
    "static src/core/b.ts default=d,a=a,b=c,T=T",
    "static src/core/c.ts *=all",
    "static src/core/d.ts ",
    "static src/core/h.ts ",
    "url src/core/g.ts *=null",
  ]);
});

Deno.test("every form of export is seen", () => {
  const { exports } = parse(`
    export const a = 1, { b, c: [d] } = f();
    export function e() {}
    export class F {}
    export interface G {}
    export type H = 1;
    export { a as i };
    export { j as k } from "./j.ts";
    export * from "./l.ts";
    export * as m from "./m.ts";
    export default 1;
    const hidden = 1;
  `);
  assert.deepEqual(exports.map(({ name }) => name), ["a", "b", "d", "e", "F", "G", "H", "i", "k", "*", "m", "default"]);
  assert.deepEqual(exports.find(({ name }) => name === "k")?.from, { target: "src/core/j.ts", name: "j" });
});

Deno.test("what stands in a string or a comment is no import", () => {
  const { imports } = parse(
    "const text = `import { a } from './b.ts';`; // import './c.ts'\n/* export * from './d.ts' */",
  );
  assert.deepEqual(imports, []);
});

Deno.test("a file that does not parse is still looked at", () => {
  assert.equal(parse(`import { a } from "./b.ts"; function (`).imports.length, 1);
});
