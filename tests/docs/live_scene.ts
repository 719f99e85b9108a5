/** A live principal with an agent, and runs in every state that pages talk of. */
import assert from "node:assert/strict";
import { type CdktrProcess, makePlace, Place } from "../processes.ts";
import type { Machine } from "./machine.ts";
import type { Page } from "./pages.ts";
import { filesOf } from "./reader.ts";

/** Its tasks do what the run's parameters say: `load` waits for ever, or fails in the first attempt. */
const etl = `name: ETL
cron: "0 2 * * *"
tasks:
  extract:
    name: Extract
    config: !Subprocess { cmd: sh, args: ["-c", 'echo "12 rows"; echo rows=12 >> "$CDKTR_OUTPUT"'] }
  load:
    name: Load
    depends: [extract]
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          echo "loading $CDKTR_OUTPUT_EXTRACT_ROWS rows"
          while [ -n "$CDKTR_PARAM_WAITS" ]; do echo waiting; sleep 0.2; done
          [ "$CDKTR_ATTEMPT" -gt 1 ] || exit "\${CDKTR_PARAM_EXIT:-0}"
`;

/** The workflows that pages speak of without showing them, by path below the directory of workflows. */
export const workflows: Readonly<Record<string, string>> = {
  "etl.yml": etl,
  "etl/daily.yml": etl,
  "daily.yml": etl,
  "ci/build.yml": etl.replace("* * *", "* * 1"),
};

/** How ids of runs look in the pages. */
const runId = /\b01[0-9a-f]{6}-[0-9a-f]{4}(?:-[0-9a-f-]{22})?/g;

/** See the top of this file. */
export class LiveScene implements AsyncDisposable {
  #failed = "";
  #completed = "";

  private constructor(readonly place: Place, readonly principal: CdktrProcess) {}

  /** Starts a principal that serves the workflows that pages show, too. */
  static async start(machine: Machine, pages: readonly Page[]): Promise<LiveScene> {
    const shown = pages.flatMap((page) => filesOf(page, machine)).flatMap(([path, text]): [string, string][] => {
      return path.startsWith("workflows/") ? [[path.replace("workflows/", ""), text]] : [];
    });
    const place = new Place(await makePlace(), {
      command: [machine.real],
      environment: { ...machine.environment, HOME: machine.path },
    });
    for (const [path, text] of [...Object.entries(workflows), ...shown]) {
      const file = `${place.path}/workflows/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    const scene = new LiveScene(place, await place.startPrincipal(["--with-agent", "--max-concurrent", "50"]));
    scene.#failed = await scene.#run("FAILED", "exit=3");
    scene.#completed = await scene.#run("COMPLETED", "exit=0");
    await scene.#run("RUNNING", "waits=1");
    return scene;
  }

  /** The settings of those who talk to the principal. */
  get environment(): Record<string, string> {
    const { CDKTR_APP_DATA_DIRECTORY: _ours, ...settings } = this.place.env;
    return {
      ...settings,
      TYPED_SCENE_PORT: settings["CDKTR_PRINCIPAL_PORT"] ?? "",
      CDKTR_CONTEXTS: "prod=prod.example.org",
    };
  }

  /** A script whose ids are those of runs that can be treated so. */
  async withRuns(script: string): Promise<string> {
    const lines: string[] = [];
    let paused = "";
    for (const line of script.split("\n")) {
      if (!runId.test(line)) lines.push(line);
      else if (/\bruns retry\b/.test(line)) lines.push(line.replace(runId, await this.#run("FAILED", "exit=3")));
      else if (/\bruns cancel\b/.test(line)) lines.push(line.replace(runId, await this.#run("RUNNING", "waits=1")));
      else if (/\bruns (?:pause|resume)\b/.test(line)) {
        paused ||= await this.#run("RUNNING", "waits=1");
        if (/\bruns resume\b/.test(line) && !lines.some((before) => before.includes("runs pause"))) {
          await this.#pause(paused);
        }
        lines.push(line.replace(runId, paused));
      } else lines.push(line.replace(runId, /\bruns watch\b/.test(line) ? this.#completed : this.#failed));
      runId.lastIndex = 0;
    }
    return lines.join("\n");
  }

  /** Triggers a run and waits until it is in a state; its id. */
  async #run(state: "COMPLETED" | "FAILED" | "RUNNING", param: string): Promise<string> {
    const waits = state === "RUNNING" ? [] : ["--wait"];
    const { stdout, stderr } = await this.place.call(["task", "run", "etl.daily", "-p", param, ...waits]);
    const [id = ""] = stdout.match(/[0-9a-f-]{36}/) ?? [];
    assert.notEqual(id, "", stderr);
    if (state !== "RUNNING") return id;
    await using lines = this.place.start(["logs", "query", "--run", id, "--follow"]);
    await lines.printed(/waiting/);
    return id;
  }

  async #pause(id: string): Promise<void> {
    const { code, stderr } = await this.place.call(["runs", "pause", id]);
    assert.equal(code, 0, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using principal = this.principal;
    principal.kill("SIGTERM");
    await principal.said(/a second signal cancels what runs/);
    await principal.end();
    await this.place[Symbol.asyncDispose]();
  }
}
