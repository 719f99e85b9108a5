/** The manual pages: complete, the same wherever they are made, and without a word from the programs that show them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { settings } from "../../../src/config/mod.ts";
import { exitCodes } from "../../../src/cli/exit_codes.ts";
import { type PeerRuntime, peerTest } from "../../interop/peers.ts";
import { call, temporaryDirectory } from "../call.ts";
import { fullTree } from "../full_tree.ts";

async function page(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await call(["man", ...words]);
  deepEqual([exitCode, stderr], [0, ""]);
  return stdout;
}

/** Roff as what it stands for, but for its requests. */
function plain(roff: string): string {
  return roff.replaceAll("\\-", "-").replaceAll("\\e", "\\").replace(/\\f[BRI]|\\&/g, "");
}

async function findProgram(name: string, args: string[]): Promise<PeerRuntime> {
  try {
    await new Deno.Command(name, { args, stdin: "null", stdout: "null", stderr: "null" }).output();
    return { name, command: name, env: {} };
  } catch {
    return { name, missing: `${name} is not installed` };
  }
}

Deno.test("the page of the program tells all commands, settings, exit codes and files", async () => {
  const text = plain(await page());
  match(text, /^\.TH "CDKTR" 1 "" "cdktr \d+\.\d+\.\d+" "cdktr"\n\.nh\n\.SH NAME\ncdktr \\?- /);
  for (const { variable } of Object.values(settings)) ok(text.includes(`\n${variable}\n`), variable);
  for (const { code } of Object.values(exitCodes)) ok(text.includes(`.TP\n${code}\n`), String(code));
  for (const section of ["SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "FILES", "EXAMPLES"]) {
    ok(text.includes(`\n.SH ${section}\n`), section);
  }
});

Deno.test("the page of a command is found by its words and by its name, and one that is not there is told", async () => {
  const text = await page("runs", "list");
  equal(await page("runs-list"), text);
  equal(await page("cdktr-runs-list"), text);
  match(plain(text), /\n\.SH EXAMPLES\n\.nf\ncdktr runs list --state failed,crashed --since 1d\n/);
  const { exitCode, stderr } = await call(["man", "nonsense"]);
  equal(exitCode, 3);
  match(stderr, /^error\[NOT_FOUND\]: There is no manual page of the name cdktr-nonsense\.\n/);
});

Deno.test("every command that people are told of has a page with all its options, the same each time", async () => {
  await using first = await temporaryDirectory();
  await using second = await temporaryDirectory();
  for (const { path } of [first, second]) equal((await call(["man", "--output", `${path}/man1`])).exitCode, 0);
  const names: string[] = [];
  const look = async (command: CommandUnknownOpts, name: string) => {
    names.push(`${name}.1`);
    const text = await Deno.readTextFile(`${first.path}/man1/${name}.1`);
    equal(await Deno.readTextFile(`${second.path}/man1/${name}.1`), text);
    const help = command.createHelp();
    for (const option of help.visibleOptions(command)) ok(plain(text).includes(`\n${help.optionTerm(option)}\n`), name);
    for (const child of help.visibleCommands(command).filter((child) => child.name() !== "help")) {
      await look(child, `${name}-${child.name()}`);
    }
  };
  await look(await fullTree(), "cdktr");
  deepEqual([...Deno.readDirSync(`${first.path}/man1`)].map(({ name }) => name).sort(), names.sort());
});

const man = await findProgram("man", ["--version"]);
const mandoc = await findProgram("mandoc", ["-T", "lint", "/dev/null"]);

/** What a program says of each page. */
async function saidOf(command: string, args: readonly string[]): Promise<string[]> {
  await using directory = await temporaryDirectory();
  await call(["man", "--output", directory.path]);
  const said: string[] = [];
  for (const { name } of Deno.readDirSync(directory.path)) {
    const { stdout, stderr } = await new Deno.Command(command, {
      args: [...args, `${directory.path}/${name}`],
      env: { LC_ALL: "C.UTF-8", MANWIDTH: "80" },
    }).output();
    const text = new TextDecoder().decode(command === "man" ? stderr : stdout);
    said.push(...text.split("\n").filter((line) => line !== ""));
  }
  return said;
}

peerTest(man, "man shows all pages without a warning", async ({ command }) => {
  deepEqual(await saidOf(command, ["--warnings", "-l"]), []);
});

peerTest(
  mandoc,
  "mandoc finds nothing wrong in any page but that it has no date, which would make each build another",
  async ({ command }) => {
    const said = await saidOf(command, ["-T", "lint", "-W", "warning"]);
    deepEqual(said.filter((line) => !line.includes("missing date")), []);
  },
);

Deno.test("text that roff would act on is shown as it is", async () => {
  const { entry, literal, quoted, roffText } = await import("../../../src/cli/man/roff.ts");
  equal(roffText(".SH \\fBx\\fR -v"), "\\&.SH \\efBx\\efR \\-v");
  equal(literal("'quoted'\n  .dot"), ".PP\n.nf\n\\&'quoted'\n\\&  .dot\n.fi\n");
  equal(quoted('a "b"'), '"a \\(dqb\\(dq"');
  ok(entry("-x", "word ".repeat(40)).split("\n").every((line) => line.length < 80));
});
