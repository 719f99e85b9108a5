/** What tasks print, live and stored: followed, searched, filtered, saved. */
import { CdktrError, isFinal, messageOf } from "../../core/mod.ts";
import { fitLine, type Line, type Size } from "../../paint/mod.ts";
import { TaskPicker } from "../dialogs/task_picker.ts";
import type { InputEvent } from "../input.ts";
import { LogFinder } from "../log_finder.ts";
import { emptyLines, filtersOf, headLine, levelChoices, troubleLine } from "../log_head.ts";
import { type LogLook, NameColours, timeForms } from "../log_line.ts";
import { LogPrompt } from "../log_prompt.ts";
import { filled, logFileName, logText } from "../log_save.ts";
import type { LogSelection } from "../log_source.ts";
import { LogSubjectLoader } from "../log_subject.ts";
import { LogView } from "../log_view.ts";
import { LogWindow } from "../log_window.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";
import { typedTime, typedTimeForm } from "../typed_time.ts";
import { briefId } from "../words.ts";

/** A click of the wheel moves by so many rows, an arrow by so many columns. */
const wheelRows = 3;
const stepColumns = 20;
/** Saving tells how far it is after so many lines. */
const progressLines = 50_000;

/** See the top of this file. */
export class LogsScreen implements Screen {
  readonly title: string;
  readonly #shell: Shell;
  readonly #subject: LogSubjectLoader;
  readonly #view: LogView;
  readonly #finder: LogFinder;
  readonly #closed = new AbortController();
  #window: LogWindow | null = null;
  #isLiveWanted = true;
  #prompt: LogPrompt | null = null;

