/** The form before a run: a field for each parameter that the workflow declares. */
import { CdktrError, messageOf } from "../../core/mod.ts";
import { box, fitLine, type Line, printable, type Role, type Size, span, wrapped } from "../../paint/mod.ts";
import type { WorkflowSummary } from "../../wire/mod.ts";
import type { InputEvent } from "../input.ts";
import type { Dialog, Shell } from "../screen.ts";
import { TextField } from "../text_field.ts";
import { briefId } from "../words.ts";

interface FormField {
  readonly name: string;
  readonly param: WorkflowSummary["params"][string];
  readonly text: TextField;
  /** Whether something was typed into it. */
  isTouched: boolean;
}

const buttonText = " Run it ";
/** Behind the edge and two blanks. */
const buttonColumn = 3;

/** See the top of this file. The principal checks the values; what it says of them stands in the form. */
export class TriggerForm implements Dialog {
  readonly #shell: Shell;
  readonly #workflow: WorkflowSummary;
  readonly #fields: readonly FormField[];
  /** The field that is typed into; after the last one the button. */
  #at = 0;
  #error: string | null = null;
  #isSending = false;
  #fieldRows: number[] = [];
  #buttonRow = 0;
  /** Lines of a long form that are scrolled away. */
  #top = 0;
  /** One for the form: sending it again after a lost answer starts no second run. */
  readonly #idempotencyKey: string;

