/** The terminal UI. Only `cdktr ui` loads it. */
import { asciiGlyphs, type ColourDepth, Painter, type ThemeName } from "../paint/mod.ts";
import { FrameWriter } from "./frame_writer.ts";
import { InputFeed } from "./input_feed.ts";
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

/** What a shell says of a process that a hang-up ended: 128 and the number of SIGHUP. */
const hungUp = 129;

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
  const writer = new FrameWriter({
    frame: ui.frame,
    painter: new Painter(theme, colours, options.glyphs === asciiGlyphs),
    write: (text) => terminal.write(text),
    onWritten: (chars) => ui.wrote(chars),
    onError: left.reject,
  });
  const stopShowing = ui.subscribe(() => writer.show());
  const stopResizing = terminal.onResize((size) => {
    writer.forget();
    ui.resize(size);
  });
  const onAbort = () => left.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await writer.hold();
    await terminal.stop(clock);
    writer.resume();
    stopping = null;
  };
  const feed = new InputFeed(clock, (events) => {
    ui.take(events);
    const isStop = events.some((event) => event.type === "key" && event.key === "ctrl-z");
    if (isStop && terminal.canStop) stopping ??= stop().catch(left.reject);
  });
  terminal.read((text) => feed.push(text)).then(() => left.resolve(hungUp), left.reject);
  writer.show();
  try {
    return await left.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stopResizing();
    stopShowing();
    feed.close();
    await writer.hold();
    terminal.release();
    await ui.close();
  }
}
