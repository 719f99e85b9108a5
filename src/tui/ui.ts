/**
 * The interface: the screens one came by, the dialog over them, and what is said around them. Keys go to the dialog, else to
 * what is being typed, else to the action that has them, else to the screen. It knows no terminal: it takes events and a
 * size, and gives lines.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import {
  fitBlock,
  fitLine,
  type Glyphs,
  type Line,
  lineWidth,
  overlay,
  printable,
  type Role,
  type Size,
  span,
} from "../paint/mod.ts";
import { CommandLine } from "./dialogs/command_line.ts";
import { Help } from "./dialogs/help.ts";
import { Palette } from "./dialogs/palette.ts";
import type { InputEvent } from "./input.ts";
import { Messages } from "./messages.ts";
import { makeScreen } from "./screens/make_screen.ts";
import { places } from "./places.ts";
import type { Action, Desk, Dialog, Route, Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import { footerLine, headerLine, placeAt, placesLine } from "./surround.ts";

/** A principal one can go to. */
export interface Context {
  readonly name: string;
  /** A session that was not started. */
  readonly open: () => Session;
}

/** What the interface needs. */
export interface UiOptions {
  readonly contexts: readonly Context[];
  /** The name of the one to begin with. */
  readonly context: string;
  readonly route: Route;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly isReadOnly: boolean;
  readonly size: Size;
  /** Writes a file for the user, in the working directory; its path. */
  readonly saveFile: (name: string, parts: AsyncIterable<string>) => Promise<string>;
  /** Called when the user wants to leave. */
  readonly onQuit: (exitCode: number) => void;
}

/** Frames that news brings come no more often than this, in milliseconds; keys are answered at once. */
const frameMs = 100;
/** What news may cost on the way to a terminal far away, characters a second: a frame that was longer is left to stand longer. */
const newsCharsPerSecond = 22_000;
/** Ages on the screen are brought up to date this often, in milliseconds. */
const ageMs = 1000;
/** How long a message stands above the footer, in milliseconds. */
const messageMs = 8000;
/** A key that comes later than this after a message takes it away, in milliseconds. */
const readMs = 1500;
/** Screens that back leads to. */
const maxScreens = 50;
/** Rows above a screen and below it. */
const headRows = 2;
const footRows = 2;
const placesRow = 1;
/** Narrower or lower than this nothing is drawn but a request for room. */
const leastSize: Size = { width: 40, height: 10 };

/** See the top of this file. */
export class Ui implements Desk {
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly isReadOnly: boolean;
  session: Session;
  readonly messages: Messages;
  readonly #options: UiOptions;
  readonly #listeners = new Set<() => void>();
  #size: Size;
  #screens: Screen[];
  #dialog: Dialog | null = null;
  #contextName: string;
  #frame: readonly Line[] | null = null;
  #lastFrameMs = -Infinity;
  #lastKeyMs = -Infinity;
  /** How long the last frame stands at least, while there are no keys. */
  #frameMs = frameMs;
  #cancelFrame: (() => void) | null = null;
  #cancelAge: () => void = () => {};
  /** Of the newest message. */
  #cancelMessage: () => void = () => {};
  #stopListening: () => void = () => {};
  /** Where the dialog was drawn; null before it was. */
  #dialogPlace: { readonly column: number; readonly row: number; readonly size: Size } | null = null;
  /** Ends what is under way at the present principal. */
  #present = new AbortController();
  /** Former sessions that are ending. */
  #leaving: Promise<unknown> = Promise.resolve();
  readonly #closed = new AbortController();

  constructor(options: UiOptions) {
    const { clock, glyphs, isReadOnly, size, context, route } = options;
    this.#options = options;
    this.clock = clock;
    this.glyphs = glyphs;
    this.isReadOnly = isReadOnly;
    this.#size = size;
    this.messages = new Messages(clock);
    this.#contextName = context;
    this.session = this.#begin(this.#contextNamed(context));
    this.#screens = [makeScreen(route, this)];
    this.#keepAges();
  }

  /** Calls `listener` when there is a new frame, until the returned function is called. */
  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is to be seen: as many lines as there are rows. The same ones until something changes. */
  readonly frame = (): readonly Line[] => this.#frame ??= this.#draw();

