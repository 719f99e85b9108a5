import { equal, match } from "node:assert/strict";
import { call } from "./call.ts";
import { exitCodes } from "../../src/cli/exit_codes.ts";

for (const argv of [["--version"], ["-V"], ["config", "--version"], ["config", "list", "-V"]]) {
  Deno.test(`cdktr ${argv.join(" ")} prints program and version`, async () => {
    const { exitCode, stdout } = await call(argv);
    equal(exitCode, 0);
    match(stdout, /^cdktr \d+\.\d+\.\d+\n$/);
  });
}

Deno.test("--help goes to stdout with examples and every exit code", async () => {
  const { exitCode, stdout, stderr } = await call(["--help"]);
  equal(exitCode, 0);
  equal(stderr, "");
  match(stdout, /Examples:/);
  for (const { code, meaning } of Object.values(exitCodes)) {
    equal(stdout.includes(`  ${String(code).padEnd(5)}${meaning}\n`), true, meaning);
  }
});

Deno.test("help of a command is the same by --help and by the help command", async () => {
  const [byFlag, byCommand] = [await call(["init", "--help"]), await call(["help", "init"])];
  match(byFlag.stdout, /--no-example/);
  equal(byCommand.stdout, byFlag.stdout);
});

for (const argv of [[], ["config"]]) {
  Deno.test(`cdktr ${argv.join(" ")} without a command is a usage error that shows the help`, async () => {
    const { exitCode, stdout, stderr } = await call(argv);
    equal(exitCode, 2);
    equal(stdout, "");
    match(stderr, /^Usage: cdktr/);
  });
}

const refusals: [argv: string[], sentence: string, hint: string][] = [
  [["valdate"], "Unknown command 'valdate'.", "Did you mean validate? `cdktr --help` says what it takes."],
  [["config", "lst"], "Unknown command 'lst'.", "Did you mean list? `cdktr config --help` says what it takes."],
  [["valdate", "--help"], "Unknown command 'valdate'.", "Did you mean validate? `cdktr --help` says what it takes."],
  [["help", "nonsense"], "Unknown command 'nonsense'.", "`cdktr --help` says what it takes."],
  [["--nope"], "Unknown option '--nope'.", "`cdktr --help` says what it takes."],
  [
    ["config", "list", "--jsn"],
    "Unknown option '--jsn'.",
    "Did you mean --json? `cdktr config list --help` says what it takes.",
  ],
  [
    ["init", "a", "b"],
    "Too many arguments for 'init'. Expected 1 argument but got 2: a, b.",
    "`cdktr init --help` says what it takes.",
  ],
  [
    ["config", "list", "--principal-port"],
    "Option '--principal-port <port>' argument missing.",
    "`cdktr config list --help` says what it takes.",
  ],
];
for (const [argv, sentence, hint] of refusals) {
  Deno.test(`cdktr ${argv.join(" ")} exits 2 with one sentence and a hint`, async () => {
    const { exitCode, stdout, stderr } = await call(argv);
    equal(exitCode, 2);
    equal(stdout, "");
    equal(stderr, `error[INVALID_ARGUMENT]: ${sentence}\n  hint: ${hint}\n`);
  });
}

const empty: [argv: string[], name: string][] = [
  [["runs", "show", ""], "argument run"],
  [["runs", "watch", ""], "argument run"],
  [["runs", "retry", "0198c7a2", "--from", ""], "option --from"],
  [["runs", "cancel", "0198c7a2", "--task="], "option --task"],
  [["runs", "list", "-w", ""], "option --workflow"],
  [["explain", ""], "argument subject"],
  [["explain", "0198c7a2", ""], "argument task"],
  [["task", "run", ""], "argument workflow"],
  [["run", ""], "argument workflow"],
  [["logs", "query", "--workflow-instance-id", ""], "option --run"],
  [["logs", "--task", ""], "option --task"],
  [["listen", "files", "", "--workflow", "etl"], "argument directory"],
  [["listen", "files", ".", "--workflow", ""], "option --workflow"],
  [["validate", "workflows", ""], "argument paths"],
  [["import", "crontab", ""], "argument file"],
];
for (const [argv, name] of empty) {
  Deno.test(`cdktr ${argv.map((word) => word || '""').join(" ")} is refused before anybody is asked`, async () => {
    const { exitCode, stdout, stderr } = await call(argv);
    equal(exitCode, 2);
    equal(stdout, "");
    match(stderr, new RegExp(`^error\\[INVALID_ARGUMENT\\]: The ${name} is empty\\.\n  hint: [^\n]+\\.\n$`));
  });
}

Deno.test("help shows no default that is only how the program counts", async () => {
  for (const argv of [["run"], ["task", "run"], ["listen", "webhook"], ["listen", "files"]]) {
    const { stdout } = await call([...argv, "--help"]);
    match(stdout, /-p, --param </);
    equal(stdout.includes("default: {"), false, argv.join(" "));
  }
});

Deno.test("an argument with control characters cannot forge a line of the error", async () => {
  const { stderr } = await call(["x\n\x1b[31merror[INTERNAL]: forged"]);
  equal(stderr.split("\n").length, 3);
  equal(stderr.includes("\x1b"), false);
});
