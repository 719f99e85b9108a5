/** What a person sees of a run: its lines as they come, and how it ended. */
import { isoInstant, spanText } from "../clock/mod.ts";
import type { Run, TaskRun } from "../core/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import type { Workflow } from "../workflow/mod.ts";
import type { Output } from "./output.ts";
import { harmless, printable } from "../paint/mod.ts";
import { formatTable } from "./table.ts";

/** SGR colours for the names of tasks, in the order the tasks first speak. */
const taskColours = [36, 33, 35, 32, 34, 96, 93, 95];

/** Prints lines as `12:00:01.123 task name | text`, the names in one column and each in its colour. */
export class LinePrinter {
  readonly #output: Output;
  readonly #nameWidth: number;
  readonly #colours = new Map<string, number>();

  constructor(output: Output, workflow: Workflow) {
    this.#output = output;
    this.#nameWidth = Math.max(...workflow.tasks.map(({ name }) => printable(name).length));
  }

  /** Prints one line. */
  async print({ timestampMs, taskName, level, payload }: WireLogLine): Promise<void> {
    const time = isoInstant(timestampMs).slice(11, 23);
    const name = printable(taskName).padEnd(this.#nameWidth);
    const text = harmless(payload.replace(/^STD(OUT|ERR) /, ""));
    const mark = level === "ERROR" ? "!" : "|";
    await this.#output.write(`${time} ${this.#paint(taskName, name)} ${mark} ${text}\n`);
  }

  #paint(taskName: string, text: string): string {
    if (!this.#output.colours) return text;
    let colour = this.#colours.get(taskName);
    if (colour === undefined) {
      this.#colours.set(taskName, colour = taskColours[this.#colours.size % taskColours.length] ?? 0);
    }
    return `\x1b[${colour}m${text}\x1b[0m`;
  }
}

const columns = [
  { heading: "TASK" },
  { heading: "STATE" },
  { heading: "TIME", align: "right" },
  { heading: "REASON" },
] as const;

/** The tasks of a run that has ended, one line each, and a last line about the whole. */
export function summaryOf(run: Run, tasks: readonly TaskRun[], workflow: Workflow): string {
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const rows = workflow.tasks.map(({ id, name }) => {
    const task = byId.get(id);
    return [name, task?.state ?? "-", durationText(task?.startedAtMs, task?.finishedAtMs), task?.reason ?? ""];
  });
  const took = durationText(run.startedAtMs, run.finishedAtMs);
  const reason = run.reason === null ? "" : `: ${printable(run.reason)}`;
  return `${formatTable(columns, rows)}\n${run.state} in ${took || "no time"}${reason}  (run ${printable(run.runId)})`;
}

/** The time between two instants as people say it, such as `5 min 20 s`; empty while one of them is missing. */
export function durationText(fromMs: number | null | undefined, toMs: number | null | undefined): string {
  return typeof fromMs === "number" && typeof toMs === "number" ? spanText(toMs - fromMs) : "";
}
