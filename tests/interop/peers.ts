/**
 * The programs of others that interoperation tests talk to: where they are found, and how they are started and ended.
 *
 * - `CDKTR_TEST_PYTHON`: a Python with pyzmq. Default: `.cache/python/bin/python` of the checkout.
 * - `CDKTR_TEST_NODE_MODULES`: a directory with `node_modules/zeromq`. Default: `.cache/node` of the checkout.
 *
 * A test whose peer is missing is skipped and says why; with `CI=true` it fails instead.
 */

import { TextLineStream } from "./text_lines.ts";

const checkout = new URL("../../", import.meta.url);

/** A program that can run peer scripts, or why there is none. */
export type PeerRuntime =
  | { readonly name: string; readonly command: string; readonly env: Record<string, string> }
  | { readonly name: string; readonly missing: string };

/** Finds a Python that can import `modules`. */
export async function findPython(modules: readonly string[]): Promise<PeerRuntime> {
  const command = Deno.env.get("CDKTR_TEST_PYTHON") ?? pathOf(".cache/python/bin/python");
  const missing = await failureOf(command, ["-c", `import ${modules.join(", ")}`], {});
  const name = "pyzmq";
  return missing
    ? { name, missing: `${command} cannot import ${modules.join(", ")}: ${missing}` }
    : { name, command, env: {} };
}

/** Finds a Node that can load zeromq. */
export async function findNode(): Promise<PeerRuntime> {
  const modules = Deno.env.get("CDKTR_TEST_NODE_MODULES") ?? pathOf(".cache/node");
  const env = { CDKTR_TEST_NODE_MODULES: modules };
  const missing = await failureOf("node", ["-e", `require(${JSON.stringify(`${modules}/node_modules/zeromq`)})`], env);
  const name = "npm:zeromq";
  return missing
    ? { name, missing: `node cannot load zeromq from ${modules}: ${missing}` }
    : { name, command: "node", env };
}

/** Registers a test that needs `runtime`; skips it, or fails it under `CI=true`, when that is missing. */
export function peerTest(runtime: PeerRuntime, name: string, run: (runtime: FoundRuntime) => Promise<void>): void {
  if ("command" in runtime) {
    Deno.test(name, () => run(runtime));
  } else if (Deno.env.get("CI") === "true") {
    Deno.test(name, () => {
      throw new Error(`The peer of this test is missing: ${runtime.missing}`);
    });
  } else {
    Deno.test({ name: `${name} (skipped: ${runtime.missing})`, ignore: true, fn: () => {} });
  }
}

/** A runtime that was found. */
export type FoundRuntime = Extract<PeerRuntime, { command: string }>;

/** A running peer script, which writes one JSON object a line and ends when its standard input does. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts the script `file`, a name beside this one, with one argument: `setup` as JSON. */
  constructor(runtime: FoundRuntime, file: string, setup: unknown) {
    this.#child = new Deno.Command(runtime.command, {
      args: [new URL(file, import.meta.url).pathname, JSON.stringify(setup)],
      env: runtime.env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  /** Waits for the next line and checks that it is the event `name`. Returns the whole object. */
  async expect(name: string): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.read();
    if (done) throw new Error(`The peer ended before its event "${name}".`);
    const event: unknown = JSON.parse(value);
    if (typeof event !== "object" || event === null) throw new Error(`The peer wrote ${value}`);
    const fields: Record<string, unknown> = { ...event };
    if (fields["event"] !== name) throw new Error(`The peer was to say "${name}" and wrote ${value}`);
    return fields;
  }

  /** Writes a line to the script. */
  async tell(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends the script, by force if it does not go by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await this.#child.status;
    clearTimeout(killer);
    await this.#lines.cancel();
  }
}

function pathOf(relative: string): string {
  return new URL(relative, checkout).pathname;
}

/** @returns The last line of what went wrong, or `undefined` if nothing did. */
async function failureOf(command: string, args: string[], env: Record<string, string>): Promise<string | undefined> {
  try {
    const output = await new Deno.Command(command, { args, env, stdout: "null", stderr: "piped" }).output();
    if (output.success) return undefined;
    const lines = new TextDecoder().decode(output.stderr).trim().split("\n");
    return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? `exit code ${output.code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
