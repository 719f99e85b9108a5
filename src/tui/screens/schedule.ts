/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class ScheduleScreen implements Screen {
  readonly route = { screen: "schedule" } as const;
  readonly title = "Schedule";
  readonly isTyping = false;

  constructor(_shell: Shell) {}

  draw(_size: Size): Line[] {
    return [[span("Schedule")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
