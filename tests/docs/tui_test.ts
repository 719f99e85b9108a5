/** docs/tui.md names the keys that there are. */
import assert from "node:assert/strict";
import type { Action } from "../../src/tui/screen.ts";
import { keyName } from "../../src/tui/words.ts";
import { PrincipalScene } from "../cli/principal_scene.ts";
import { keys as typed, Stage } from "../tui/stage.ts";

const page = await Deno.readTextFile(new URL("../../docs/tui.md", import.meta.url));

const etl = `name: ETL
cron: "0 6 * * *"
tasks:
  extract: {name: Extract, config: {type: subprocess, cmd: echo}}
`;

/** What each screen offers, by its name in the page: in every state that its runs can be in. */
async function offered(): Promise<Map<string, readonly Action[]>> {
  const [lab, other] = await Promise.all([PrincipalScene.start({ etl }), PrincipalScene.start({})]);
  await using _lab = lab;
  await using _other = other;
  const failed = await lab.trigger("etl");
  const attempt = await lab.fetch();
  await lab.reportRun(attempt, "RUNNING");
  await lab.reportTask(attempt, "extract", "RUNNING");
  await lab.reportTask(attempt, "extract", "FAILED", { exitCode: 3, reason: "exited with code 3" });
  await lab.reportRun(attempt, "FAILED", "it failed");
  const running = await lab.trigger("etl");
  const second = await lab.fetch();
  await lab.reportRun(second, "RUNNING");
  await lab.reportTask(second, "extract", "RUNNING");
  const paused = await lab.trigger("etl");
  await lab.client.call("PAUSE", { run: paused, paused: true, reason: "a test" });
  await using stage = Stage.at({ lab: lab.ports, prod: other.ports }, { route: { screen: "messages" } });
  await stage.until("● live");
  const { ui } = stage;
  const common = ui.actions();
  const own = () => ui.actions().filter(({ title }) => !common.some((action) => action.title === title));

  const found = new Map<string, Action[]>([["Everywhere", [...common]]]);
  const collect = (name: string) => found.set(name, [...found.get(name) ?? [], ...own()]);
  /** Collects what is offered after each of these keys. */
  const walk = async (name: string, key: string, times: number, wait: string | RegExp) => {
    await stage.until(wait);
    await stage.until(/ (?:enter|h|f) /); // Of the footer: the screen knows by now what can be done.
    for (let time = 0; time <= times; time++) {
      collect(name);
      stage.type(key);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  };
  ui.goTo({ screen: "overview" });
  await walk("Overview", typed.tab, 2, /FIRES NEXT[^]*etl[^]*FAILED/);
  ui.goTo({ screen: "workflows" });
  await walk("Workflows", "j", 0, /USUAL[^]*run it/);
  ui.goTo({ screen: "workflow", workflowId: "etl" });
  await walk("A workflow", "j", 2, /Definition[^]*FAILED/);
  await walk("A workflow", typed.tab, 1, "Graph");
  ui.goTo({ screen: "runs" });
  await walk("Runs", "j", 2, /WORKFLOW[^]*FAILED/);
  for (const run of [failed, running, paused]) {
    ui.goTo({ screen: "run", run });
    await walk("A run", typed.tab, 0, new RegExp(`${run.slice(0, 13)}[^]*Extract`));
  }
  ui.goTo({ screen: "logs", run: running });
  await walk("Logs", "f", 1, /LIVE following/);
  ui.goTo({ screen: "logs", run: failed });
  await walk("Logs", "f", 0, "ENDED");
  ui.goTo({ screen: "agents" });
  await walk("Agents", typed.tab, 1, /HEALTH[^]*ok/);
  ui.goTo({ screen: "schedule" });
  await walk("Schedule", "j", 0, /starts at once|next 24 h[^]*etl/);
  return found;
}

/** Actions as the page tells them: `c` cancel; `p` pause or resume. */
function sentence(actions: readonly Action[]): string {
  const titles = new Map<string, Set<string>>();
  for (const { keys, title } of actions) {
    const names = keys.map((key) => `\`${keyName(key)}\``).join(" ");
    titles.set(names, (titles.get(names) ?? new Set()).add(title));
  }
  return [...titles].map(([names, all]) => `${names} ${[...all].join(" or ")}`).join("; ");
}

Deno.test("docs/tui.md names the keys of each screen", async () => {
  const sections = new Map(page.split(/^#+ /m).map((section) => [section.split("\n", 1)[0] ?? "", section]));
  for (const [name, actions] of await offered()) {
    const section = sections.get(name)?.replaceAll(/\s+/g, " ") ?? "";
    const expected = `Keys: ${sentence(actions)}.`;
    assert.ok(section.includes(expected), `the section "${name}" of docs/tui.md is to have\n\n${expected}\n`);
  }
});
