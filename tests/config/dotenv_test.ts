import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { parseDotenv } from "../../src/config/dotenv.ts";

function values(text: string, environment: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries([...parseDotenv(text, ".env", environment)].map(([name, { value }]) => [name, value]));
}

const readings: [behaviour: string, text: string, expected: Record<string, string>][] = [
  ["a plain assignment", "A=1", { A: "1" }],
  ["export in front", "export A=1", { A: "1" }],
  ["blanks around the equals sign and at the end", "  A = 1  ", { A: "1" }],
  ["an empty value", "A=\nB= # nothing", { A: "", B: "" }],
  ["comments, blank lines, a bare export", "# c\n\n   # d\nexport A\nA=1", { A: "1" }],
  ["a comment after the value", "A=1 # one", { A: "1" }],
  ["a # inside a value as part of it", "A=a#b\nC=#c\nB='# no comment'", { A: "a#b", C: "#c", B: "# no comment" }],
  ["an equals sign inside a value as part of it", "URL=http://h/?a=b", { URL: "http://h/?a=b" }],
  ["single quotes literally", "A='$HOME \\n \"x\"'", { A: '$HOME \\n "x"' }],
  ["escapes in double quotes", String.raw`A="a\nb \"c\" \\ \$D \' e"`, { A: 'a\nb "c" \\ $D \' e' }],
  ["escaped blanks without quotes", String.raw`A=a\ b`, { A: "a b" }],
  ["quotes inside a value, as a shell does", `A=x"y z"'$w'`, { A: "xy z$w" }],
  ["an apostrophe in double quotes", `A="it's"`, { A: "it's" }],
  ["a lone dollar sign as itself", "A=5$\nB=$ # c", { A: "5$", B: "$" }],
  ["variables from lines above", 'A=1\nB=$A-${A}x\nC="$A $B"', { A: "1", B: "1-1x", C: "1 1-1x" }],
  ["an unknown variable as nothing", "A=[$NOPE]", { A: "[]" }],
  ["the first of two lines with one name", "A=1\nA=2", { A: "1" }],
  ["Windows line ends and a byte order mark", "\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
];

for (const [behaviour, text, expected] of readings) {
  Deno.test(`.env: reads ${behaviour}`, () => deepEqual(values(text), expected));
}

Deno.test(".env: a variable takes its value from the environment before the lines above", () => {
  equal(values("A=file\nB=$A", { A: "shell" })["B"], "shell");
});

Deno.test(".env: remembers the line of each variable", () => {
  deepEqual([...parseDotenv("# c\nA=1\n\nB=2", ".env", {})].map(([name, { line }]) => [name, line]), [["A", 2], [
    "B",
    4,
  ]]);
});

const refusals: [behaviour: string, text: string, line: number, sentence: RegExp][] = [
  ["a line without an equals sign", "A=1\nhello", 2, /neither a comment nor KEY=value/],
  ["a name that begins with a digit", "1A=x", 1, /neither a comment nor KEY=value/],
  ["a blank inside a value without quotes", "A=s3cret word", 1, /value of A .* no quotes/],
  ["a quote that is not closed in its line", 'A=1\n\nB="open', 3, /value of B .* closes/],
  ["an escape that means nothing", String.raw`A=C:\dir`, 1, /\\d means nothing/],
  ["a variable reference that is not closed", "A=${B", 1, /\$\{ has no name/],
];

for (const [behaviour, text, line, sentence] of refusals) {
  Deno.test(`.env: refuses ${behaviour}, naming file and line but not the value`, () => {
    throws(() => parseDotenv(text, "/srv/.env", {}), (error) => {
      return error instanceof CdktrError && error.code === "INVALID_SETTING" && sentence.test(error.message) &&
        error.message.startsWith(`/srv/.env, line ${line}: `) && !error.message.includes("s3cret");
    });
  });
}

Deno.test(".env: whatever stands in single quotes comes back as it is", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }).filter((text) => !/['\r\n]/.test(text)), (text) => {
    equal(values(`A='${text}'`)["A"], text);
  }));
});

Deno.test(".env: any text at all is read or refused with a line number", () => {
  const hostile = fc.string({ unit: fc.constantFrom("A", "=", "$", "{", "}", "'", '"', "\\", " ", "#", "\n", "\t") });
  fc.assert(fc.property(hostile, (text) => {
    try {
      parseDotenv(text, ".env", {});
    } catch (error) {
      if (!(error instanceof CdktrError && /line \d+/.test(error.message))) throw error;
    }
  }));
});
