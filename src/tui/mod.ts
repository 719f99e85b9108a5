/** The terminal UI. Only `cdktr ui` loads it: Ink and React take longer than most commands do. */
import { createElement } from "react";
import { render } from "ink";
import { CdktrError } from "../core/mod.ts";
import { asciiGlyphs, type ColourDepth, Painter, type ThemeName } from "../paint/mod.ts";
import { App } from "./app.tsx";
import { Terminal } from "./terminal.ts";
import { Ui, type UiOptions } from "./ui.ts";

export { type Context } from "./ui.ts";
export type { Route } from "./screen.ts";
export { Session } from "./session.ts";

/** What {@linkcode runUi} is given. */
export interface RunUiOptions extends Omit<UiOptions, "size" | "onQuit"> {
  readonly theme: ThemeName;
  readonly colours: ColourDepth;
  /** Ends the interface; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Frames a second at most. */
const maxFps = 60;

/**
 * Shows the interface until its user leaves it. The terminal is given back whatever happens.
 *
 * @returns The exit code that the user's way out means.
 * @throws The signal's reason, when that aborts first.
 */
export async function runUi({ theme, colours, signal, ...options }: RunUiOptions): Promise<number> {
  const { clock } = options;
  const left = Promise.withResolvers<number>();
  using terminal = new Terminal();
  terminal.take();
  const ui = new Ui({ ...options, size: terminal.size, onQuit: left.resolve });
  const stopResizing = terminal.onResize((size) => ui.resize(size));
  const onAbort = () => left.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const stop = terminal.canStop ? { stop: () => terminal.stop(clock) } : {};
  const painter = new Painter(theme, colours, options.glyphs === asciiGlyphs);
  const instance = render(createElement(App, { ui, painter, clock, ...stop }), {
    exitOnCtrlC: false,
    incrementalRendering: true,
    interactive: true,
    maxFps,
    patchConsole: false,
  });
  instance.waitUntilExit().then(
    () => left.reject(new CdktrError("INTERNAL", "The interface ended by itself.")),
    left.reject,
  );
  try {
    return await left.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stopResizing();
    instance.unmount();
    terminal.release();
    await ui.close();
  }
}
