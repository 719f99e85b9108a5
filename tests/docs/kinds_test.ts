/** Every block of every page is of a kind that a test looks at. */
import assert from "node:assert/strict";
import { parse as parseYaml } from "yaml";
import { allPages, checkout } from "./pages.ts";

/** The kinds of blocks, and what looks at them. */
const kinds: Readonly<Record<string, string>> = {
  "": "a drawing, or what a program prints; lines that begin with `$ ` are typed by typed_test.ts",
  bash: "typed_test.ts",
  console: "lines that begin with `$ ` are typed by typed_test.ts",
  cron: "read by people",
  dockerfile: "read by people; tests/project builds the one of `cdktr init`",
  fish: "typed_test.ts",
  ini: "read by people; a unit, or settings",
  json: "below",
  mermaid: "read by people",
  powershell: "typed_test.ts",
  python: "the tests of the page, below",
  sh: "typed_test.ts",
  sql: "read by people",
  text: "a drawing, or what a program prints",
  toml: "read by people",
  ts: "the tests of the page, below",
  yaml: "yaml_test.ts",
  zsh: "typed_test.ts",
};

/** The tests that run the Python and TypeScript of a page, by the page. */
const programTests: Readonly<Record<string, string>> = {
  "docs/listeners.md ts": "tests/listener/docs_test.ts",
  "docs/python.md python": "python/tests/test_docs.py",
  "docs/recipes.md python": "python/tests/test_docs.py",
  "docs/wire.md python": "tests/docs/wire_test.ts",
  "python/README.md python": "python/tests/test_docs.py",
};

const blocks = (await allPages()).flatMap(({ path, blocks }) => blocks.map((block) => ({ path, ...block })));

Deno.test("every block of every page is of a known kind", () => {
  assert.ok(blocks.length > 60, `${blocks.length} were found`);
  const unknown = blocks.filter(({ language }) => !Object.hasOwn(kinds, language));
  assert.deepEqual(unknown.map(({ where, language }) => `${where}: ${language}`), []);
});

Deno.test("commands stand in blocks of the shell, or behind `$ `", () => {
  const wrong = blocks.filter(({ language, text }) => ["", "text"].includes(language) && /^cdktr [a-z]+ /m.test(text));
  // How a command is called, with what is to be replaced in it, is no command.
  assert.deepEqual(wrong.filter(({ path }) => path !== "docs/command-reference.md").map(({ where }) => where), []);
});

Deno.test("every program in Python or TypeScript is one that a test runs, or a file that a workflow of its page runs", async () => {
  for (const { path, language, where, text } of blocks.filter(({ language }) => ["python", "ts"].includes(language))) {
    const isScript = /^# [\w/-]+\.py\n/.test(text);
    const test = programTests[`${path} ${language}`];
    assert.ok(isScript || test !== undefined, `${where}: name the test that runs it in tests/docs/kinds_test.ts`);
    if (isScript || test === undefined) continue;
    assert.ok(
      (await Deno.readTextFile(checkout + test)).includes(path.split("/").at(-1) ?? ""),
      `${test} reads ${path}`,
    );
  }
});

Deno.test("the JSON of every page can be read", () => {
  for (const { where, text } of blocks.filter(({ language }) => language === "json")) {
    assert.doesNotThrow(() => JSON.parse(text), where);
  }
});

Deno.test("every task of deno that a page names is there", async () => {
  const { tasks } = parseYaml(await Deno.readTextFile(`${checkout}deno.json`));
  const named = (await allPages()).flatMap(({ path, text }) =>
    [...text.matchAll(/(?<=[`\s])(?:deno|npx -y deno@[\d.]+) task (?:--quiet )?([a-z]+)/g)].map(([, task = ""]) => ({
      path,
      task,
    }))
  );
  assert.ok(named.length > 10, `${named.length} were found`);
  assert.deepEqual(named.filter(({ task }) => !Object.hasOwn(tasks, task)), []);
});
