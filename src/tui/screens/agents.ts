/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class AgentsScreen implements Screen {
  readonly route = { screen: "agents" } as const;
  readonly title = "Agents";
  readonly isTyping = false;

  constructor(_shell: Shell) {}

  draw(_size: Size): Line[] {
    return [[span("Agents")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
