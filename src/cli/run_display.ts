/** The displays of `cdktr runs watch`: drawn in place on a terminal; elsewhere a line, or a JSON object, for each change. */
import type { PrincipalClient } from "../client/mod.ts";
import { isWorthAnotherTry } from "../client/mod.ts";
import type { Run } from "../core/mod.ts";
import { asciiGlyphs, glyphsFor, type Line, printable } from "../paint/mod.ts";
import type { Invocation } from "./invocation.ts";
import { LiveBlock } from "./live_block.ts";
import { jsonText } from "./output.ts";
import { lineText } from "./print_lines.ts";
import { type ProgressOptions, runLines, runsLines, runsShownMax, type RunWithTasks } from "./progress_lines.ts";
import { changeJson, changesBetween, changeText, type RunChange, runChange, type RunView } from "./run_changes.ts";
import { terminalSize } from "./stderr_block.ts";
import { type ShownTask, shownTasks } from "./shown_tasks.ts";
import { Ticker } from "./ticker.ts";
import type { RunsNews } from "./watch_runs.ts";

/** What is asked of a display. */
export interface DisplayForm {
  readonly json: boolean;
  readonly ascii: boolean;
}

interface Display extends Disposable {
  /** Aborts when nothing can be shown any more. */
  readonly failed: AbortSignal;
  /** The principal does not answer for now. */
  lost(why: string): Promise<void>;
}

/** Shows one run. */
export interface OneRunDisplay extends Display {
  show(view: RunView): Promise<void>;
  /** The run has ended: what was drawn is taken away. */
  end(): void;
}

/** Shows all runs. */
export interface AllRunsDisplay extends Display {
  show(news: RunsNews & { readonly type: "runs" }, signal: AbortSignal): Promise<void>;
}

/** A display of one run, as stdout allows. */
export function oneRunDisplay(invocation: Invocation, form: DisplayForm): OneRunDisplay {
  const { clock } = invocation;
  let last: RunView | null = null;
  if (form.json || terminalSize(invocation.environment, invocation.stdout) === null) {
    const changes = new ChangePrinter(invocation, form.json, false);
    return {
      failed: new AbortController().signal,
      lost: (why) => changes.lost(why),
      show: async (view) => {
        changes.found();
        for (const change of changesBetween(last, view, clock.nowMs())) await changes.print(change);
        last = view;
      },
      end: () => {},
      [Symbol.dispose]: () => {},
    };
  }
  const drawing = new Drawing(
    invocation,
    form,
    (options) => last === null ? [] : runLines(last.run, last.tasks, options),
  );
  return {
    failed: drawing.failed,
    lost: (why) => drawing.setLost(why),
    show: (view) => {
      last = view;
      return drawing.setLost(null);
    },
    end: () => drawing.erase(),
    [Symbol.dispose]: () => drawing.stop(),
  };
}

/** A display of all runs, as stdout allows. */
export function allRunsDisplay(invocation: Invocation, client: PrincipalClient, form: DisplayForm): AllRunsDisplay {
  const { clock, stdout, environment } = invocation;
  const known = new Map<string, Run>();
  const changes = new ChangePrinter(invocation, form.json, true);
  const news = ({ underWay, ended }: RunsNews & { readonly type: "runs" }): RunChange[] => {
    const found = [...ended, ...underWay].flatMap((run) => runChange(known.get(run.runId), run, clock.nowMs()) ?? []);
    known.clear();
    for (const run of underWay) known.set(run.runId, run);
    return found;
  };
  if (form.json || terminalSize(environment, stdout) === null) {
    return {
      failed: new AbortController().signal,
      lost: (why) => changes.lost(why),
      show: async (told) => {
        changes.found();
        for (const change of news(told)) await changes.print(change);
      },
      [Symbol.dispose]: () => {},
    };
  }
  let shown: readonly RunWithTasks[] = [];
  let left: string | null = null;
  const drawing = new Drawing(invocation, form, (options) => runsLines(shown, left, options));
  return {
    failed: drawing.failed,
    lost: (why) => drawing.setLost(why),
    show: async (told, signal) => {
      const count = runsShownMax(terminalSize(environment, stdout)?.rows ?? 24);
      const { underWay, ended, hasMore } = told;
      shown = await withTasks(client, underWay.slice(0, count), signal);
      const more = underWay.length - shown.length;
      left = more === 0 && !hasMore ? null : hasMore ? `at least ${more}` : String(more);
      // What has ended stays on the screen as a line above what goes on.
      const ends = news({ ...told, underWay: [], ended });
      if (ends.length > 0) await drawing.above(() => changes.printAll(ends));
      await drawing.setLost(null);
    },
    [Symbol.dispose]: () => drawing.stop(),
  };
}

