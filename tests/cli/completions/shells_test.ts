/**
 * The scripts in real shells: a line is typed into one, with tabs, and what it then calls is looked at. Needs bash, zsh and
 * fish; a test whose shell is missing is skipped and says so, or fails with `CI=true`.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { scripts } from "../../../src/cli/completions/scripts.ts";
import { findExecutable } from "../../executable.ts";
import { findPython, type PeerRuntime, peerTest } from "../../interop/peers.ts";
import { temporaryDirectory } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const typistPath = fileURLToPath(new URL("type_into.py", import.meta.url));
const python = await findPython(["pty"]);
const prompt = "READY>";

/** A shell of this machine, or that it is missing. */
async function findShell(name: string, args: readonly string[]): Promise<PeerRuntime> {
  try {
    const { success } = await new Deno.Command(name, { args: [...args, "-c", "exit 0"], stdin: "null" }).output();
    return success ? { name, command: name, env: {} } : { name, missing: `${name} does not run` };
  } catch {
    return { name, missing: `${name} is not installed` };
  }
}

const bash = await findShell("bash", ["--norc"]);
const zsh = await findShell("zsh", ["-f"]);
const fish = await findShell("fish", ["--no-config"]);

/** A directory with a `cdktr` that completes as the real one does, and writes down how it is called otherwise. */
async function makePlace() {
  const directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/bin`);
  await Deno.mkdir(`${directory.path}/workdir/wide open`, { recursive: true });
  await Deno.writeTextFile(`${directory.path}/workdir/plain.txt`, "");
  const called = `${directory.path}/called`;
  const script = `#!/bin/sh
case $1 in
  complete|completions) exec '${await findExecutable()}' "$@" ;;
  *) { printf '%s|' "$@"; echo; } >> '${called}' ;;
esac
`;
  await Deno.writeTextFile(`${directory.path}/bin/cdktr`, script, { mode: 0o700 });
  return { ...directory, called, PATH: `${directory.path}/bin:${Deno.env.get("PATH")}` };
}

/** How a shell is started that loads its script from a directory and then shows the prompt. */
interface Interactive {
  readonly shell: PeerRuntime;
  readonly name: "bash" | "zsh";
  readonly rcFile: string;
  readonly rc: string;
  readonly args: (directory: string) => string[];
}

const interactive: readonly Interactive[] = [
  {
    shell: bash,
    name: "bash",
    rcFile: ".bashrc",
    rc: `source <(cdktr completions bash)\nPS1='${prompt}'\n`,
    args: (directory) => ["--noprofile", "--rcfile", `${directory}/.bashrc`, "-i"],
  },
  {
    shell: zsh,
    name: "zsh",
    rcFile: ".zshrc",
    rc: `autoload -U compinit\ncompinit -D\nsource <(cdktr completions zsh)\nPS1='${prompt}'\n`,
    args: () => ["-d", "-i"],
  },
];

/** What is typed, in which `\t` is a tab, and the words that the shell then calls cdktr with. */
const lines: readonly [typed: string, words: (runId: string) => string[]][] = [
  ["cdktr runs sh\t", () => ["runs", "show"]],
  ["cdktr task run etl.d\t", () => ["task", "run", "etl.daily"]],
  ["cdktr task run etl.daily -p da\t2026-03-01", () => ["task", "run", "etl.daily", "-p", "date=2026-03-01"]],
  ["cdktr runs list --state=fa\t", () => ["runs", "list", "--state=failed"]],
  ["cdktr runs list --stat\tfailed,cr\t", () => ["runs", "list", "--state", "failed,crashed"]],
  ["cdktr runs cancel 0\t--task on\t", (runId) => ["runs", "cancel", runId, "--task", "only"]],
  ["cdktr validate workdir/pl\t", () => ["validate", "workdir/plain.txt"]],
  ["cdktr sql 'SELECT 1' --output=workdir/pl\t", () => ["sql", "SELECT 1", "--output=workdir/plain.txt"]],
  ["cdktr init workdir/wi\t", () => ["init", "workdir/wide open"]],
];

for (const { shell, name, rcFile, rc, args } of interactive) {
  const runtime: PeerRuntime = "missing" in shell ? shell : python;
  peerTest(runtime, `${name} completes what is typed, from the program and from its principal`, async ({ command }) => {
    await using place = await makePlace();
    const withParam = `${oneTask}params:\n  date: {type: string}\n`;
    await using scene = await PrincipalScene.start({ "etl.daily": withParam });
    const runId = await scene.trigger("etl.daily");
    await Deno.writeTextFile(`${place.path}/${rcFile}`, rc);
    const typed = lines.map(([line]) => `${line}\\n`).join("");
    const { stdout } = await new Deno.Command(command, {
      args: [typistPath, prompt, `${typed}exit\\n`, name, ...args(place.path)],
      cwd: place.path,
      env: { ...scene.environment, PATH: place.PATH, TERM: "dumb", HOME: place.path, ZDOTDIR: place.path },
    }).output();
    const seen = new TextDecoder().decode(stdout);
    const called = (await Deno.readTextFile(place.called).catch(() => "")).trimEnd().split("\n");
    // zsh takes the slash behind a directory away when the line is done.
    const words = called.map((line) => line.split("|").slice(0, -1).map((word) => word.replace(/\/$/, "")));
    deepEqual(words, lines.map(([, words]) => words(runId)), seen);
  });
}

peerTest(fish, "fish completes what is typed, from the program and from its principal", async ({ command }) => {
  await using place = await makePlace();
  await using scene = await PrincipalScene.start({ "etl.daily": oneTask });
  const runId = await scene.trigger("etl.daily");
  const offered = async (line: string) => {
    const script = `cdktr completions fish | source; complete -C '${line}'`;
    const { stdout, stderr } = await new Deno.Command(command, {
      args: ["--no-config", "-c", script],
      cwd: place.path,
      env: { ...scene.environment, PATH: place.PATH, HOME: place.path },
    }).output();
    equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  };
  deepEqual(await offered("cdktr runs sh"), ["show\tShow a run and its tasks"]);
  deepEqual(await offered("cdktr stat"), ["status\tShow how a principal is"]);
  deepEqual(await offered("cdktr task run etl"), ["etl.daily\tOne task"]);
  deepEqual(await offered("cdktr runs list --state=fa"), ["--state=failed"]);
  deepEqual(await offered("cdktr validate workdir/pl"), ["workdir/plain.txt"]);
  deepEqual(await offered("cdktr init workdir/"), ["workdir/wide open/\tDirectory"]);
  const [run = ""] = await offered("cdktr runs cancel ");
  ok(run.startsWith(`${runId}\tPENDING etl.daily, `), run);
});

for (const { shell, name } of interactive) {
  const args = name === "bash" ? ["--norc", "-n"] : ["-f", "-n"];
  peerTest(shell, `${name} can read its script without a word`, async ({ command }) => {
    const child = new Deno.Command(command, { args, stdin: "piped", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(scripts[name]));
    await writer.close();
    const { success, stderr } = await child.output();
    deepEqual([success, new TextDecoder().decode(stderr)], [true, ""]);
  });
}

Deno.test("each script says how it is put to use", () => {
  for (const [shell, script] of Object.entries(scripts)) {
    match(script, new RegExp(`cdktr (?:complete|completions) ${shell}`), shell);
  }
});
