/** The workflows of a new project. They need nothing but a POSIX shell: no network, no package, no account. */
import type { ProjectFile } from "../project_file.ts";

/** Where the schema of workflow files lies in a project, for editors. */
export const schemaPath = "schema/workflow.schema.json";

/** Editors with the YAML language server find the schema in the project itself, so that they need no network. */
const schemaLine = `# yaml-language-server: $schema=../${schemaPath}\n`;

/** Loads in the original too, which asks for `start_time` and `args`. */
const parallel = `${schemaLine}# Try it: cdktr run workflows/example_workflow.yml
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

const retries = `${schemaLine}# Try it: cdktr run workflows/example_retries.yml -p rows=20
name: Example with retries
description: A parameter, a task that succeeds in its second try, and a value handed to the next task

# Without cron it runs only when somebody or something triggers it.
timeout: 1m # of the whole run
overlap: skip # a trigger while another run goes on starts nothing

params:
  rows: { type: integer, default: 12, min: 1, max: 1000, description: How many rows to pretend to read }

tasks:
  extract:
    name: Extract
    description: Finds its source busy the first time, and is tried again
    timeout: 10s # of one try
    retries: { max: 3, delay: 500ms, exit_codes: [75] }
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          if [ "$CDKTR_TRY" -eq 1 ]; then
            echo "the source is busy" >&2
            exit 75
          fi
          echo "read $CDKTR_PARAM_ROWS rows"
          echo "rows=$CDKTR_PARAM_ROWS" >> "$CDKTR_OUTPUT"

  load:
    name: Load
    depends: [extract]
    env: { TARGET: warehouse }
    config: !Subprocess
      cmd: sh
      args: ["-c", 'echo "wrote $CDKTR_OUTPUT_EXTRACT_ROWS rows to the $TARGET"']
`;

/** The workflow files of a new project. */
export const exampleWorkflows: readonly ProjectFile[] = [
  { name: "workflows/example_workflow.yml", text: parallel },
  { name: "workflows/example_retries.yml", text: retries },
];
