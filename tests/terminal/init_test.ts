/** `cdktr init` asks on a terminal, and only there. */
import { deepEqual, equal, match } from "node:assert/strict";
import { temporaryDirectory } from "../cli/call.ts";
import { findExecutable } from "../executable.ts";
import { terminalTest, TestTerminal } from "./tmux.ts";

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}

async function openTerminal(cwd: string): Promise<TestTerminal> {
  const { PATH = "", HOME = "" } = Deno.env.toObject();
  return await TestTerminal.open({ cwd, env: { PATH, HOME } });
}

const questions = ["Example workflows?", ".env.example?", "systemd units", "Dockerfile?", "GitHub workflow"];

terminalTest("init asks for each part, yes being the answer, and writes when all are answered", async () => {
  await using directory = await temporaryDirectory();
  await using terminal = await openTerminal(directory.path);
  await terminal.enter(`${await findExecutable()} init`);
  for (const [index, answer] of ["", "n", "maybe", "no", "y", "N"].entries()) {
    // The third question is asked again.
    await terminal.until(
      new RegExp(`${RegExp.escape(questions[index < 3 ? index : index - 1] ?? "")}.*\\[Y/n\\]\\s*$`),
    );
    if (index === 3) await terminal.until("Please answer y or n.");
    deepEqual(await namesIn(directory.path), [], "nothing is written before the last answer");
    await terminal.enter(answer);
  }
  equal(await terminal.prompted(), 0);
  deepEqual(await namesIn(directory.path), [
    ".dockerignore",
    ".gitignore",
    "Dockerfile",
    "README.md",
    "schema",
    "workflows",
  ]);
});

terminalTest("Ctrl-C and the end of input leave nothing behind, and say so", async () => {
  await using directory = await temporaryDirectory();
  await using terminal = await openTerminal(directory.path);
  for (const [key, code] of [["C-c", 130], ["C-d", 2]] as const) {
    await terminal.enter(`clear; ${await findExecutable()} init`);
    await terminal.until(questions[0] ?? "");
    await terminal.press("Enter");
    await terminal.until(questions[1] ?? "");
    await terminal.press(key);
    equal(await terminal.prompted(), code);
    if (key === "C-d") match(await terminal.screen(), /The questions were not answered, so nothing was written\./);
    deepEqual(await namesIn(directory.path), []);
  }
});

terminalTest("init --yes asks nothing, and a part that a flag leaves out is not asked for", async () => {
  await using directory = await temporaryDirectory();
  await using terminal = await openTerminal(directory.path);
  await terminal.enter(`${await findExecutable()} init --no-example --no-dotenv --no-systemd --no-docker`);
  await terminal.until("GitHub workflow");
  await terminal.press("Enter");
  equal(await terminal.prompted(), 0);
  deepEqual(await namesIn(directory.path), [".github", ".gitignore", "README.md", "schema"]);
  await terminal.enter(`clear; ${await findExecutable()} init --yes`);
  await terminal.until("Wrote deploy/cdktr-agent.service");
  equal(await terminal.prompted(), 0);
  equal((await namesIn(directory.path)).includes("workflows"), true);
});
