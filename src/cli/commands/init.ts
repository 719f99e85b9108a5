/** `cdktr init`: a project to start from. */
import { join, relative, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { type Part, parts, projectFiles, writeFile } from "../../project/mod.ts";
import { askYesNo } from "../ask.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";

/** What each part is, for the questions on a terminal. */
const questions: Readonly<Record<Part, string>> = {
  example: "Example workflows?",
  dotenv: "A list of all settings, .env.example?",
  systemd: "systemd units for a principal and an agent?",
  docker: "A Dockerfile?",
  ci: "A GitHub workflow that validates the workflows?",
};

const afterHelp = `
On a terminal it asks which parts are wanted, but for those that a flag names. Without one it writes all of them.
Beside them it writes .gitignore, README.md, and the schema of workflow files for editors.

Examples:
  cdktr init my-project --yes          everything, without questions
  cdktr init --no-docker --no-ci       here, without an image and without CI`;

export function initCommand(invocation: Invocation) {
  return new Command("init")
    .description("Set up a project: example workflows, a list of all settings, systemd units, a Dockerfile, CI.")
    .argument("[path]", "directory of the project, made where it is missing (default: here)")
    .option("--no-example", "do not write workflows/example_*.yml")
    .option("--no-dotenv", "do not write .env.example")
    .option("--no-systemd", "do not write deploy/*.service")
    .option("--no-docker", "do not write Dockerfile and .dockerignore")
    .option("--no-ci", "do not write .github/workflows/validate.yml")
    .option("--yes", "ask nothing")
    .option("--force", "overwrite files that exist")
    .option("--json", "print one JSON document, and ask nothing")
    .addHelpText("after", afterHelp)
    .action(async (path = ".", { yes = false, force = false, json = false, ...flags }) => {
      const isAsking = !yes && !json && invocation.isTerminal();
      const wanted = new Set<Part>();
      for (const part of parts) {
        if (flags[part] && (!isAsking || await askYesNo(invocation, questions[part]))) wanted.add(part);
      }
      const project = resolve(invocation.workingDirectory, path);
      const files: { path: string; written: boolean }[] = [];
      for (const { name, text } of projectFiles(wanted)) {
        const written = await writeFile(join(project, name), text, { force });
        const shown = relative(invocation.workingDirectory, join(project, name));
        files.push({ path: shown, written });
        if (!json) await invocation.stdout.write(`${wroteOrKept(shown, written)}\n`);
      }
      if (json) await printJson(invocation.stdout, { project, files });
      else await invocation.stdout.write(`The cdktr project at ${project} is ready.\n`);
    });
}

/** What became of a file, as a line. */
export function wroteOrKept(path: string, written: boolean): string {
  return written ? `Wrote ${path}` : `Kept ${path}, which exists (--force overwrites it)`;
}
