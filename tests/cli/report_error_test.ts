import { equal, match } from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { Interrupted } from "../../src/cli/interrupt.ts";
import { systemClock } from "../../src/clock/mod.ts";
import type { Invocation } from "../../src/cli/invocation.ts";
import { OutputClosed, OutputFailed } from "../../src/cli/output.ts";
import { reportError } from "../../src/cli/report_error.ts";

function report(error: unknown, environment: Record<string, string> = {}, colours = false) {
  const said: string[] = [];
  const invocation: Invocation = {
    environment,
    workingDirectory: "/",
    readStdin: () => Promise.resolve(""),
    isTerminal: () => false,
    stdout: { write: () => Promise.resolve(), columns: () => undefined, rows: () => undefined, colours },
    stderr: {
      say: (line) => void said.push(line),
      write: () => {},
      columns: () => undefined,
      rows: () => undefined,
      colours,
    },
    clock: systemClock,
    exitCode: 0,
    onStrayError: null,
  };
  return { exitCode: reportError(error, invocation), said };
}

Deno.test("an error is a line with its code and sentence, and a line with its hint", () => {
  const { exitCode, said } = report(
    new CdktrError("NOT_FOUND", "No workflow etl.", { hint: "See `cdktr task list`." }),
  );
  equal(exitCode, 3);
  equal(said.join("\n"), "error[NOT_FOUND]: No workflow etl.\n  hint: See `cdktr task list`.");
});

Deno.test("an unexpected error is one sentence without a stack, and says that it is a defect", () => {
  const { exitCode, said } = report(new TypeError("x is not a function"));
  equal(exitCode, 1);
  equal(said[0], "error[INTERNAL]: x is not a function");
  match(said[1] ?? "", /defect/);
  equal(said.length, 2);
});

Deno.test("CDKTR_LOG_LEVEL=DEBUG adds the stack, with causes", () => {
  const error = new CdktrError("STORAGE", "Cannot write.", { cause: new Error("disk\x1b[2J") });
  const { said } = report(error, { CDKTR_LOG_LEVEL: "debug" });
  const text = said.join("\n");
  match(text, /report_error_test\.ts/);
  match(text, /disk/);
  equal(text.includes("\x1b"), false);
});

Deno.test("the label is red on a terminal with colours", () => {
  equal(report(new CdktrError("TIMED_OUT", "Late."), {}, true).said[0], "\x1b[1;31merror[TIMED_OUT]\x1b[0m: Late.");
});

Deno.test("a stdout that cannot be written is a STORAGE error and no defect", () => {
  const { exitCode, said } = report(new OutputFailed("Stdout cannot be written: No space left on device."));
  equal(exitCode, 1);
  equal(said[0], "error[STORAGE]: Stdout cannot be written: No space left on device.");
});

Deno.test("a reader of stdout that is gone is no failure and nothing is said", () => {
  const { exitCode, said } = report(new OutputClosed());
  equal(exitCode, 0);
  equal(said.length, 0);
});

Deno.test("an interrupt gives the exit code shells know, silently", () => {
  const { exitCode, said } = report(new Interrupted("SIGINT", 130));
  equal(exitCode, 130);
  equal(said.length, 0);
});
