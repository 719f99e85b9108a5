/** What screens and dialogs are to the interface around them. */
import type { Clock } from "../clock/mod.ts";
import type { RunState, TriggerKind } from "../core/mod.ts";
import type { Glyphs, Line, Role, Size } from "../paint/mod.ts";
import type { InputEvent } from "./input.ts";
import type { Session } from "./session.ts";

/** What a list of runs is narrowed to. */
export interface RunFilter {
  readonly states?: readonly RunState[];
  readonly workflowId?: string;
  readonly triggers?: readonly TriggerKind[];
}

/** Where one can be. */
export type Route =
  | { readonly screen: "overview" | "workflows" | "agents" | "schedule" | "messages" }
  | { readonly screen: "workflow"; readonly workflowId: string }
  | { readonly screen: "runs"; readonly filter?: RunFilter }
  /** By its id, or a unique beginning of it. */
  | { readonly screen: "run"; readonly run: string }
  /** Of a run, of a workflow or of all; of some tasks of a run, by name. */
  | {
    readonly screen: "logs";
    readonly run?: string;
    readonly workflowId?: string;
    readonly tasks?: readonly string[];
  };

/** Something that can be done, with the keys that do it. Footer, help and palette are made of these. */
export interface Action {
  /** Keys as {@linkcode InputEvent} names them; the first one is shown. */
  readonly keys: readonly string[];
  /** What it does, in a few words: `retry from here`. */
  readonly title: string;
  /** Whether it changes something at the principal: then it is not there with `--read-only`. @default false */
  readonly isChange?: boolean;
  /** Whether the footer tells it. @default true */
  readonly isHinted?: boolean;
  readonly run: () => void;
}

/** A full screen. It is made when one goes there, and closed when one leaves it for good. */
export interface Screen {
  readonly route: Route;
  /** What the line of places says: `etl.daily`. */
  readonly title: string;
  /** Whether every key is text at present: then no action is called. */
  readonly isTyping: boolean;
  draw(size: Size): Line[];
  /** What can be done at present. */
  actions(): readonly Action[];
  /** Takes a key that no action has. Whether it was one for this screen. */
  onKey(key: string): boolean;
  onPaste?(text: string): void;
  /** Where 0, 0 is the upper left cell of what {@linkcode draw} gave. */
  onMouse?(event: InputEvent & { readonly type: "mouse" }): void;
  /** What stands above the footer while there is no message: a filter, a search. */
  drawPrompt?(width: number): Line | null;
  /** Load anew. */
  reload?(): void;
  close(): void;
}

/** A box over a screen that takes all input until it is closed. */
export interface Dialog {
  /** Its lines, with its frame; at most so large. */
  draw(sizeMax: Size): Line[];
  onKey(key: string): void;
  onPaste?(text: string): void;
  /** Where 0, 0 is the upper left cell of what {@linkcode draw} gave. */
  onMouse?(event: InputEvent & { readonly type: "mouse" }): void;
}

/** What screens and dialogs may ask of the interface. */
export interface Shell {
  readonly session: Session;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly isReadOnly: boolean;
  /** Goes to a screen; back leads here. */
  open(route: Route): void;
  /** Leaves the screen. */
  back(): void;
  /** Lays a dialog over the screen. */
  ask(dialog: Dialog): void;
  /** Takes the dialog away. */
  closeDialog(): void;
  /** Says something above the footer, and keeps it among the messages. */
  tell(text: string, role?: Role): void;
  /** Does something at the principal and says what came of it; an error is told with its hint. */
  perform(work: (signal: AbortSignal) => Promise<string>): void;
  /** Writes a file for the user, in the working directory; its path. */
  saveFile(name: string, parts: AsyncIterable<string>): Promise<string>;
  /** Has the screen drawn again soon. */
  changed(): void;
}

/** What the dialogs that lead everywhere may ask of the interface besides. */
export interface Desk extends Shell {
  /** The names of the principals one can go to, and the present one. */
  readonly contexts: { readonly names: readonly string[]; readonly present: string };
  /** What can be done where one is: the screen's actions, then those of everywhere. */
  actions(): readonly Action[];
  /** Goes to a screen that has a key of its own: whatever lies above is left. */
  goTo(route: Route): void;
  /** Goes to another principal. */
  switchTo(name: string): void;
  quit(exitCode?: number): void;
}
