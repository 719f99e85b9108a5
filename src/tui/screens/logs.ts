/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class LogsScreen implements Screen {
  readonly title = "Logs";
  readonly isTyping = false;

  constructor(_shell: Shell, readonly route: Route & { readonly screen: "logs" }) {}

  draw(_size: Size): Line[] {
    return [[span("Logs")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