  constructor(shell: Shell, workflow: WorkflowSummary, idempotencyKey: string) {
    this.#shell = shell;
    this.#workflow = workflow;
    this.#idempotencyKey = idempotencyKey;
    this.#fields = Object.entries(workflow.params).map(([name, param]) => ({
      name,
      param,
      text: new TextField(param.default ?? ""),
      isTouched: false,
    }));
  }

  draw({ width, height }: Size): Line[] {
    const inner = Math.min(width, 76) - 4;
    const { id, name, cron } = this.#workflow;
    const lines: Line[] = [];
    if (name !== id) lines.push([span(` ${printable(name)}`, "faint")]);
    lines.push([
      span(" It begins on the next free agent" + (cron === null ? "." : ", whatever its schedule says."), "faint"),
    ], []);
    this.#fieldRows = [];
    for (const [index, field] of this.#fields.entries()) {
      this.#fieldRows.push(lines.length + 1);
      lines.push(...this.#fieldLines(field, index === this.#at, inner));
    }
    if (this.#error !== null) {
      lines.push([], ...wrapped(printable(this.#error), inner).map((text): Line => [span(` ${text}`, "bad")]));
    }
    const isOnButton = this.#at === this.#fields.length;
    const button = this.#isSending ? " ... " : buttonText;
    lines.push([], [
      span("  "),
      { text: button, role: "strong", isSelected: isOnButton },
      span("   Esc leaves it", "faint"),
    ]);
    this.#buttonRow = lines.length;
    // Of a form that is too long, the part around the field.
    const rows = Math.min(lines.length, height - 2);
    const focus = this.#fieldRows[this.#at] ?? lines.length;
    const top = this.#top = Math.max(Math.min(focus - Math.floor(rows / 2), lines.length - rows), 0);
    return box(lines.slice(top, top + rows), { width: inner + 4, height: rows + 2 }, this.#shell.glyphs, {
      title: [span(`Run ${printable(id)}`, "title")],
      footer: [span("Tab next field, left right choose, Enter runs it", "faint")],
      role: "accent",
    });
  }

  onKey(key: string): void {
    if (this.#isSending) return;
    const fields = this.#fields.length;
    const field = this.#fields[this.#at];
    if (key === "esc") return this.#shell.closeDialog();
    if (key === "enter" || key === "ctrl-s") return this.#send();
    if (key === "tab" || key === "down") this.#at = (this.#at + 1) % (fields + 1);
    else if (key === "shift-tab" || key === "up") this.#at = (this.#at + fields) % (fields + 1);
    else if (field !== undefined && this.#isChoice(field) && ["left", "right", " "].includes(key)) {
      this.#turn(field, key);
    } else if (field !== undefined && !this.#isChoice(field)) {
      // A default is a suggestion: the first character that is typed takes its place.
      if (field.text.text === field.param.default && !field.isTouched && [...key].length === 1) field.text.text = "";
      if (field.text.onKey(key)) {
        field.isTouched = true;
        this.#error = null;
      }
    }
    this.#shell.changed();
  }

  onPaste(text: string): void {
    if (this.#isSending) return;
    this.#fields[this.#at]?.text.insert(text);
  }

  onMouse({ kind, row, column }: InputEvent & { type: "mouse" }): void {
    if (kind !== "press" || this.#isSending) return;
    const line = row + this.#top;
    const isOnButton = column >= buttonColumn && column < buttonColumn + buttonText.length;
    if (line === this.#buttonRow) return isOnButton ? this.#send() : undefined;
    const index = this.#fieldRows.findLastIndex((fieldRow) => fieldRow <= line);
    if (index >= 0) this.#at = index;
  }

  #isChoice({ param }: FormField): boolean {
    return param.choices !== null || param.type === "boolean";
  }

  /** The next choice, or the one before. */
  #turn({ param, text }: FormField, key: string): void {
    const choices = param.choices ?? ["true", "false"];
    const at = choices.indexOf(text.text);
    const next = key === "left" ? (at <= 0 ? choices.length - 1 : at - 1) : (at + 1) % choices.length;
    text.text = choices[next] ?? "";
  }

  #fieldLines(field: FormField, isHere: boolean, width: number): Line[] {
    const { name, param, text, isTouched } = field;
    const labelWidth = Math.min(Math.max(12, ...this.#fields.map((other) => other.name.length + 1)), 24);
    // As long as nothing is typed a default is only what is suggested.
    const role: Role = isTouched || text.text !== param.default ? "plain" : "faint";
    const value = isHere
      ? text.draw(width - labelWidth - 6).map((piece) => ({ ...piece, role }))
      : [span(text.text, role)];
    const mark = isHere ? this.#shell.glyphs.cursor : " ";
    const label = printable(`${name}${param.required ? "*" : ""}`);
    const facts = [
      param.choices !== null ? param.choices.join(" | ") : param.type,
      ...param.min === null ? [] : [`from ${param.min}`],
      ...param.max === null ? [] : [`to ${param.max}`],
      ...param.pattern === null ? [] : [`like ${param.pattern}`],
      ...param.required ? ["required"] : [],
      ...param.description === null ? [] : [param.description],
    ];
    return [
      fitLine(
        [span(` ${mark} `, "accent"), span(label.padEnd(labelWidth), isHere ? "strong" : "plain"), ...value],
        width + 2,
      ),
      fitLine([span(" ".repeat(labelWidth + 3)), span(printable(facts.join(", ")), "faint")], width + 2),
    ];
  }

  #send(): void {
    const missing = this.#fields.find(({ param, text }) => param.required && text.text === "");
    if (missing !== undefined) {
      this.#at = this.#fields.indexOf(missing);
      this.#error = `${missing.name} is required.`;
      return this.#shell.changed();
    }
    this.#isSending = true;
    this.#error = null;
    this.#shell.changed();
    // What was left empty is not given: then the default of the workflow counts.
    const given = this.#fields.filter(({ text, param }) => text.text !== "" && text.text !== param.default);
    const request = {
      workflowId: this.#workflow.id,
      trigger: "manual",
      params: Object.fromEntries(given.map(({ name, text }) => [name, text.text])),
      idempotencyKey: this.#idempotencyKey,
      dueMs: null,
      reason: "asked for in `cdktr ui`",
    } as const;
    this.#shell.session.ask("RUN", request).then(({ runId, skipped }) => {
      this.#shell.closeDialog();
      if (skipped !== null) return this.#shell.tell(`Nothing was started: ${skipped}.`, "warn");
      this.#shell.tell(`Run ${briefId(runId)} of ${this.#workflow.id} was accepted.`, "good");
      this.#shell.open({ screen: "run", run: runId });
    }, (error) => {
      this.#isSending = false;
      this.#error = messageOf(error) +
        (error instanceof CdktrError && error.hint !== undefined ? ` ${error.hint}` : "");
      this.#shell.changed();
    });
  }
}
