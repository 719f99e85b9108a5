/** The interface on a real principal in the same process, typed into and read as a terminal would. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { asciiGlyphs, type Glyphs, Painter, type Size, unicodeGlyphs } from "../../src/paint/mod.ts";
import type { ServerPorts } from "../../src/principal/mod.ts";
import type { Route } from "../../src/tui/screen.ts";
import { InputFeed } from "../../src/tui/input_feed.ts";
import { Session } from "../../src/tui/session.ts";
import { Ui } from "../../src/tui/ui.ts";
import { PrincipalScene, type SceneOptions } from "../cli/principal_scene.ts";

/** What may be different about a stage. */
export interface StageOptions extends SceneOptions {
  /** @default 100 by 30 */
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
  readonly ui: Ui;
  /** What was saved, by name. */
  readonly saved: Map<string, string>;
  /** The exit codes of the ways out that were taken. */
  readonly quits: number[];
  readonly #scene: PrincipalScene | null;
  readonly #painter: Painter;
  readonly #feed: InputFeed;

  private constructor(parts: Pick<Stage, "ui" | "saved" | "quits">, scene: PrincipalScene | null) {
    this.#scene = scene;
    this.ui = parts.ui;
    this.saved = parts.saved;
    this.quits = parts.quits;
    // Without colours: a frame is text.
    this.#painter = new Painter("dark", 0, this.ui.glyphs === asciiGlyphs);
    this.#feed = new InputFeed(systemClock, (events) => this.ui.take(events));
  }

  /** Opens the interface on a principal with these workflows, by id. */
  static async open(files: Readonly<Record<string, string>>, options: StageOptions = {}): Promise<Stage> {
    const scene = await PrincipalScene.start(files, options);
    return Stage.on(scene, options);
  }

  /** Opens the interface on a principal that is there; it goes with the stage. */
  static on(scene: PrincipalScene, options: StageOptions = {}): Stage {
    return Stage.at({ lab: scene.ports }, options, scene);
  }

  /** Opens the interface on the first of several principals, by the names of their contexts. */
  static at(
    principals: Readonly<Record<string, ServerPorts>>,
    options: StageOptions = {},
    scene: PrincipalScene | null = null,
  ): Stage {
    const saved = new Map<string, string>();
    const quits: number[] = [];
    const contexts = Object.entries(principals).map(([name, ports]) => ({
      name,
      open: () => new Session({ client: clientOf(ports), clock: systemClock, name, pollMs: 100 }),
    }));
    const ui = new Ui({
      contexts,
      context: contexts[0]?.name ?? "",
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
    return new Stage({ ui, saved, quits }, scene);
  }

  /** The principal that goes with the stage. */
  get scene(): PrincipalScene {
    if (this.#scene === null) throw new Error("no principal goes with this stage");
    return this.#scene;
  }

  /** The frame as a terminal gets it. */
  get raw(): string {
    return this.ui.frame().map((line) => this.#painter.ansi(line)).join("\n");
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
    for (const key of keys) this.#feed.push(key);
  }

  /** The first frame that holds the text, or matches. @throws when none comes in time */
  async until(expected: string | RegExp | ((frame: string) => boolean)): Promise<string> {
    const deadlineMs = performance.now() + patienceMs;
    const holds = (frame: string) =>
      typeof expected === "string"
        ? frame.includes(expected)
        : typeof expected === "function"
        ? expected(frame)
        : expected.test(frame);
    for (;;) {
      const { frame } = this;
      if (holds(frame)) return frame;
      if (performance.now() > deadlineMs) throw new Error(`no frame has ${expected}; the last one:\n${frame}`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed.close();
    await this.ui.close();
    await this.#scene?.[Symbol.asyncDispose]();
  }
}

function clientOf(ports: ServerPorts): PrincipalClient {
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
  ctrlX: "\x18",
} as const;

/** A frame with what is different each time written as what it is: ids, times, spans. */
export function steady(frame: string): string {
  return frame
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?/g, (id) => "ID".padEnd(id.length, "#"))
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "YYYY-MM-DD hh:mm:ss")
    .replace(/\b\d\d:\d\d:\d\d(\.\d{3})?/g, (time) => time.replace(/\d/g, "9"))
    // Right-aligned in a column, or in a sentence.
    .replace(/ {2,}\d+(\.\d)?(ms|s)(?= )/g, (cell) => "t".padStart(cell.length))
    .replace(/(?<=\S) \d+(\.\d)?(ms|s)( +)/g, (cell) => " t".padEnd(cell.length))
    .replace(/\b(\d+ min )?\d+(\.\d)? (ms|s)\b/g, "t")
    .replace(/127\.0\.0\.1:\d+/g, (address) => "host:port".padEnd(address.length, "#"));
}
