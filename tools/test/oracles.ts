/**
 * The other programs that tests need: pyzmq and uv in a virtual environment and zeromq under Node, to measure us against,
 * what the Python client's tests need in another, and tmux, as a terminal for the terminal UI. All but tmux are fetched once
 * into `.cache/` with pip and npm as the machine has them configured, and kept until the pinned versions change; tmux is
 * there or not.
 */

/** Whether the tests that need an oracle can run. */
export type Readiness =
  | { readonly state: "ready"; readonly what: string }
  /** The machine cannot have it; the tests skip themselves. */
  | { readonly state: "missing"; readonly reason: string }
  /** The machine should have it, and fetching it went wrong. */
  | { readonly state: "failed"; readonly reason: string };

/** Where the tests find the oracles. */
export interface OraclePaths {
  /** The interpreter with pyzmq. */
  readonly python: string;
  /** The folder of `uv`. */
  readonly pythonBin: string;
  /** The folder whose `node_modules` holds zeromq. */
  readonly node: string;
  /** The interpreter with all that the tests of the Python client need. */
  readonly pythonClient: string;
}

/** The places below a checkout, whether or not something is there yet. */
export function oraclePaths(root: string): OraclePaths {
  const pythonBin = `${root}/.cache/python/bin`;
  const pythonClient = `${root}/.cache/python-client/bin/python`;
  return { python: `${pythonBin}/python`, pythonBin, node: `${root}/.cache/node`, pythonClient };
}

/** Makes the virtual environment of the tests, or finds it as it should be. */
export function preparePython(root: string): Promise<Readiness> {
  return prepareEnvironment({
    python: oraclePaths(root).python,
    requirements: `${root}/tests/requirements.txt`,
    modules: ["zmq"],
    what: "pyzmq and uv",
  });
}

/** Makes the virtual environment in which the Python client is tested, or finds it as it should be. */
export function preparePythonClient(root: string): Promise<Readiness> {
  return prepareEnvironment({
    python: oraclePaths(root).pythonClient,
    requirements: `${root}/python/tests/requirements.txt`,
    modules: ["flask", "hatchling", "mypy", "pika", "psycopg", "pytest", "watchdog", "zmq"],
    what: "pytest and what it needs",
  });
}

/** A virtual environment. */
interface Environment {
  /** Its interpreter, `bin/python` below its home. */
  readonly python: string;
  /** The file with the pinned versions. */
  readonly requirements: string;
  /** What can be imported once it is as it should be. */
  readonly modules: readonly string[];
  /** What is in it, for messages. */
  readonly what: string;
}

async function prepareEnvironment({ python, requirements, modules, what }: Environment): Promise<Readiness> {
  const home = python.replace(/\/bin\/python$/, "");
  const pins = await Deno.readTextFile(requirements);
  const works = (await run(python, ["-c", `import ${modules.join(", ")}`])).success;
  if (works && await readStamp(home) === pins) return { state: "ready", what: `${what}, as fetched before` };

  if (!(await run(python, ["-m", "pip", "--version"])).success) {
    if (!(await run("python3", ["--version"])).success) {
      return { state: "missing", reason: "there is no python3 on PATH" };
    }
    const made = await run("python3", ["-m", "venv", "--clear", home]);
    if (!made.success) {
      return {
        state: "missing",
        reason: `python3 cannot make a virtual environment (Debian: python3-venv): ${lastLine(made.output)}`,
      };
    }
  }
  const installed = await run(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
  if (!installed.success) return { state: "failed", reason: `pip could not install ${what}:\n${installed.output}` };
  await Deno.writeTextFile(`${home}/${stampName}`, pins);
  return { state: "ready", what: `${what}, fetched now` };
}

/** Makes the folder with zeromq for Node, or finds it as it should be. */
export async function prepareNode(root: string): Promise<Readiness> {
  const { node: home } = oraclePaths(root);
  const pins = await Deno.readTextFile(`${root}/tests/npm-packages.json`);
  // Where there is no Node, Deno puts itself on PATH under that name; zeromq stalls in it.
  const isNode = (await run("node", ["-e", "process.exit(process.versions.deno ? 1 : 0)"])).success;
  if (!isNode) return { state: "missing", reason: "there is no node on PATH" };
  const works = (await run("node", ["-e", `require("zeromq")`], home)).success;
  if (works && await readStamp(home) === pins) return { state: "ready", what: "zeromq, as fetched before" };

  if (!(await run("npm", ["--version"])).success) return { state: "missing", reason: "there is no npm on PATH" };
  await Deno.mkdir(home, { recursive: true });
  await Deno.writeTextFile(`${home}/package.json`, pins);
  const installed = await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], home);
  if (!installed.success) return { state: "failed", reason: `npm could not install zeromq:\n${installed.output}` };
  const loaded = await run("node", ["-e", `require("zeromq")`], home);
  if (!loaded.success) {
    return { state: "missing", reason: `zeromq does not load under this Node: ${lastLine(loaded.output)}` };
  }
  await Deno.writeTextFile(`${home}/${stampName}`, pins);
  return { state: "ready", what: "zeromq, fetched now" };
}

/** Finds tmux on PATH. The tests were never run on one older than 3.2. */
export async function prepareTmux(): Promise<Readiness> {
  const { success, output } = await run("tmux", ["-V"]);
  if (!success) return { state: "missing", reason: "there is no tmux on PATH" };
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(output) ?? [];
  const isOld = Number(major) < 3 || (Number(major) === 3 && Number(minor) < 2);
  return isOld
    ? { state: "missing", reason: `${output.trim()} is older than 3.2` }
    : { state: "ready", what: output.trim() };
}

/** Holds the pins that the folder around it was made from. Written last: a broken-off installation has none. */
const stampName = ".pins";

function readStamp(home: string): Promise<string | null> {
  return Deno.readTextFile(`${home}/${stampName}`).catch(() => null);
}

/** Runs a program to its end; one that does not exist counts as one that failed. */
async function run(program: string, args: string[], cwd?: string): Promise<{ success: boolean; output: string }> {
  try {
    const options = {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
    } as const;
    const { success, stdout, stderr } = await new Deno.Command(program, options).output();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, output: error.message };
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