  /** The names of the principals one can go to, and the present one. */
  get contexts(): { readonly names: readonly string[]; readonly present: string } {
    return { names: this.#options.contexts.map(({ name }) => name), present: this.#contextName };
  }

  resize(size: Size): void {
    this.#size = size;
    this.#show();
  }

  /** Takes what the user did, all of it before the next frame. */
  take(events: readonly InputEvent[]): void {
    for (const event of events) this.#takeOne(event);
    if (events.length > 0) this.#show();
  }

  open(route: Route): void {
    this.#screens.push(makeScreen(route, this));
    if (this.#screens.length > maxScreens) this.#screens.shift()?.close();
    this.changed();
  }

  back(): void {
    if (this.#screens.length === 1) return;
    this.#screens.pop()?.close();
    this.changed();
  }

  /** Goes to a screen that has a key of its own: whatever lies above is left. */
  goTo(route: Route): void {
    const isPlace = Object.keys(route).length === 1;
    if (isPlace && this.#screens.length === 1 && this.#screen.route.screen === route.screen) return;
    for (const screen of this.#screens.splice(0)) screen.close();
    this.#screens.push(makeScreen(route, this));
    this.changed();
  }

  /** Goes to another principal. */
  switchTo(name: string): void {
    if (!this.contexts.names.includes(name)) return this.tell(`There is no context named ${name}.`, "bad");
    const former = this.session;
    this.#leave();
    this.#leaving = Promise.all([this.#leaving, former.stop().catch(() => {})]); // Nobody waits for it but close().
    this.#contextName = name;
    this.session = this.#begin(this.#contextNamed(name));
    this.#dialog = null;
    this.#screens = [makeScreen({ screen: "overview" }, this)];
    this.tell(`Now at ${name}, ${this.session.address}.`);
  }

  ask(dialog: Dialog): void {
    this.#dialog = dialog;
    this.#dialogPlace = null;
    this.changed();
  }

  closeDialog(): void {
    this.#dialog = null;
    this.changed();
  }

  tell(text: string, role: Role = "plain"): void {
    if (this.#closed.signal.aborted) return;
    this.messages.add(text, role);
    this.#cancelMessage();
    this.#cancelMessage = this.clock.setTimer(messageMs, () => this.changed());
    this.changed();
  }

  perform(work: (signal: AbortSignal) => Promise<string>): void {
    const { signal } = this.#present;
    const { name } = this.session;
    work(signal).then((text) => this.tell(text, "good"), (error) => {
      if (this.#closed.signal.aborted) return;
      // What is left of it must not be done at the principal one went to.
      if (signal.aborted) return this.tell(`What was under way at ${name} was given up.`, "warn");
      const hint = error instanceof CdktrError && error.hint !== undefined ? ` ${error.hint}` : "";
      this.tell(messageOf(error) + hint, "bad");
    });
  }

  saveFile(name: string, parts: AsyncIterable<string>): Promise<string> {
    return this.#options.saveFile(name, parts);
  }

  /** Takes how much the last frame was to write, in characters. */
  wrote(chars: number): void {
    this.#frameMs = Math.max(frameMs, chars / newsCharsPerSecond * 1000);
  }

  /** Has the screen drawn again with the next frame that is due. */
  changed(): void {
    if (this.#cancelFrame !== null || this.#closed.signal.aborted) return;
    const waitMs = this.#lastFrameMs + this.#frameMs - this.clock.monotonicMs();
    this.#cancelFrame = this.clock.setTimer(waitMs, () => this.#show());
  }

  quit(exitCode = 0): void {
    this.#options.onQuit(exitCode);
  }

  /** Ends everything that goes on. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#cancelAge();
    this.#cancelMessage();
    this.#cancelFrame?.();
    this.#leave();
    await Promise.all([this.#leaving, this.session.stop()]);
  }

  /** What can be done where one is: the screen's actions, then those of everywhere. */
  actions(): Action[] {
    const isOffered = ({ isChange = false }: Action) => !(isChange && this.isReadOnly);
    return [...this.#screen.actions().filter(isOffered), ...this.#commonActions()];
  }

  get #screen(): Screen {
    const screen = this.#screens.at(-1);
    if (screen === undefined) throw new CdktrError("INTERNAL", "The interface has no screen.");
    return screen;
  }

  #commonActions(): Action[] {
    const other = { isHinted: false };
    return [
      ...places.map(({ key, title, route }) => ({
        keys: [key],
        title: `go to ${title}`,
        ...other,
        run: () => this.goTo(route),
      })),
      { keys: [":"], title: "go to by name", ...other, run: () => this.ask(new CommandLine(this)) },
      { keys: ["ctrl-p"], title: "find an action", ...other, run: () => this.ask(new Palette(this)) },
      ...this.contexts.names.length < 2 ? [] : [{
        keys: ["ctrl-x"],
        title: "another principal",
        ...other,
        run: () => this.ask(new CommandLine(this, "context ")),
      }],
      { keys: ["R"], title: "load anew", ...other, run: () => this.#screen.reload?.() },
      { keys: ["?"], title: "keys", run: () => this.ask(new Help(this)) },
      {
        // Esc is pressed by reflex: it never quits.
        keys: this.#screens.length > 1 ? ["q", "esc"] : ["q"],
        title: this.#screens.length > 1 ? "back" : "quit",
        run: () => this.#screens.length > 1 ? this.back() : this.quit(),
      },
    ];
  }

  #contextNamed(name: string): Context {
    const context = this.#options.contexts.find((candidate) => candidate.name === name);
    if (context === undefined) throw new CdktrError("INTERNAL", `The interface has no context ${name}.`);
    return context;
  }

  /** Leaves everything that belongs to the present principal. */
  #leave(): void {
    this.#present.abort();
    this.#present = new AbortController();
    for (const screen of this.#screens) screen.close();
    this.#stopListening();
  }

  #begin(context: Context): Session {
    const session = context.open();
    this.#stopListening = session.onChange(() => this.changed());
    session.start();
    return session;
  }

  #takeOne(event: InputEvent): void {
    if (event.type === "mouse") return this.#onMouse(event);
    if (event.type === "paste") return void (this.#dialog ?? this.#screen).onPaste?.(event.text);
    const { key } = event;
    if (key === "ctrl-c") return this.quit(130);
    this.#lastKeyMs = this.clock.nowMs();
    if (this.#dialog !== null) return this.#dialog.onKey(key);
    const screen = this.#screen;
    if (screen.isTyping) return void screen.onKey(key);
    // `esc` belongs to the screen first: it may have a filter to take away.
    if (key === "esc" && screen.onKey(key)) return;
    const action = this.actions().find(({ keys }) => keys.includes(key));
    if (action !== undefined) action.run();
    else if (!screen.onKey(key) && this.isReadOnly && screen.actions().some(({ keys }) => keys.includes(key))) {
      this.tell("Nothing can be changed here: the interface was started with --read-only.", "warn");
    }
  }

  #onMouse(event: InputEvent & { type: "mouse" }): void {
    if (this.#dialog !== null) return this.#onDialogMouse(this.#dialog, event);
    if (event.row === placesRow && event.kind === "press") {
      const place = placeAt(event.column, this.#screens, this.glyphs, this.#size.width);
      return place === undefined ? undefined : this.goTo(place.route);
    }
    const row = event.row - headRows;
    if (row >= 0 && row < this.#size.height - headRows - footRows) this.#screen.onMouse?.({ ...event, row });
  }

  /** What is beside a dialog is not of its concern: a click there does nothing. */
  #onDialogMouse(dialog: Dialog, event: InputEvent & { type: "mouse" }): void {
    if (this.#dialogPlace === null) return;
    const { size } = this.#dialogPlace;
    const column = event.column - this.#dialogPlace.column;
    const row = event.row - this.#dialogPlace.row;
    const isInside = column >= 0 && column < size.width && row >= 0 && row < size.height;
    if (isInside) dialog.onMouse?.({ ...event, column, row });
  }

  #show(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    this.#lastFrameMs = this.clock.monotonicMs();
    this.#frame = null;
    for (const listener of [...this.#listeners]) listener();
  }

  #keepAges(): void {
    this.#cancelAge = this.clock.setTimer(ageMs, () => {
      this.changed();
      this.#keepAges();
    });
  }

  #draw(): readonly Line[] {
    const { width, height } = this.#size;
    if (width < leastSize.width || height < leastSize.height) {
      return fitBlock([[span(`cdktr needs ${leastSize.width}x${leastSize.height}`)]], this.#size);
    }
    const body = { width, height: height - headRows - footRows };
    const lines = [
      headerLine(this, width),
      placesLine(this.#screens, this.glyphs, width),
      ...fitBlock(this.#screen.draw(body), body),
      this.#prompt(width),
      // The keys of the screen are not there while a dialog is.
      footerLine(this.#dialog === null ? this.actions() : [], width),
    ];
    if (this.#dialog === null) return lines;
    const box = this.#dialog.draw({ width: width - 4, height: height - 2 });
    const boxWidth = Math.max(0, ...box.map(lineWidth));
    const column = Math.max(Math.floor((width - boxWidth) / 2), 0);
    const row = Math.max(Math.floor((height - box.length) / 2), 0);
    this.#dialogPlace = { column, row, size: { width: boxWidth, height: box.length } };
    return overlay(lines, box, column, row);
  }

  #prompt(width: number): Line {
    const prompt = this.#screen.drawPrompt?.(width) ?? null;
    if (prompt !== null && this.#screen.isTyping) return fitLine(prompt, width);
    const message = this.messages.newest;
    // Whoever goes on has read it.
    const isRead = message !== null && this.#lastKeyMs - message.atMs > readMs;
    if (message === null || isRead || this.clock.nowMs() - message.atMs >= messageMs) {
      return fitLine(prompt ?? [], width);
    }
    // A filter in force stays in sight: without it, what is left would be taken for all there is.
    const filter = prompt === null ? [] : fitLine(prompt, Math.min(lineWidth(prompt), Math.floor(width / 2)));
    return fitLine([...filter, span(` ${printable(message.text)}`, message.role)], width);
  }
}
