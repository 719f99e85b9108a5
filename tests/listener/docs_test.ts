/** What docs/listeners.md shows works as it stands there. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { argumentsOf } from "../cli/shell_line.ts";
import { call, temporaryDirectory } from "../cli/call.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const page = await Deno.readTextFile(`${checkout}docs/listeners.md`);

/** The blocks of a language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);
}

const [listener = ""] = blocks("ts");
const configuration = blocks("json").find((block) => block.includes("links")) ?? "";

/** Runs Deno on the page's listener and gives it two orders, one of them twice. */
async function order(args: readonly string[], cwd: string, { ports }: PrincipalScene): Promise<string> {
  await Deno.writeTextFile(`${cwd}/listener.ts`, listener);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--check", "--quiet", ...args, "-N", "-E", "listener.ts"],
    cwd,
    env: { CDKTR_PRINCIPAL_HOST: "127.0.0.1", CDKTR_PRINCIPAL_PORT: String(ports.port), NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob(["4711\n4712\n47", "11\n"]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

for (const way of ["links", "--config"]) {
  Deno.test(`the listener of the page type-checks and runs by ${way}`, async () => {
    await using principal = await PrincipalScene.start({ "etl.order": oneTask });
    await using directory = await temporaryDirectory();
    let args: string[] = [];
    if (way === "links") {
      ok(configuration.includes('"../cdktr"'));
      const link = JSON.stringify(relative(directory.path, checkout));
      await Deno.writeTextFile(`${directory.path}/deno.json`, configuration.replace('"../cdktr"', link));
    } else {
      ok(page.includes("--config ../cdktr/deno.json -N -E listener.ts"));
      args = ["--config", `${checkout}deno.json`];
    }
    const said = await order(args, directory.path, principal);
    match(said, /order 4711: \{[^}]*isDuplicate: false[^]*order 4711: \{[^}]*isDuplicate: true/);
    const { runs } = await principal.client.call("RUNS", { limit: 10 });
    deepEqual(runs.map(({ trigger, params }) => [trigger, params["order"]]).reverse(), [
      ["event", "4711"],
      ["event", "4712"],
    ]);
  });
}

Deno.test("the command lines of the page can be typed", async () => {
  const lines = [...blocks("sh"), ...blocks("ini"), await Deno.readTextFile(`${checkout}docs/cli.md`)].flatMap((
    block,
  ) => [...block.matchAll(/^(?:ExecStart=\S*\/)?(cdktr listen .*)$/gm)].map(([, line = ""]) => line));
  ok(lines.length >= 5, `${lines.length} were found`);
  await using directory = await temporaryDirectory();
  for (const line of lines) {
    // They are understood; what they name is not there.
    const argv = argumentsOf(line).map((word) => word.startsWith("/srv/") ? `${directory.path}/none` : word);
    const before = argv[1] === "webhook" ? ["--token-file", "none"] : [];
    const { exitCode, stderr } = await call([...argv, ...before], { workingDirectory: directory.path });
    equal(exitCode, 3, `${line}\n${stderr}`);
  }
});
