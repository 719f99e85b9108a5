import { deepEqual, equal } from "node:assert/strict";
import { bashWords, forBash } from "../../../src/cli/completions/bash_line.ts";

const lines: [line: string, words: string[]][] = [
  ["", [""]],
  ["cdktr", ["cdktr"]],
  ["cdktr ", ["cdktr", ""]],
  ["  cdktr   runs  sh", ["cdktr", "runs", "sh"]],
  ["cdktr --state=fa", ["cdktr", "--state=fa"]],
  ["cdktr ada@build01/AG x:y", ["cdktr", "ada@build01/AG", "x:y"]],
  [`cdktr "two words" 'it''s' a\\ b "q\\"q" '\\'`, ["cdktr", "two words", "its", "a b", 'q"q', "\\"]],
  [`cdktr '' "`, ["cdktr", "", ""]],
  [`cdktr "open wo`, ["cdktr", "open wo"]],
];
for (const [line, words] of lines) {
  Deno.test(`the words of ${JSON.stringify(line)}`, () => deepEqual(bashWords(line), words));
}

Deno.test("bash gets what replaces its own part of a word, with a backslash before what it would act on", () => {
  const breaks = " \t\n\"'@><=;|&(:";
  equal(forBash("--state=failed", "--state=fa", breaks), "failed");
  equal(forBash("ada@build01/AG", "ada@b", breaks), "build01/AG");
  equal(forBash("ada@build01/AG", "ad", breaks), "ada@build01/AG");
  equal(forBash("ada@build01/AG", "ada@b", " \t\n"), "ada@build01/AG");
  equal(forBash("$(reboot) x", "", breaks), "\\$\\(reboot\\)\\ x");
});
