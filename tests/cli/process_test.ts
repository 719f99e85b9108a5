/** What only the real program as a process shows: exit codes, pipes, signals. */
import { equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "./call.ts";

const mainPath = fileURLToPath(new URL("../../main.ts", import.meta.url));
const fixturePath = fileURLToPath(new URL("interrupt_fixture.ts", import.meta.url));

function start(script: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-A", script, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
}

Deno.test("the program prints its version, which is the one in deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const { code, stdout } = await start(mainPath, ["--version"]).output();
  equal(code, 0);
  equal(new TextDecoder().decode(stdout), `cdktr ${version}\n`);
});

Deno.test("data goes to stdout, errors to stderr with their exit code, read from the real environment and .env", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/.env`, "CDKTR_RETRY_ATTEMPTS=7\nCDKTR_PRINCIPAL_PORT=1\n");
  const options = { cwd: directory.path, env: { CDKTR_PRINCIPAL_PORT: "70000", NO_COLOR: "1" } };
  const refused = await start(mainPath, ["config", "list"], options).output();
  equal(refused.code, 2);
  equal(refused.stdout.length, 0);
  match(new TextDecoder().decode(refused.stderr), /^error\[INVALID_SETTING\]: .*"70000" \(from the environment\)/);

  const listed = await start(mainPath, ["config", "list", "--principal-port", "2", "--json"], options).output();
  equal(listed.code, 0);
  const sources = new Map<string, string>(
    JSON.parse(new TextDecoder().decode(listed.stdout)).map((
      row: { name: string; source: string },
    ) => [row.name, row.source]),
  );
  equal(sources.get("CDKTR_PRINCIPAL_PORT"), "flag");
  equal(sources.get("CDKTR_RETRY_ATTEMPTS"), ".env");
  equal(sources.get("CDKTR_WORKFLOW_DIR"), "default");
});

Deno.test("a reader that closes the pipe ends the program quietly", async () => {
  const child = start(mainPath, ["--help"]);
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  equal(stderr, "");
  equal((await child.status).code, 0);
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `${signal} aborts what waits, and the exit code is ${exitCode}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const child = start(fixturePath, []);
      const lines = linesOf(child.stdout);
      equal(await lines.next(), "ready");
      child.kill(signal);
      equal(await lines.next(), "aborted");
      equal((await child.status).code, exitCode);
      await child.stderr.cancel();
    },
  });
}

Deno.test({
  name: "a second SIGINT ends a program that takes its time",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = start(fixturePath, ["stubborn"]);
    const lines = linesOf(child.stdout);
    equal(await lines.next(), "ready");
    child.kill("SIGINT");
    equal(await lines.next(), "aborted");
    child.kill("SIGINT");
    equal((await child.status).code, 130);
    await child.stderr.cancel();
  },
});

Deno.test("a stray rejection is one sentence and exit code 1, not a stack trace", async () => {
  const { code, stderr } = await start(fixturePath, ["stray"], { env: { NO_COLOR: "1" } }).output();
  equal(code, 1);
  match(new TextDecoder().decode(stderr), /^error\[INTERNAL\]: lost\n {2}hint: .*\n$/);
});

/** The lines of a stream, one a call; at its end an empty one. */
function linesOf(stream: ReadableStream<Uint8Array>): { next(): Promise<string> } {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    async next() {
      while (!rest.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
      }
      const [line = "", ...more] = rest.split("\n");
      rest = more.join("\n");
      return line;
    },
  };
}
