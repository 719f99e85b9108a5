/** Workflows of these tests as YAML. */

/** A task: a line of `sh`, and the tasks it waits for. */
interface ShellTask {
  readonly run: string;
  readonly depends?: readonly string[];
}

/** A workflow whose tasks run a line of `sh` each. */
export function shellWorkflow(tasks: Readonly<Record<string, ShellTask>>): string {
  const entries = Object.entries(tasks).map(([id, { run, depends = [] }]) =>
    `  ${id}:\n    name: Task ${id}\n    depends: ${JSON.stringify(depends)}\n` +
    `    config: !Subprocess\n      cmd: sh\n      args: ["-c", ${JSON.stringify(run)}]\n`
  );
  return `name: For a test\ntasks:\n${entries.join("")}`;
}
