/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class OverviewScreen implements Screen {
  readonly route = { screen: "overview" } as const;
  readonly title = "Overview";
  readonly isTyping = false;

  constructor(_shell: Shell) {}

  draw(_size: Size): Line[] {
    return [[span("Overview")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
