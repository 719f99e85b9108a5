/** A person who follows a page: saves the files that it shows, and types its commands. */
import { type Block, fileOf, needsOf, type Page } from "./pages.ts";
import type { Machine } from "./machine.ts";
import { parseWorkflow } from "../../src/workflow/mod.ts";
import { oneTask } from "../cli/principal_scene.ts";

/** What a block came to. */
export interface Done {
  readonly code: number;
  /** All that was printed, and each line of the shell before it was run. */
  readonly output: string;
}

/** How long a block may take, on a busy machine. */
const blockLimitMs = 120_000;

/** See the top of this file. */
export class Reader {
  readonly #home: string;
  readonly #machine: Machine;
  readonly #page: Page;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(machine: Machine, page: Page, home: string, environment: Readonly<Record<string, string>>) {
    this.#machine = machine;
    this.#page = page;
    this.#home = home;
    this.#environment = { ...machine.environment, HOME: home, ...environment };
  }

  /**
   * @param environment Comes on top of that of the machine.
   * @param files What lies in the directory that the reader starts in, by path.
   */
  static async of(
    machine: Machine,
    page: Page,
    environment: Readonly<Record<string, string>> = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<Reader> {
    const home = `${machine.path}/home/${page.path.replaceAll("/", "-")}`;
    const directories = [
      ".config/cdktr",
      ".config/fish/completions",
      ".local/share/man/man1",
      ".zfunc",
      "place/workflows",
    ];
    for (const directory of directories) {
      await Deno.mkdir(`${home}/${directory}`, { recursive: true });
    }
    await Deno.writeTextFile(`${home}/.config/cdktr/webhook`, "a secret of sixteen characters\n", { mode: 0o600 });
    await Deno.writeTextFile(`${home}/cwd`, `${home}/place`);
    await Deno.writeTextFile(`${home}/exports`, "");
    for (const [path, text] of Object.entries(files)) await save(`${home}/place/${path}`, text);
    const reader = new Reader(machine, page, home, environment);
    await reader.#saveFiles();
    return reader;
  }

  /** Types a block into a shell that stands where the one before it ended, and goes on with what that exported. */
  async type({ language, text, where }: Block, commands = text): Promise<Done> {
    await this.#saveFiles();
    const script = `cd "$(cat "$HOME/cwd")"\n. "$HOME/exports"\n${
      withExitCodes(this.#machine.enclosed(commands))
    }\npwd > "$HOME/cwd"\nexport -p | sed 's/^declare -x/export/' > "$HOME/exports"\n`;
    const path = `${this.#home}/${where.replaceAll(/\W/g, "-")}.sh`;
    await Deno.writeTextFile(path, script);
    return await this.run(language === "bash" ? "bash" : "sh", ["-eux", path]);
  }

  /** Starts a principal of the reader's own, which {@linkcode Machine.endServices} ends; its process id. */
  async startPrincipal(): Promise<number> {
    const { code, output } = await this.run("cdktr", ["start", "principal"]);
    if (code !== 0) throw new Error(output);
    const directory = `${this.#machine.path}/services`;
    const [pid = ""] = Array.from(Deno.readDirSync(directory), ({ name }) => name).filter((name) =>
      name.endsWith(".pid")
    );
    return Number(await Deno.readTextFile(`${directory}/${pid}`));
  }

  /** Runs a program in the directory that the reader is in. */
  async run(program: string, args: readonly string[]): Promise<Done> {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: (await Deno.readTextFile(`${this.#home}/cwd`)).trim(),
      clearEnv: true,
      detached: true, // A process group of its own, so that what hangs is ended with all it has started.
      env: { ...this.#environment },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const limit = setTimeout(() => Deno.kill(-child.pid, "SIGKILL"), blockLimitMs);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(limit);
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  }

  /** Saves what the page shows as files, where the reader is now and no such file is. */
  async #saveFiles(): Promise<void> {
    const directory = (await Deno.readTextFile(`${this.#home}/cwd`)).trim();
    for (const [path, text] of filesOf(this.#page, this.#machine)) {
      const isThere = await Deno.stat(`${directory}/${path}`).then(() => true, () => false);
      if (!isThere) await save(`${directory}/${path}`, text);
    }
  }
}

/** The files that a page shows. A workflow that cannot run here is one of the same name that says nothing. */
export function filesOf(page: Page, machine: Machine): [path: string, text: string][] {
  return page.blocks.flatMap((block): [string, string][] => {
    const path = fileOf(block);
    if (path === undefined) return [];
    const isWorkflow = block.language === "yaml" && missingFor(block, page, machine).length > 0;
    return [[path, isWorkflow ? oneTask : machine.enclosed(block.text)]];
  });
}

/** What a workflow needs and does not find: programs that it says it needs, and scripts that its page does not show. */
export function missingFor(block: Block, page: Page, machine: Machine): string[] {
  const { workflow } = parseWorkflow(block.text, { id: "example", path: block.where });
  const words =
    workflow?.tasks.flatMap(({ config }) =>
      config.type === "uv_python" ? [config.scriptPath] : [config.cmd, ...config.args]
    ) ?? [];
  const scripts = words.filter((word) => /^[\w./-]+\.(?:py|sh|ts|sql)$/.test(word));
  const shown = new Set(page.blocks.map(fileOf));
  return [
    ...needsOf(block).filter((need) => !machine.has(need)),
    ...scripts.filter((script) => !shown.has(script)),
  ];
}

/** Lines that are to end with another exit code than 0 say so behind them: `# exit 3`. */
function withExitCodes(script: string): string {
  return script.replace(
    /^(?! *#)(.*?\S) +# exits? (?:with )?(\d+)\b.*$/gm,
    (_, command, code) => `got=0; ${command} || got=$?\nif [ "$got" -ne ${code} ]; then exit 99; fi`,
  );
}

async function save(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}