  constructor(shell: Shell, readonly route: Route & { readonly screen: "logs" }) {
    this.#shell = shell;
    const { run, workflowId } = route;
    this.title = run !== undefined
      ? `Logs of ${briefId(run)}`
      : workflowId !== undefined
      ? `Logs of ${workflowId}`
      : "Logs";
    this.#view = new LogView({
      ...{ times: "time", isWrapped: false, isVerbose: false, search: null, skippedColumns: 0, glyphs: shell.glyphs },
      workflows: run === undefined && workflowId === undefined ? new NameColours() : null,
      runs: run === undefined ? new NameColours() : null,
      tasks: new NameColours(),
    });
    this.#finder = new LogFinder(this.#view, () => shell.changed());
    this.#subject = new LogSubjectLoader(shell, route, () => this.#onSubject());
  }

  get isTyping(): boolean {
    return this.#prompt !== null;
  }

  draw({ width, height }: Size): Line[] {
    const subject = this.#subject.value;
    const window = this.#window;
    if (subject === null || window === null) {
      return emptyLines(this.#shell, subject, this.#subject.error, window, width);
    }
    const trouble = troubleLine(window, this.#shell);
    const body = this.#view.draw(window, { width, height: height - (trouble === null ? 1 : 2) });
    const lines = [headLine(this.#shell, subject, window, this.#view, width)];
    if (body.length > 0) lines.push(...body);
    else lines.push(...emptyLines(this.#shell, subject, null, window, width));
    return trouble === null ? lines : [...lines, fitLine(trouble, width)];
  }

  drawPrompt(width: number): Line | null {
    if (this.#prompt !== null) return this.#prompt.draw(width);
    return this.#finder.draw();
  }

  actions(): Action[] {
    const window = this.#window;
    if (window === null) return [];
    const quiet = { isHinted: false };
    return [
      {
        keys: ["f", "s"],
        title: this.#view.isFollowing ? "stand still" : "follow",
        run: () => this.#toggleFollow(window),
      },
      { keys: ["/"], title: "search", run: () => this.#askSearch(window) },
      { keys: ["n"], title: "next match", ...quiet, run: () => this.#nextMatch(window, 1) },
      { keys: ["N"], title: "previous match", ...quiet, run: () => this.#nextMatch(window, -1) },
      {
        keys: ["E"],
        title: "previous stderr line",
        run: () => this.#finder.findError(window, -1),
      },
      {
        keys: ["e"],
        title: "next stderr line",
        ...quiet,
        run: () => this.#finder.findError(window, 1),
      },
      { keys: ["m", "tab"], title: "tasks", run: () => this.#askTasks(window) },
      { keys: ["L"], title: "levels", run: () => this.#turnLevels(window) },
      { keys: ["w"], title: "wrap", run: () => this.#change({ isWrapped: !this.#view.look.isWrapped }) },
      { keys: ["z", "T"], title: "time stamps", ...quiet, run: () => this.#turnTimes() },
      { keys: ["v"], title: "verbose", ...quiet, run: () => this.#change({ isVerbose: !this.#view.look.isVerbose }) },
      {
        keys: ["t"],
        title: window.isLive ? "stored lines only" : "live",
        ...quiet,
        run: () => this.#toggleLive(window),
      },
      { keys: ["@"], title: "go to a time", ...quiet, run: () => this.#askTime(window) },
      { keys: ["S", "ctrl-s"], title: "save", run: () => this.#save(window) },
      { keys: ["enter"], title: "newest lines, read anew", ...quiet, run: () => this.reload() },
    ];
  }

  onKey(key: string): boolean {
    if (this.#prompt !== null) {
      this.#prompt.onKey(key);
      return true;
    }
    const window = this.#window;
    if (window === null) return false;
    const page = Math.max(this.#view.height - 1, 1);
    switch (key) {
      case "j":
      case "down":
        return this.#scroll(window, 1);
      case "k":
      case "up":
        return this.#scroll(window, -1);
      case "pgdn":
      case "ctrl-f":
        return this.#scroll(window, page);
      case "pgup":
      case "ctrl-b":
        return this.#scroll(window, -page);
      case "ctrl-d":
        return this.#scroll(window, Math.ceil(page / 2));
      case "ctrl-u":
        return this.#scroll(window, -Math.ceil(page / 2));
      case "g":
      case "home":
        return this.#goToStart(window);
      case "G":
      case "end":
        this.#follow(window);
        return true;
      case "left":
      case "right":
        return this.#shift(key === "left" ? -stepColumns : stepColumns);
      case "esc":
        return this.#finder.end();
      default:
        return false;
    }
  }

  onPaste(text: string): void {
    this.#prompt?.onPaste(text);
  }

  onMouse({ kind }: InputEvent & { type: "mouse" }): void {
    if (this.#window === null || kind === "press") return;
    this.#scroll(this.#window, kind === "wheel-up" ? -wheelRows : wheelRows);
  }

  reload(): void {
    if (this.#window === null) return;
    this.#view.follow();
    void this.#window.openAtEnd();
  }

  close(): void {
    this.#closed.abort(new CdktrError("SHUTTING_DOWN", "The screen was left."));
    this.#finder.close();
    this.#subject.close();
    this.#window?.close();
  }

  #onSubject(): void {
    const subject = this.#subject.value;
    if (subject !== null) {
      const { source, run, runId, workflowId, tasks, taskNames } = subject;
      for (const name of taskNames) this.#view.look.tasks.roleOf(name);
      const isOpen = run === null || !isFinal(run.state);
      this.#window ??= new LogWindow({
        source,
        clock: this.#shell.clock,
        selection: { workflowId, runId, tasks, levels: null },
        isLive: isOpen,
        onChange: () => this.#shell.changed(),
      });
      // What a run that ended printed last may still be on its way, so it stays live; one that is retried becomes live.
      if (isOpen) this.#window.isLive = this.#isLiveWanted;
      this.#window.refresh();
    }
    this.#shell.changed();
  }

  #scroll(window: LogWindow, rows: number): true {
    this.#finder.forget();
    this.#view.scroll(window, rows);
    return true;
  }

  #shift(columns: number): true {
    this.#view.shift(columns);
    return true;
  }

  #goToStart(window: LogWindow): true {
    this.#finder.forget();
    this.#view.showStart();
    if (!window.buffer.isAtStart) void window.openAtStart();
    return true;
  }

  #follow(window: LogWindow): void {
    this.#finder.forget();
    this.#view.follow();
    if (!window.buffer.isAtEnd) void window.openAtEnd();
  }

  #toggleFollow(window: LogWindow): void {
    if (this.#view.isFollowing) this.#view.stop();
    else this.#follow(window);
  }

  #toggleLive(window: LogWindow): void {
    this.#isLiveWanted = window.isLive = !window.isLive;
    this.reload();
  }

  #change(change: Partial<LogLook>): void {
    this.#view.look = { ...this.#view.look, ...change };
    this.#shell.changed();
  }

  #turnTimes(): void {
    const at = timeForms.indexOf(this.#view.look.times);
    this.#change({ times: timeForms[(at + 1) % timeForms.length] ?? "time" });
  }

  #turnLevels(window: LogWindow): void {
    const at = levelChoices.findIndex(({ levels }) => levels === window.selection.levels);
    const { levels = null } = levelChoices[(at + 1) % levelChoices.length] ?? {};
    this.#select(window, { ...window.selection, levels });
  }

  #askTasks(window: LogWindow): void {
    const { tasks } = this.#view.look;
    this.#shell.ask(
      new TaskPicker({
        glyphs: this.#shell.glyphs,
        tasks: tasks.names.map((name) => ({ name, role: tasks.roleOf(name) })),
        picked: window.selection.tasks,
        onPick: (picked) => this.#select(window, { ...window.selection, tasks: picked }),
        onClose: () => this.#shell.closeDialog(),
        onChange: () => this.#shell.changed(),
      }),
    );
  }

  /** Shows other lines, about where one was. */
  #select(window: LogWindow, selection: LogSelection): void {
    const [first] = this.#view.shown;
    window.select(selection);
    if (this.#view.isFollowing || first === undefined) return this.reload();
    this.#goToTime(window, first.line.timestampMs, () => this.reload());
  }

  #askSearch(window: LogWindow): void {
    const former = this.#finder.text;
    const finish = (text: string | null): null => {
      this.#finder.text = text;
      return this.#prompt = null;
    };
    this.#prompt = new LogPrompt({
      kind: "search",
      hint: "a text that lines hold",
      onType: (text) => this.#finder.show(text === "" ? null : text),
      onCancel: () => finish(former),
      onEnter: (text) => {
        finish(text === "" ? former : text);
        // At the end there is nothing after: the newest match is what one wants.
        this.#finder.findText(window, this.#view.isFollowing ? -1 : 1);
        return null;
      },
    });
  }

  #nextMatch(window: LogWindow, step: 1 | -1): void {
    if (this.#finder.text === null) this.#askSearch(window);
    else this.#finder.findText(window, step);
  }

  #askTime(window: LogWindow): void {
    this.#prompt = new LogPrompt({
      kind: "time",
      hint: `since when: ${typedTimeForm}`,
      onType: () => {},
      onCancel: () => this.#prompt = null,
      onEnter: (text) => {
        const atMs = typedTime(text, this.#shell.session.nowMs());
        if (atMs === null) return `is no time such as ${typedTimeForm}`;
        this.#goToTime(window, atMs, () => this.#shell.tell("No line was printed then or later."));
        return this.#prompt = null;
      },
    });
  }

  #goToTime(window: LogWindow, atMs: number, whenNone: () => void): void {
    this.#finder.forget();
    window.openAtTime(atMs).then((entry) => {
      if (entry === null) whenNone();
      else this.#view.begin(entry);
      this.#shell.changed();
    }, (error) => {
      if (!this.#closed.signal.aborted) this.#shell.tell(messageOf(error), "bad");
    });
  }

  #save(window: LogWindow): void {
    const { runId, workflowId } = window.selection;
    const { signal } = this.#closed;
    let count = 0;
    const onProgress = (lineCount: number) => {
      if (Math.floor(lineCount / progressLines) > Math.floor(count / progressLines)) {
        this.#shell.tell(`${lineCount.toLocaleString("en")} lines are saved by now ...`);
      }
      count = lineCount;
    };
    const text = logText(window, this.#view.look.isVerbose, onProgress, signal);
    const subject = this.#subject.value;
    const filters = subject === null ? [] : filtersOf(window.selection, subject);
    this.#shell.perform(async () => {
      try {
        const parts = await filled(text);
        if (parts === null) {
          return `${filters.length > 0 ? "Nothing passes the filters" : "There are no lines"}: nothing was saved.`;
        }
        const path = await this.#shell.saveFile(logFileName(runId, workflowId, this.#shell.clock.nowMs()), parts);
        return `Saved ${linesText(count)}${filters.length > 0 ? ` (${filters.join(", ")})` : ""} to ${path}`;
      } catch (error) {
        if (!signal.aborted) throw error;
        return `Saving was given up with the screen, after ${linesText(count)}.`;
      }
    });
  }
}

function linesText(count: number): string {
  return count === 1 ? "1 line" : `${count.toLocaleString("en")} lines`;
}
