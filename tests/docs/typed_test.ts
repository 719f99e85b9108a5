/** Every command of every page is typed, in the order of the page, on a machine with a live principal. */
import assert from "node:assert/strict";
import { oneTask } from "../cli/principal_scene.ts";
import { LiveScene, workflows } from "./live_scene.ts";
import { Machine } from "./machine.ts";
import { allPages, type Block, needsOf } from "./pages.ts";
import { Reader } from "./reader.ts";

/** The shells whose blocks are typed as they stand. Of those of others, which few machines have, only what is cdktr. */
const shells: readonly string[] = ["sh", "bash"];
const otherShells: readonly string[] = ["zsh", "fish", "powershell"];

/** What the pages take for granted in the directory that they begin in. */
const files: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(workflows).map(([path, text]) => [`workflows/${path}`, text])),
  "lab/daily.yml": oneTask,
  "schema/workflow.schema.json": "{}\n",
  "a.yml": oneTask,
  "b.yml": oneTask,
  "more/c.yml": oneTask,
  "jobs.cron": "0 6 * * * echo morning\n",
  "report.sql": "SELECT count(*) FROM runs\n",
  "cdktr-linux-x64": "#!/bin/sh\n# Not run: a release has it.\n",
  "cdktr-old": "#!/bin/sh\n# Not run: an older release has it.\n",
  "compile.sh": "#!/bin/sh\n# Not run: it takes minutes; tests/compiled builds one.\n",
};

/** What is typed of a block; empty where nothing is. */
function commandsOf({ language, text }: Block): string {
  if (shells.includes(language)) return text;
  if (otherShells.includes(language)) {
    return Array.from(text.matchAll(/\bcdktr [^|)>#\n]+/g), ([line]) => `${line}\n`).join("");
  }
  return ["", "console"].includes(language)
    ? [...text.matchAll(/^\$ (.*)$/gm)].map(([, line]) => `${line}\n`).join("")
    : "";
}

/** A port that is free now. */
function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}

Deno.test("every command that a page shows can be typed as it stands", async (t) => {
  const pages = await allPages();
  await using machine = await Machine.make();
  await using scene = await LiveScene.start(machine, pages);
  let count = 0;
  for (const page of pages) {
    const typed = page.blocks.filter((block) => commandsOf(block) !== "");
    if (typed.length === 0) continue;
    const port = freePort();
    const environment = { ...scene.environment, TYPED_HOOK_PORT: port };
    const reader = await Reader.of(machine, page, environment, files);
    await reader.run("chmod", ["755", "compile.sh"]);
    for (const block of typed) {
      count++;
      const missing = needsOf(block).filter((need) => !machine.has(need));
      await t.step({
        name: missing.length === 0 ? block.where : `${block.where} (skipped: there is no ${missing.join(", no ")})`,
        ignore: missing.length > 0,
        fn: async () => {
          const commands = commandsOf(block).replaceAll(/(?:127\.0\.0\.1|localhost):8080/g, `127.0.0.1:${port}`);
          const principal = commands.includes("$PRINCIPAL_PID")
            ? `PRINCIPAL_PID=${await reader.startPrincipal()}\n`
            : "";
          const { code, output } = await reader.type(block, principal + await scene.withRuns(commands));
          await machine.endServices();
          assert.equal(code, 0, output);
          assert.doesNotMatch(output, /error\[INTERNAL\]|^ +at .*\.[jt]s:\d+/m);
        },
      });
    }
  }
  assert.ok(count > 40, `only ${count} blocks were found`);
});
