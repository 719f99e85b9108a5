/** PLACEHOLDER */
import { type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";

/** See the top of this file. */
export class WorkflowScreen implements Screen {
  readonly title = "Workflow";
  readonly isTyping = false;

  constructor(_shell: Shell, readonly route: Route & { readonly screen: "workflow" }) {}

  draw(_size: Size): Line[] {
    return [[span("Workflow")]];
  }

  actions(): Action[] {
    return [];
  }

  onKey(_key: string): boolean {
    return false;
  }

  close(): void {}
}
