/**
 * All of it at a glance: what is wrong with the principal on top, numbers as bars and sparklines, what fires next, what
 * runs, and what went wrong lately. Three of its boxes have a cursor; the one that keys go to has an edge that is not faint.
 */
import type { Run } from "../../core/mod.ts";
import { box, fitLine, type Line, printable, sideBySide, type Size, span, textOf, wrapped } from "../../paint/mod.ts";
import { agentRows, AgentTimeout } from "../agent_health.ts";
import type { InputEvent } from "../input.ts";
import type { List } from "../list.ts";
import { Loaded } from "../loaded.ts";
import { byName } from "../natural_order.ts";
import { errorLines, LastErrors } from "../overview_errors.ts";
import { agentLines, agentsShown, queueLines, sentence, stateLines, throughputLines } from "../overview_boxes.ts";
import { bandsOf } from "../overview_layout.ts";
import { type NextFire, nextList, runningList, wrongList } from "../overview_lists.ts";
import { SkippedStarts } from "../overview_skips.ts";
import { troubleLines, troubles } from "../overview_troubles.ts";
import { runActions } from "../run_actions.ts";
import { RunList } from "../run_list.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { Throughput } from "../throughput.ts";
import { absence, asOf, isFresh, lastKnownRuns } from "../told.ts";
import { askTrigger } from "../trigger.ts";
import { timeText } from "../words.ts";

/** The boxes with a cursor, in the order in which Tab goes through them. */
const parts = ["wrong", "next", "running"] as const;
type Part = typeof parts[number];

/** Next fire times that are listed. */
const nextMax = 100;
/** The past is asked for again no sooner than after this, in milliseconds. */
const throughputEveryMs = 5000;

/** Where a list was drawn, for the mouse. */
interface Place {
  readonly part: Part;
  readonly left: number;
  readonly top: number;
  readonly size: Size;
  readonly hasHeading: boolean;
}

/** See the top of this file. */
export class OverviewScreen implements Screen {
  readonly route = { screen: "overview" } as const;
  readonly title = "Overview";
  readonly #shell: Shell;
  readonly #wrong: List<Run>;
  readonly #next: List<NextFire>;
  readonly #running: List<Run>;
  readonly #wrongRuns: RunList;
  readonly #runningRuns: RunList;
  readonly #waitingRuns: RunList;
  readonly #timeout: AgentTimeout;
  readonly #throughput: Throughput;
  readonly #past: Loaded<boolean>;
  readonly #skipped: SkippedStarts;
  readonly #errors: LastErrors;
  readonly #stopListening: () => void;
  #focus: Part = "wrong";
  #places: Place[] = [];
  /** Of when the lists are where that is not now. */
  #ages: Readonly<Record<Part, string>> = { wrong: "", next: "", running: "" };
  /** Workflows that fire later than all that are listed. */
  #nextMore = 0;
  #known: { wrong: readonly Run[] | null; running: readonly Run[] | null } = { wrong: null, running: null };

