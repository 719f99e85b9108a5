/** Nothing of the program is without a specification: each command, each exit code, each code of an error. */
import { deepEqual, equal, match } from "node:assert/strict";
import { findExecutable } from "../executable.ts";
import { Outsider, Service, type Shown, type Spot } from "./outsider.ts";
import { beyondOutsiders, blocks } from "./specifications.ts";

const all = blocks.flatMap(({ specifications }) => specifications);
const shown = new Set<Shown>(all.flatMap(({ shows }) => shows));

/** Calls `act` with the executable in a place of its own. */
async function withPlace(act: (place: Spot) => Promise<void>): Promise<void> {
  const executable = await findExecutable();
  await using outsider = new Outsider(executable, new Service(executable));
  await act(await outsider.place());
}

/** The words that a help page lists below `Commands:`. */
function commandsIn(help: string): string[] {
  const [, list = ""] = /\nCommands:\n((?: {2}.*\n)+)/.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, word = ""]) => word).filter((word) => word !== "help");
}

/** A command and all below it. One that only holds others, and has no options, is none itself. Each has a help page. */
async function commandsBelow(place: Spot, words: readonly string[]): Promise<string[]> {
  const help = await place.read([...words, "--help"]);
  match(help, new RegExp(`^Usage: ${["cdktr", ...words].join(" ")} `));
  const below = commandsIn(help);
  const found = (await Promise.all(below.map((word) => commandsBelow(place, [...words, word])))).flat();
  const doesMore = words.length > 0 && /^ {2}-(?!h, --help)/m.test(help);
  return below.length === 0 || doesMore ? [words.join(" "), ...found] : found;
}

Deno.test("each command that --help lists has a specification", () =>
  withPlace(async (place) => {
    const commands = await commandsBelow(place, []);
    deepEqual(commands.filter((command) => !shown.has(command)), [], "add specifications in tests/blackbox/blocks");
    const words = [...shown].filter((one) => typeof one === "string" && !/^[A-Z_]+$/.test(one));
    deepEqual(words.filter((word) => !commands.includes(String(word))), [], "there are no such commands");
  }));

Deno.test("each exit code that --help lists has a specification", () =>
  withPlace(async (place) => {
    const [, list = ""] = /\nExit codes:\n((?: {2}.*\n)+)/.exec(await place.read(["--help"])) ?? [];
    const codes = [...list.matchAll(/^ {2}(\d+) |\((\d+):/gm)].map(([, code, other]) => Number(code ?? other));
    deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 130, 143]);
    deepEqual(codes.filter((code) => !shown.has(code)), []);
  }));

Deno.test("each code of an error in docs/errors.md has a specification, or a reason why it has none", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/errors.md", import.meta.url));
  const codes = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = ""]) => code);
  deepEqual(codes.filter((code) => !shown.has(code)).sort(), Object.keys(beyondOutsiders).sort());
});

Deno.test("a specification has a number of its own, in the hundred of its block, and a sentence", () => {
  equal(new Set(all.map(({ number }) => number)).size, all.length);
  for (const { hundred, specifications } of blocks) {
    for (const { number, sentence } of specifications) {
      equal(Math.floor(number / 100), hundred, String(number));
      match(sentence, /^\S.*[^.]$/, String(number));
    }
    const numbers = specifications.map(({ number }) => number);
    deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  }
});

Deno.test("specifications know nothing of the source: no file that they import is of src/", async () => {
  const source = new URL("../../src/", import.meta.url).href;
  const seen = new Set<string>();
  const visit = async (url: string) => {
    if (seen.has(url)) return;
    seen.add(url);
    equal(url.startsWith(source), false, `${url} is imported`);
    const text = await Deno.readTextFile(new URL(url));
    for (const [, specifier = ""] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      await visit(new URL(specifier, url).href);
    }
  };
  await visit(new URL("specifications_test.ts", import.meta.url).href);
  equal(seen.has(new URL("blocks/run.ts", import.meta.url).href), true);
});
