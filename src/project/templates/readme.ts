/** The README.md of a new project: what is where. */
import { schemaPath } from "./example_workflows.ts";
import type { ProjectFile } from "../project_file.ts";
import type { Part } from "../part.ts";

/** @param parts What the project has. */
export function readme(parts: ReadonlySet<Part>): ProjectFile {
  const rows: readonly (readonly [Part | null, string, string])[] = [
    [null, "`workflows/`", "the workflows, a YAML file each; `etl/daily.yml` has the id `etl.daily`"],
    ["dotenv", "`.env.example`", "every setting with its default; copy it to `.env` to change some"],
    ["systemd", "`deploy/`", "systemd units for a principal and an agent; how to install them stands in them"],
    ["docker", "`Dockerfile`", "an image of the executable and the workflows"],
    ["ci", "`.github/workflows/validate.yml`", "checks the workflows; it waits for the variable it names"],
    [null, `\`${schemaPath}\``, "lets editors check workflows; after an upgrade: `cdktr schema >` this file"],
  ];
  const shown = rows.filter(([part]) => part === null || parts.has(part));
  const table = shown.map(([, name, meaning]) => `| ${name} | ${meaning} |\n`).join("");
  return {
    name: "README.md",
    text: `# Workflows

Run by cdktr. \`cdktr COMMAND --help\` has examples of each command.

\`\`\`sh
cdktr validate                         # every mistake, and when what fires next
cdktr start principal --with-agent     # all of them, by their schedules
cdktr task run ID --wait               # one of them there; cdktr run FILE needs no principal
\`\`\`

| what | |
|---|---|
${table}`,
  };
}
