/** A project to start from: which parts it may have, and the files of each. */
import { workflowJsonSchema } from "../workflow/mod.ts";
import { type Part, parts } from "./part.ts";
import type { ProjectFile } from "./project_file.ts";
import { ciWorkflow } from "./templates/ci.ts";
import { dockerfile } from "./templates/dockerfile.ts";
import { dotenvExample } from "./templates/dotenv_example.ts";
import { exampleWorkflows, schemaPath } from "./templates/example_workflows.ts";
import { dockerignore, gitignore } from "./templates/ignore_files.ts";
import { readme } from "./templates/readme.ts";
import { systemdUnits } from "./templates/systemd_units.ts";

/** The files of a project with `wanted`, in the order in which they are written. */
export function projectFiles(wanted: ReadonlySet<Part>): ProjectFile[] {
  const files: Readonly<Record<Part, readonly ProjectFile[]>> = {
    example: exampleWorkflows,
    dotenv: [dotenvExample()],
    systemd: systemdUnits,
    docker: [dockerfile, dockerignore],
    ci: [ciWorkflow],
  };
  return [
    ...parts.flatMap((part) => wanted.has(part) ? files[part] : []),
    { name: schemaPath, text: `${JSON.stringify(workflowJsonSchema(), null, 2)}\n` },
    gitignore,
    readme(wanted),
  ];
}
