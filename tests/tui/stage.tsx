/** The interface on a real principal in the same process, shown through ink-testing-library. */
import { render } from "ink-testing-library";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { type Glyphs, Painter, type Size, unicodeGlyphs } from "../../src/paint/mod.ts";
import { App } from "../../src/tui/app.tsx";
import type { Route } from "../../src/tui/screen.ts";
import { Session } from "../../src/tui/session.ts";
import { Ui } from "../../src/tui/ui.ts";
import { PrincipalScene, type SceneOptions } from "../cli/principal_scene.ts";

/** What may be different about a stage. */
export interface StageOptions extends SceneOptions {
  /** @default 100 by 30; wider than 100 columns is cut by the testing library */
  readonly size?: Size;
  /** @default the overview */
  readonly route?: Route;
  readonly glyphs?: Glyphs;
  readonly isReadOnly?: boolean;
}

/** Frames are looked at this often until they are as expected. */
const lookEveryMs = 20;
const patienceMs = 10_000;

/** See the top of this file. */
export class Stage implements AsyncDisposable {
  readonly scene: PrincipalScene;
  readonly ui: Ui;
  /** What was saved, by name. */
  readonly saved: Map<string, string>;
  /** The exit codes of the ways out that were taken. */
  readonly quits: number[];
  readonly #shown: ReturnType<typeof render>;

  private constructor(parts: Pick<Stage, "scene" | "ui" | "saved" | "quits">) {
    this.scene = parts.scene;
    this.ui = parts.ui;
    this.saved = parts.saved;
    this.quits = parts.quits;
    // Without colours: a frame is text.
    this.#shown = render(<App ui={this.ui} painter={new Painter("dark", 0)} clock={systemClock} />);
  }

  /** Opens the interface on a principal with these workflows, by id. */
  static async open(files: Readonly<Record<string, string>>, options: StageOptions = {}): Promise<Stage> {
    const scene = await PrincipalScene.start(files, options);
    return Stage.on(scene, options);
  }

  /** Opens the interface on a principal that is there; it goes with the stage. */
  static on(scene: PrincipalScene, options: StageOptions = {}): Stage {
    const saved = new Map<string, string>();
    const quits: number[] = [];
    const context = {
      name: "lab",
      open: () => new Session({ client: clientOf(scene), clock: systemClock, name: "lab", pollMs: 100 }),
    };
    const ui = new Ui({
      contexts: [context],
      context,
      route: options.route ?? { screen: "overview" },
      clock: systemClock,
      glyphs: options.glyphs ?? unicodeGlyphs,
      isReadOnly: options.isReadOnly ?? false,
      size: options.size ?? { width: 100, height: 30 },
      saveFile: async (name, parts) => {
        let text = "";
        for await (const part of parts) text += part;
        saved.set(name, text);
        return `/home/ada/${name}`;
      },
      onQuit: (exitCode) => quits.push(exitCode),
    });
    return new Stage({ scene, ui, saved, quits });
  }

  /** The frame as Ink has written it. */
  get raw(): string {
    return this.#shown.lastFrame() ?? "";
  }

  /** The frame as text, blanks at the ends of lines cut. */
  get frame(): string {
    return this.raw.replace(/\x1b\[[0-9;]*m/g, "").split("\n").map((line) => line.trimEnd()).join("\n");
  }

  /** The rows of the screen itself: without what is above it and below it. */
  get body(): string {
    return this.frame.split("\n").slice(2, -2).join("\n");
  }

  /** Types: characters, or escape sequences. */
  type(...keys: readonly string[]): void {
    for (const key of keys) this.#shown.stdin.write(key);
  }

  /** The first frame that holds the text, or matches. @throws when none comes in time */
  async until(expected: string | RegExp): Promise<string> {
    const deadlineMs = performance.now() + patienceMs;
    const holds = (frame: string) => typeof expected === "string" ? frame.includes(expected) : expected.test(frame);
    for (;;) {
      const { frame } = this;
      if (holds(frame)) return frame;
      if (performance.now() > deadlineMs) throw new Error(`no frame has ${expected}; the last one:\n${frame}`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shown.unmount();
    await this.ui.close();
    await this.scene[Symbol.asyncDispose]();
  }
}

function clientOf({ ports }: PrincipalScene): PrincipalClient {
  const options = { clock: systemClock, random: systemRandom, version: "1", role: "ui", timeoutMs: 5000 };
  return PrincipalClient.overTcp({ host: "127.0.0.1", ...ports }, options);
}

/** Keys by name, as a terminal sends them. */
export const keys = {
  enter: "\r",
  esc: "\x1b",
  tab: "\t",
  up: "\x1b[A",
  down: "\x1b[B",
  right: "\x1b[C",
  left: "\x1b[D",
  pageDown: "\x1b[6~",
  pageUp: "\x1b[5~",
  backspace: "\x7f",
  ctrlP: "\x10",
} as const;

/** A frame with what is different each time written as what it is: ids, times, spans. */
export function steady(frame: string): string {
  return frame
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?/g, (id) => "ID".padEnd(id.length, "#"))
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "YYYY-MM-DD hh:mm:ss")
    .replace(/\b\d\d:\d\d:\d\d(\.\d{3})?/g, (time) => time.replace(/\d/g, "9"))
    .replace(/127\.0\.0\.1:\d+/g, (address) => "host:port".padEnd(address.length, "#"));
}
