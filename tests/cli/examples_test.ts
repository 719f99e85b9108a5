/** What help shows as an example can be typed as it stands: every one is called here, against a real principal. */
import { equal, match, ok } from "node:assert/strict";
import { call, temporaryDirectory } from "./call.ts";
import { PrincipalScene } from "./principal_scene.ts";
import { argumentsOf, endless } from "./shell_line.ts";

/** The examples in the help of a command and of all below it. */
async function examplesOf(argv: readonly string[] = []): Promise<string[]> {
  const { stdout } = await call([...argv, "--help"]);
  const [, commands = ""] = /\nCommands:\n([^]*?)\n(?:\n|$)/.exec(stdout) ?? [];
  const names = [...commands.matchAll(/^ {2}(\w+)/gm)].flatMap(([, name]) => name === "help" ? [] : [name ?? ""]);
  const below = await Promise.all(names.map((name) => examplesOf([...argv, name])));
  return [...[...stdout.matchAll(/^ {2}(cdktr .*|cat .*)$/gm)].map(([, line]) => line ?? ""), ...below.flat()];
}

const daily = `name: Daily
tasks:
  load: {name: load, config: {type: subprocess, cmd: echo}}
`;

Deno.test("every example in the help of every command can be typed", async (t) => {
  const examples = await examplesOf();
  ok(examples.length > 30, `only ${examples.length} examples were found`);
  await using scene = await PrincipalScene.start({ "etl.daily": daily });
  await using directory = await temporaryDirectory();
  const runId = await scene.trigger("etl.daily");
  for (const example of examples.filter((line) => !endless.test(line))) {
    await t.step(example, async () => {
      const argv = argumentsOf(example).map((word) => word.replace("0198c7a2-3f41", runId));
      // Nothing executes here, so nobody waits for an end; the last of two flags counts.
      const waiting = argv.includes("--wait") ? ["--timeout", "1ms"] : [];
      const { stderr } = await scene.call([...argv, ...waiting], {
        workingDirectory: directory.path,
        environment: {
          CDKTR_APP_DATA_DIRECTORY: `${directory.path}/kept`,
          CDKTR_WORKFLOW_DIR: directory.path,
          CDKTR_CONTEXTS: "prod=prod.example.org",
        },
        stdin: "SELECT 1",
      });
      // Whatever else could be wrong with a line is told before that.
      if (argv[0] === "ui") return match(stderr, /needs a terminal/);
      equal(/error\[(?:INVALID_ARGUMENT|INVALID_SETTING|INTERNAL)\].*/.exec(stderr)?.[0], undefined);
    });
  }
});
