import assert from "node:assert/strict";
import { commandLineOf } from "../../../src/agent/executors/command_line.ts";
import type { TaskConfig } from "../../../src/workflow/mod.ts";

const uvPython = {
  type: "uv_python",
  scriptPath: "./job.py",
  packages: [],
  isUvProject: false,
  uvPath: null,
  workingDirectory: null,
} as const;

const table: [name: string, config: TaskConfig, command: string, args: string[], cwd: string | null][] = [
  ["subprocess", { type: "subprocess", cmd: "echo", args: ["a b", ""] }, "echo", ["a b", ""], null],
  ["uv_python, plain", uvPython, "uv", ["run", "./job.py"], null],
  [
    "uv_python with packages, in order and as given",
    { ...uvPython, packages: ["pandas>=2.3.1,<3.0.0", "scipy"] },
    "uv",
    ["run", "--with", "pandas>=2.3.1,<3.0.0", "--with", "scipy", "./job.py"],
    null,
  ],
  [
    "uv_python, a project: its own packages count",
    { ...uvPython, packages: ["scipy"], isUvProject: true, workingDirectory: "./pipeline" },
    "uv",
    ["run", "./job.py"],
    "./pipeline",
  ],
  ["uv_python with its own uv", { ...uvPython, uvPath: "/opt/uv" }, "/opt/uv", ["run", "./job.py"], null],
];

for (const [name, config, command, args, cwd] of table) {
  Deno.test(`command line: ${name}`, () => {
    const { hint, ...line } = commandLineOf(config);
    assert.deepEqual(line, { command, args, cwd });
    assert.equal(hint === null, config.type === "subprocess");
  });
}
