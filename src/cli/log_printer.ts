/** Log lines on stdout. */
import { formatLogLine, toLogLine, type WireLogLine } from "../wire/mod.ts";
import { harmless } from "../paint/mod.ts";
import { jsonText, type Output } from "./output.ts";

/** How lines look. */
export interface LogForm {
  /** With the names of workflow and task besides the ids. */
  readonly verbose: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
}

/** Prints lines as the original does, or as JSON. A terminal gets nothing that could do more than colour it. */
export class LogPrinter {
  readonly #output: Output;
  readonly #form: LogForm;

  constructor(output: Output, form: LogForm) {
    this.#output = output;
    this.#form = form;
  }

  /** Prints lines, all in one write. */
  async print(lines: readonly WireLogLine[]): Promise<void> {
    if (this.#form.json) await this.#write(lines.map((line) => jsonText(publicFields(line))));
    else await this.printFormatted(lines.map((line) => formatLogLine(toLogLine(line), this.#form.verbose)));
  }

  /** Prints lines that are text already. */
  async printFormatted(lines: readonly string[]): Promise<void> {
    const isTerminal = this.#output.columns() !== undefined;
    await this.#write(isTerminal ? lines.map(harmless) : lines);
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#output.write(`${lines.join("\n")}\n`);
  }
}

/** What a stored and a live line have in common, in one order. */
function publicFields(line: WireLogLine): WireLogLine {
  const { timestampMs, level, workflowId, workflowName, runId, taskName, taskRunId, payload } = line;
  return { timestampMs, level, workflowId, workflowName, runId, taskName, taskRunId, payload };
}
