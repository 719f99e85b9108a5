import { deepEqual, equal, match } from "node:assert/strict";
import { call, type CallOptions } from "../call.ts";

const refusals: readonly (readonly [why: string, argv: string[], options: CallOptions, stderr: RegExp])[] = [
  ["without a terminal", ["ui"], {}, /^error\[INVALID_ARGUMENT\]: `cdktr ui` needs a terminal that it can draw on\.\n/],
  [
    "on a terminal that cannot be drawn on",
    ["ui"],
    { isTerminal: true, environment: { TERM: "dumb" } },
    /`cdktr ui` needs a terminal that it can draw on\.\n/,
  ],
  ["at a screen that there is not", ["ui", "nowhere"], {}, /nowhere/],
  ["at a run without an id", ["ui", "run"], {}, /The screen run needs an id\.\n.*`cdktr ui run ID`/],
  ["at a workflow without an id", ["ui", "workflow"], {}, /The screen workflow needs an id\.\n/],
  ["with an id for a screen that takes none", ["ui", "agents", "x"], {}, /The screen agents takes no id\.\n/],
  [
    "with a theme that there is not",
    ["ui", "--theme", "pink"],
    {},
    /CDKTR_TUI_THEME is "pink" \(from flag --theme\), but it must be one of dark, light, colour-blind\.\n/,
  ],
  [
    "at a context that there is not",
    ["ui", "--context", "prod"],
    { environment: { CDKTR_CONTEXTS: "lab=lab.example.org" } },
    /There is no context named prod\.\n.*CDKTR_CONTEXTS tells them: default, lab\.\n/,
  ],
  ["with a context and an address", ["ui", "--context", "lab", "--principal-host", "h"], {}, /cannot be used with/],
  ["with a context and a port", ["ui", "--principal-port", "1", "--context", "lab"], {}, /cannot be used with/],
  [
    "with contexts that cannot be read",
    ["ui"],
    { isTerminal: true, environment: { CDKTR_CONTEXTS: "lab=lab:x" } },
    /^error\[INVALID_SETTING\]: CDKTR_CONTEXTS is "lab=lab:x" \(from the environment\), but its part 1, /,
  ],
];
for (const [why, argv, options, sentence] of refusals) {
  Deno.test(`ui does not begin ${why}, and exits 2`, async () => {
    const { exitCode, stdout, stderr } = await call(argv, options);
    deepEqual([exitCode, stdout], [2, ""], stderr);
    match(stderr, sentence);
  });
}

const deepLinks: readonly string[][] = [
  ["run", "0198c7a2-3f41"],
  ["logs"],
  ["logs", "0198c7a2-3f41"],
  ["logs", "etl.daily"],
  ["workflow", "etl.daily"],
  ["runs", "etl.daily"],
  ["--context", "lab"],
  ["--principal-host", "lab.example.org", "--principal-port", "5571"],
  ["--context", "default", "--theme", "LIGHT", "--ascii"],
];
for (const argv of deepLinks) {
  Deno.test(`ui ${argv.join(" ")} lacks nothing but a terminal`, async () => {
    const { stderr } = await call(["ui", ...argv], { environment: { CDKTR_CONTEXTS: "lab=lab.example.org" } });
    match(stderr, /needs a terminal/);
  });
}

Deno.test("ui --help tells of themes, contexts and deep links", async () => {
  const { exitCode, stdout } = await call(["ui", "--help"]);
  equal(exitCode, 0);
  for (const told of ["CDKTR_TUI_THEME", "CDKTR_CONTEXTS", "--ascii", "cdktr ui run 0198c7a2-3f41"]) {
    match(stdout, new RegExp(told));
  }
});