async function withTasks(
  client: PrincipalClient,
  runs: readonly Run[],
  signal: AbortSignal,
): Promise<readonly RunWithTasks[]> {
  return await Promise.all(runs.map(async (run): Promise<RunWithTasks> => {
    if (run.state !== "RUNNING") return { run, tasks: null };
    let tasks: readonly ShownTask[] | null = null;
    try {
      tasks = shownTasks(await client.call("SHOWRUN", { run: run.runId }, { signal })).tasks;
    } catch (error) {
      // The next look at the runs tells that the principal is away.
      if (signal.aborted || !isWorthAnotherTry(error)) throw error;
    }
    return { run, tasks };
  }));
}

/** Prints changes on stdout, and on stderr that the principal is away. */
class ChangePrinter {
  readonly #invocation: Invocation;
  readonly #json: boolean;
  readonly #isAmongOthers: boolean;
  #isLost = false;

  constructor(invocation: Invocation, json: boolean, isAmongOthers: boolean) {
    this.#invocation = invocation;
    this.#json = json;
    this.#isAmongOthers = isAmongOthers;
  }

  async print(change: RunChange): Promise<void> {
    const text = this.#json ? jsonText(changeJson(change)) : changeText(change, this.#isAmongOthers);
    await this.#invocation.stdout.write(`${text}\n`);
  }

  async printAll(changes: readonly RunChange[]): Promise<void> {
    for (const change of changes) await this.print(change);
  }

  lost(why: string): Promise<void> {
    this.#isLost = true;
    this.#invocation.stderr.say(`note: waiting for the principal: ${printable(why)}`);
    return Promise.resolve();
  }

  found(): void {
    if (this.#isLost) this.#invocation.stderr.say("note: the principal answers again");
    this.#isLost = false;
  }
}

/** What is drawn again ten times a second on the terminal that stdout is. */
class Drawing {
  readonly #block: LiveBlock;
  readonly #ticker: Ticker;
  readonly #failed = new AbortController();
  readonly #draw: () => void;
  #lost: string | null = null;
  #frame = 0;

  constructor(invocation: Invocation, { ascii }: DisplayForm, lines: (options: ProgressOptions) => Line[]) {
    const { environment, stdout, clock } = invocation;
    const glyphs = ascii ? asciiGlyphs : glyphsFor(environment);
    const size = () => terminalSize(environment, stdout) ?? { columns: 80, rows: 24 };
    const write = (text: string) => void stdout.write(text).catch((error) => this.#failed.abort(error));
    this.#block = new LiveBlock({ write, size, text: lineText(environment, stdout.colours, glyphs) }, clock);
    this.#draw = () => {
      const options = { glyphs, ...size(), nowMs: clock.nowMs(), frame: this.#frame, lost: this.#lost };
      this.#block.draw(lines(options));
    };
    this.#ticker = new Ticker(clock, (frame) => {
      this.#frame = frame;
      this.#draw();
    });
  }

  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Draws at once, with or without a word about a principal that is away. */
  setLost(why: string | null): Promise<void> {
    this.#lost = why;
    this.#draw();
    return Promise.resolve();
  }

  above(write: () => Promise<void>): Promise<void> {
    return this.#block.above(write);
  }

  erase(): void {
    this.#ticker.stop();
    this.#block.erase();
  }

  /** What is on the screen stays there. */
  stop(): void {
    this.#ticker.stop();
    this.#block.leave();
  }
}
