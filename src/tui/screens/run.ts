/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class RunScreen implements Screen {
  readonly title = "Run";
  readonly isTyping = false;

  constructor(_shell: Shell, readonly route: Route & { readonly screen: "run" }) {}

  draw(_size: Size): Line[] {
    return [[span("Run")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