  constructor(shell: Shell) {
    this.#shell = shell;
    const { session, clock } = shell;
    const changed = () => shell.changed();
    const runsIn = (states: readonly Run["state"][]) =>
      new RunList(shell, { states, words: "", problem: null }, changed);
    this.#wrongRuns = runsIn(["FAILED", "CRASHED"]);
    this.#runningRuns = runsIn(["ASSIGNED", "RUNNING"]);
    this.#waitingRuns = runsIn(["PENDING"]);
    this.#wrong = wrongList(shell, () => this.#whenEmpty(this.#wrongRuns, "Nothing failed or crashed."));
    this.#running = runningList(shell, () => this.#whenEmpty(this.#runningRuns, "Nothing runs."));
    this.#next = nextList(shell, () => session.heardMs === null ? absence(shell) : "No workflow has a schedule.");
    this.#timeout = new AgentTimeout(shell);
    this.#skipped = new SkippedStarts(shell);
    this.#errors = new LastErrors(shell);
    this.#throughput = Throughput.ofSource(session);
    this.#past = new Loaded({
      clock,
      onChange: changed,
      everyMs: throughputEveryMs,
      load: async (signal) => {
        const { query, untilMs } = Throughput.query(session.nowMs());
        this.#throughput.load(await session.query(query, { signal }), untilMs);
        return true;
      },
    });
    this.#stopListening = session.onRuns((runs) => {
      if (runs === null) this.#past.refresh();
      else for (const run of runs) this.#throughput.take(run);
    });
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    this.#takeNews();
    this.#places = [];
    const { session, glyphs } = this.#shell;
    const trouble = troubleLines(troubles(session.status, session.workflowProblems), { width, height }, glyphs);
    const bands = bandsOf({ width, height: height - trouble.length });
    const lines = [...trouble];
    if (bands.top > 0) lines.push(...this.#numbers({ width, height: bands.top }, bands.isWide));
    if (bands.middle > 0) {
      const left = Math.floor(width / 2);
      const top = lines.length;
      lines.push(
        ...sideBySide([
          { lines: this.#listBox("next", { width: left, height: bands.middle }, 0, top), width: left },
          {
            lines: this.#listBox("running", { width: width - left, height: bands.middle }, left, top),
            width: width - left,
          },
        ]),
      );
    }
    lines.push(...this.#listBox("wrong", { width, height: bands.bottom }, 0, lines.length));
    return lines;
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    return [
      ...this.#partActions(),
      { keys: ["tab"], title: "next part", run: () => this.#turnFocus(1) },
      { keys: ["shift-tab"], title: "part before", isHinted: false, run: () => this.#turnFocus(-1) },
    ];
  }

  onKey(key: string): boolean {
    return this.#list.onKey(key);
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, row, column }: InputEvent & { type: "mouse" }): void {
    const place = this.#places.find(({ left, top, size }) =>
      column >= left && column < left + size.width && row >= top && row < top + size.height
    );
    if (place === undefined) return;
    this.#focus = place.part;
    this.#list.onMouse(kind, row - place.top + (place.hasHeading ? 0 : 1));
  }

  reload(): void {
    this.#past.refresh();
    for (const runs of [this.#wrongRuns, this.#runningRuns, this.#waitingRuns]) runs.reload();
  }

  close(): void {
    this.#stopListening();
    this.#past.close();
    this.#skipped.close();
    this.#errors.close();
    this.#timeout.close();
    for (const runs of [this.#wrongRuns, this.#runningRuns, this.#waitingRuns]) runs.close();
  }

  get #list(): List<Run> | List<NextFire> {
    return this.#focus === "wrong" ? this.#wrong : this.#focus === "next" ? this.#next : this.#running;
  }

  #partActions(): Action[] {
    const shell = this.#shell;
    if (this.#focus === "next") {
      const id = this.#next.current?.workflow.id;
      if (id === undefined) return [];
      return [
        {
          keys: ["enter", "o", "right"],
          title: "open",
          run: () => shell.open({ screen: "workflow", workflowId: id }),
        },
        { keys: ["r"], title: "run it", isChange: true, run: () => askTrigger(shell, id) },
        { keys: ["v"], title: "its runs", run: () => shell.open({ screen: "runs", filter: { workflowId: id } }) },
      ];
    }
    const run = (this.#focus === "wrong" ? this.#wrong : this.#running).current;
    if (run === undefined) return [];
    const { runId } = run;
    const title = this.#focus === "wrong" ? "why" : "open";
    return [
      { keys: ["enter", "o", "right"], title, run: () => shell.open({ screen: "run", run: runId }) },
      { keys: ["l"], title: "logs", run: () => shell.open({ screen: "logs", run: runId }) },
      ...runActions(shell, [run]),
    ];
  }

  #turnFocus(by: number): void {
    const shown = parts.filter((part) => this.#places.some((place) => place.part === part));
    const at = shown.indexOf(this.#focus);
    this.#focus = shown[(at + by + shown.length) % shown.length] ?? "wrong";
    this.#shell.changed();
  }

  #takeNews(): void {
    const { session } = this.#shell;
    const known = this.#known;
    const { rows: wrong, age: wrongAge } = lastKnownRuns(this.#shell, "wrong", this.#wrongRuns);
    const { rows: running, age: runningAge } = lastKnownRuns(this.#shell, "running", this.#runningRuns);
    this.#ages = { wrong: wrongAge, running: runningAge, next: "" };
    if (known.wrong !== wrong) {
      known.wrong = wrong;
      this.#wrong.rows = wrong.toSorted((a, b) => endOf(b) - endOf(a));
    }
    if (known.running !== running) this.#running.rows = known.running = running;
    const fires = session.workflows.flatMap((workflow): NextFire[] => {
      const atMs = session.nextFireMs(workflow);
      return atMs === null ? [] : [{ workflow, atMs }];
    });
    this.#next.rows = fires.sort((a, b) => a.atMs - b.atMs || byName(a.workflow.id, b.workflow.id)).slice(0, nextMax);
    this.#nextMore = Math.max(fires.length - nextMax, 0);
  }

  #numbers(size: Size, isWide: boolean): Line[] {
    const { width, height } = size;
    if (isWide) {
      const widths = [0.2, 0.32, 0.2].map((share) => Math.floor(width * share));
      const [states = 0, hour = 0, queue = 0] = widths;
      return sideBySide([
        { width: states, lines: this.#stateBox({ width: states, height }) },
        { width: hour, lines: this.#hourBox({ width: hour, height }) },
        { width: queue, lines: this.#queueBox({ width: queue, height }) },
        {
          width: width - states - hour - queue,
          lines: this.#agentBox({ width: width - states - hour - queue, height }),
        },
      ]);
    }
    const states = Math.floor(width * 0.38);
    const right = width - states;
    const queue = Math.floor(right * 0.42);
    const hourRows = height > 11 ? 6 : 4;
    const below = height - hourRows;
    const lower = sideBySide([
      { width: queue, lines: this.#queueBox({ width: queue, height: below }) },
      { width: right - queue, lines: this.#agentBox({ width: right - queue, height: below }) },
    ]);
    return sideBySide([
      { width: states, lines: this.#stateBox({ width: states, height }) },
      { width: right, lines: [...this.#hourBox({ width: right, height: hourRows }), ...lower] },
    ]);
  }

  #stateBox(size: Size): Line[] {
    const { session, glyphs } = this.#shell;
    const width = size.width - 4;
    const lines = session.status === null
      ? sentence(absence(this.#shell), width, "faint")
      : stateLines(session.status.runs, width, glyphs);
    // The bars of those that ended are of all that are kept: beside them the open ones could not be seen.
    return this.#box("RUNS KEPT", lines, size, { footer: [span("open | ended: own scales", "faint")] });
  }

  #hourBox(size: Size): Line[] {
    const { session, glyphs } = this.#shell;
    if (session.dialect === "original") {
      return this.#box("ENDED IN THE LAST HOUR", sentence(absence(this.#shell), size.width - 4, "faint"), size);
    }
    const title = "ENDED IN THE LAST HOUR";
    const nowMs = session.nowMs();
    const inner = { width: size.width - 4, height: size.height - 2 };
    if (!this.#throughput.isLoaded && !isFresh(this.#shell)) {
      const words = session.heardMs === null ? absence(this.#shell) : "Not known: the principal is away.";
      return this.#box(title, sentence(words, inner.width, "faint"), size);
    }
    const isKept = this.#past.value !== null || isFresh(this.#shell);
    if (isKept) this.#throughput.toldUntilMs = nowMs;
    const { toldUntilMs } = this.#throughput;
    const lines = throughputLines(
      inner,
      glyphs,
      (ending, minutesEach) => this.#throughput.of(ending, toldUntilMs, minutesEach),
    );
    if (!isKept) return this.#box(title, lines, size, { age: `as of ${timeText(toldUntilMs)}` });
    // Without the past the numbers are those since one came here: they must not be taken for those of the hour.
    const note = this.#past.value === null && this.#past.error === null
      ? "loading"
      : this.#past.error !== null
      ? "not all of them: the history cannot be asked"
      : "";
    const skipped = this.#skipped.line();
    return this.#box(title, lines, size, { footer: note === "" ? skipped : [span(note, "warn")] });
  }

  #queueBox(size: Size): Line[] {
    const { session, glyphs } = this.#shell;
    const { status, queueDepth } = session;
    const inner = { width: size.width - 4, height: size.height - 2 };
    if (status === null) return this.#box("QUEUE", sentence(absence(this.#shell), inner.width, "faint"), size);
    const nowMs = this.#shell.session.nowMs();
    // Those that are next are the oldest: without the older pages nobody knows them.
    const waiting = this.#waitingRuns.hasMore
      ? []
      : lastKnownRuns(this.#shell, "waiting", this.#waitingRuns).rows.toSorted(byTurn);
    const depths = (count: number) => queueDepth.newest(count, nowMs);
    const { queueLength: length, queueHeadAgeMs: headAgeMs, runs } = status;
    const held = Math.max((runs["PENDING"] ?? 0) - length, 0);
    return this.#box("QUEUE", queueLines({ length, held, headAgeMs, depths, waiting, nowMs }, inner, glyphs), size);
  }

  #agentBox(size: Size): Line[] {
    const { session, glyphs } = this.#shell;
    const inner = { width: size.width - 4, height: size.height - 2 };
    if (session.status === null) {
      return this.#box("AGENTS", sentence(absence(this.#shell), inner.width, "faint"), size);
    }
    const agents = agentRows(this.#shell, this.#timeout.ms);
    const isBad = agents.length === 0 ||
      agents.some(({ health: { state } }) => state === "lost" || state === "unheard");
    const title = `AGENTS${agents.length === 0 ? "" : ` ${agents.length}`}`;
    const hidden = agents.length - agentsShown(agents.length, inner.height);
    return this.#box(title, agentLines(agents, inner, glyphs), size, {
      role: isBad ? "warn" : "faint",
      footer: hidden > 0 ? [span(`+${hidden} in 5`, "faint")] : [],
    });
  }

  /** A box of numbers; its edge tells of when they are where that is not now. */
  #box(title: string, lines: readonly Line[], size: Size, { role = "faint", footer = [], age = asOf(this.#shell) }: {
    role?: "faint" | "warn";
    footer?: Line;
    age?: string;
  } = {}): Line[] {
    const indented = lines.map((line): Line => [span(" "), ...line]);
    const told: Line = age === "" ? footer : [span(age, "faint")];
    return box(indented, size, this.#shell.glyphs, { title: [span(title, "title")], footer: told, role });
  }

  #listBox(part: Part, size: Size, left: number, top: number): Line[] {
    const isFocused = part === this.#focus;
    const hasHeading = size.height > 5;
    const inner = { width: size.width - 2, height: size.height - 2 };
    this.#places.push({ part, left: left + 1, top: top + 1, size: inner, hasHeading });
    const list = part === "wrong" ? this.#wrong : part === "next" ? this.#next : this.#running;
    const role = isFocused ? "accent" : part === "wrong" && this.#wrong.total > 0 ? "bad" : "faint";
    const kept = part === "wrong" ? this.#rowsBelow(inner.height) : 0;
    const rows = list.draw({ width: inner.width, height: inner.height - kept }, { isFocused, hasHeading });
    const below = kept === 0 ? [] : this.#whyLines(rows, { width: inner.width, height: kept });
    const filled = [...rows, ...Array.from({ length: inner.height - below.length - rows.length }, (): Line => [])];
    const hidden = this.#countOf(part) - Math.max(rows.length - (hasHeading ? 1 : 0), 0);
    const more = hidden > 0 && list.shown.length > 0 ? `+${hidden}` : "";
    const hint = [this.#ages[part], more, this.#hint(part)].filter((text) => text !== "").join("   ");
    return box([...filled, ...below], size, this.#shell.glyphs, {
      title: this.#listTitle(part),
      ...hint === "" ? {} : { footer: [span(hint, isFocused ? "accent" : "faint")] },
      role,
    });
  }

  /** Rows of a list; those that it leaves out too. */
  #countOf(part: Part): number {
    if (part === "next") return this.#next.shown.length + (this.#next.filter === "" ? this.#nextMore : 0);
    return (part === "wrong" ? this.#wrong : this.#running).shown.length;
  }

  #listTitle(part: Part): Line {
    switch (part) {
      case "wrong": {
        const { total } = this.#wrong;
        if (total === 0) return [span("WENT WRONG LATELY", "title")];
        return [span(`WENT WRONG LATELY ${total}${this.#wrongRuns.hasMore ? "+" : ""}`, "bad")];
      }
      case "next":
        return [span("FIRES NEXT", "title")];
      case "running":
        if (this.#running.total === 0 && !this.#runningRuns.isLoaded) return [span("RUNS NOW", "title")];
        return [span(`RUNS NOW ${this.#running.total}${this.#runningRuns.hasMore ? "+" : ""}`, "title")];
    }
  }

  /** Which key leads on from a box. */
  #hint(part: Part): string {
    if (part !== this.#focus) return "";
    const { isReadOnly } = this.#shell;
    if (part === "wrong") {
      return this.#wrong.total === 0 ? "" : `enter: why   l: logs${isReadOnly ? "" : "   t: retry"}`;
    }
    if (part === "next") return this.#next.total === 0 ? "" : `enter: open${isReadOnly ? "" : "   r: run it"}`;
    return this.#running.total === 0 ? "" : "enter: open   l: logs";
  }

  /** Rows for what there is to say of the run under the cursor, below the list of those that went wrong. */
  #rowsBelow(height: number): number {
    return this.#wrong.current === undefined || height < 5 ? 0 : height < 7 ? 2 : height < 9 ? 3 : 4;
  }

  /** What the run under the cursor wrote to its standard error last; above it its reason, where the list cuts that. */
  #whyLines(list: readonly Line[], { width, height }: Size): Line[] {
    const run = this.#wrong.current;
    if (run === undefined) return [];
    const errors = this.#errors.of(run);
    const reason = printable(run.reason ?? "");
    const isCut = reason !== "" && !list.some((line) => textOf(line).includes(reason));
    const rest = height - Math.min(errors.length, Math.ceil(height / 2));
    const reasons = isCut
      ? wrapped(reason, width - 4).slice(0, rest).map((text) => [span("  "), span(text, "bad")])
      : [];
    return [...reasons, ...errorLines(errors, height - reasons.length)].map((line) => fitLine(line, width));
  }

  #whenEmpty(runs: RunList, words: string): string {
    if (runs.isLoaded) return words;
    if (this.#shell.session.dialect === "original") return absence(this.#shell);
    return runs.error === null ? "Loading ..." : printable(runs.error);
  }
}

/** As the queue hands them out: higher priority first, then the older; not those that are paused. */
function byTurn(a: Run, b: Run): number {
  return Number(a.paused) - Number(b.paused) || b.priority - a.priority || (a.runId < b.runId ? -1 : 1);
}

function endOf({ finishedAtMs, triggeredAtMs }: Run): number {
  return finishedAtMs ?? triggeredAtMs;
}
