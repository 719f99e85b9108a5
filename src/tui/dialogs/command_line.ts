/** The line behind `:`: a screen, a workflow or a run by name. */
import { box, type Line, printable, type Size, span } from "../../paint/mod.ts";
import { places } from "../places.ts";
import type { Desk, Dialog, Route } from "../screen.ts";
import { TextField } from "../text_field.ts";

/** Suggestions that are shown. */
const shownMax = 8;

interface Command {
  readonly text: string;
  readonly explanation: string;
  readonly run: () => void;
}

/** See the top of this file. */
export class CommandLine implements Dialog {
  readonly #ui: Desk;
  readonly #field: TextField;
  #chosen = 0;

  /** @param text What is typed already. @default "" */
  constructor(ui: Desk, text = "") {
    this.#ui = ui;
    this.#field = new TextField(text);
  }

  draw({ width }: Size): Line[] {
    const { glyphs } = this.#ui;
    const inner = Math.min(width, 76) - 2;
    const found = this.#found();
    const suggestions = found.slice(0, shownMax).map(({ text, explanation }, index): Line => [
      span(index === this.#chosen ? `${glyphs.cursor} ` : "  ", "accent"),
      span(printable(text).padEnd(24), index === this.#chosen ? "strong" : "plain"),
      span(` ${explanation}`, "faint"),
    ]);
    const lines: Line[] = [
      [span(":", "accent"), ...this.#field.draw(inner - 2)],
      ...suggestions.length > 0 ? suggestions : [[span("  nothing of that name; Esc goes back", "faint")]],
    ];
    return box(lines, { width: inner + 2, height: lines.length + 2 }, glyphs, {
      title: [span("Go to", "title")],
      role: "accent",
    });
  }

  onKey(key: string): void {
    const found = this.#found();
    switch (key) {
      case "esc":
        return this.#ui.closeDialog();
      case "down":
      case "tab":
        this.#chosen = Math.max(Math.min(this.#chosen + 1, found.length - 1, shownMax - 1), 0);
        break;
      case "up":
      case "shift-tab":
        this.#chosen = Math.max(this.#chosen - 1, 0);
        break;
      case "enter": {
        const command = found[this.#chosen];
        if (command === undefined) return; // It is said below the line, and may be corrected there.
        this.#ui.closeDialog();
        return command.run();
      }
      default:
        if (key === "backspace" && this.#field.text === "") return this.#ui.closeDialog();
        if (this.#field.onKey(key)) this.#chosen = 0;
    }
    this.#ui.changed();
  }

  onPaste(text: string): void {
    this.#field.insert(text);
    this.#ui.changed();
  }

  #found(): Command[] {
    const typed = this.#field.text.trim().toLowerCase();
    const [verb = "", ...rest] = typed.split(/\s+/);
    const fixed = this.#commands().filter(({ text }) =>
      text.startsWith(typed) || (typed.length > 1 && text.includes(typed))
    );
    // What is typed in full goes first: `:q` quits, whatever else begins so.
    fixed.sort((a, b) =>
      Number(b.text === typed) - Number(a.text === typed) ||
      Number(b.text.startsWith(typed)) - Number(a.text.startsWith(typed))
    );
    return [...fixed, ...this.#byName(verb, rest.join(" "), typed)];
  }

  #commands(): Command[] {
    const ui = this.#ui;
    return [
      ...places.map(({ key, title, route }): Command => ({
        text: title.toLowerCase(),
        explanation: `screen ${key}`,
        run: () => ui.goTo(route),
      })),
      { text: "q", explanation: "quit", run: () => ui.quit() },
      { text: "quit", explanation: "leave cdktr ui; nothing else ends with it", run: () => ui.quit() },
      ...ui.contexts.names.map((name): Command => ({
        text: `context ${name}`,
        explanation: name === ui.contexts.present ? "where you are" : "another principal",
        run: () => ui.switchTo(name),
      })),
    ];
  }

  /** A run by its id, and workflows by theirs. */
  #byName(verb: string, argument: string, typed: string): Command[] {
    const ui = this.#ui;
    const go = (text: string, explanation: string, route: Route): Command => ({
      text,
      explanation,
      run: () => ui.open(route),
    });
    const run = verb === "run" || verb === "logs" ? argument : typed;
    const runs = /^[0-9a-f]{4,8}(-[0-9a-f-]*)?$/.test(run)
      ? [
        go(`run ${run}`, "that run", { screen: "run", run }),
        go(`logs ${run}`, "its log lines", { screen: "logs", run }),
      ]
      : [];
    if (typed === "") return runs;
    const workflows = ui.session.workflows.filter(({ id, name }) =>
      id.toLowerCase().includes(typed) || name.toLowerCase().includes(typed)
    ).slice(0, shownMax);
    return [
      ...(verb === "logs" ? runs.toReversed() : runs),
      ...workflows.map(({ id, name }) => go(id, `workflow ${name}`, { screen: "workflow", workflowId: id })),
      ...verb !== "logs" || argument === "" ? [] : ui.session.workflows
        .filter(({ id }) => id.toLowerCase().includes(argument)).slice(0, shownMax)
        .map(({ id }) => go(`logs ${id}`, "its log lines", { screen: "logs", workflowId: id })),
    ];
  }
}
