/** `cdktr init`: a project to start from. */
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { settings } from "../../config/mod.ts";
import { CdktrError, messageOf } from "../../core/mod.ts";
import type { Invocation } from "../invocation.ts";

/** Runs anywhere a POSIX shell is, and loads in the original too, which asks for `start_time` and `args`. */
const exampleWorkflow = `# Try it: cdktr run workflows/example_workflow.yml
name: Example Workflow
description: Two greetings side by side, then a summary

# When a principal runs: every five minutes. Fields: second minute hour day-of-month month day-of-week.
cron: "0 */5 * * * *"
start_time: 2025-01-20T12:30:00+00:00

tasks:
  greet:
    name: Greet
    config: !Subprocess
      cmd: echo
      args: ["Hello from cdktr"]

  count:
    name: Count to three
    config: !Subprocess
      cmd: sh
      args: ["-c", "for n in 1 2 3; do echo $n; done"]

  finish:
    name: Finish
    description: Starts when both others are done
    depends: [greet, count]
    config: !Subprocess
      cmd: echo
      args: ["All done"]
`;

/** Every setting as a comment. Paths stand in single quotes: $HOME and the like are replaced by cdktr, not by the file. */
function exampleDotenv(): string {
  const blocks = Object.values(settings).map(({ variable, kind, defaultText, description }) =>
    `# ${description}\n# ${variable}=${kind === "path" ? `'${defaultText}'` : defaultText}\n`
  );
  return `# Settings of cdktr. Copy this file to .env and take the # from the lines you change.\n\n${
    blocks.join("\n")
  }`;
}

export function initCommand(invocation: Invocation) {
  return new Command("init")
    .description("Set up a project: an example workflow and a list of all settings.")
    .argument("[path]", "directory of the project, made where it is missing (default: here)")
    .option("--no-example", "do not write workflows/example_workflow.yml")
    .option("--no-dotenv", "do not write .env.example")
    .option("--force", "overwrite files that exist")
    .action(async (path = ".", { example, dotenv, force = false }) => {
      const project = resolve(invocation.workingDirectory, path);
      const files = [
        ...example ? [{ name: "workflows/example_workflow.yml", text: exampleWorkflow }] : [],
        ...dotenv ? [{ name: ".env.example", text: exampleDotenv() }] : [],
      ];
      await makeDirectory(project);
      for (const { name, text } of files) {
        const file = join(project, name);
        const shown = relative(invocation.workingDirectory, file);
        await makeDirectory(dirname(file));
        const said = await writeFile(file, text, force)
          ? `Wrote ${shown}`
          : `Kept ${shown}, which exists (--force overwrites it)`;
        await invocation.stdout.write(`${said}\n`);
      }
      await invocation.stdout.write(`The cdktr project at ${project} is ready.\n`);
    });
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new CdktrError("STORAGE", `The directory ${path} cannot be made: ${messageOf(error)}.`, { cause: error });
  }
}

/** Writes a file; one that exists only with `force`. Returns whether it was written. */
async function writeFile(path: string, text: string, force: boolean): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, text, { createNew: !force });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw new CdktrError("STORAGE", `${path} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
}
