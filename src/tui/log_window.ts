/**
 * The lines around what is seen: pages are read as the view comes near an end of what is there, and given up far behind it.
 * At the end of all lines, live ones are added and, every now and then, settled: the store is asked for what came since its
 * newest line here, which tells the order, and whatever was missed live.
 */
import type { Clock } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import { type Entry, LogBuffer } from "./log_buffer.ts";
import { type LogPage, type LogPageRequest, type LogSelection, type LogSource, wants } from "./log_source.ts";

/** What a window needs. */
export interface LogWindowOptions {
  readonly source: LogSource;
  readonly clock: Clock;
  readonly selection: LogSelection;
  readonly isLive: boolean;
  /** Called when there is something new to show. */
  readonly onChange: () => void;
  /** Lines that are kept. @default 20000 */
  readonly linesMax?: number;
  /** Lines that are read at once. @default 1000 */
  readonly pageLines?: number;
}

/** Lines are settled this often while some come, in milliseconds. */
const settleMs = 1000;
/** So many live lines are settled sooner. */
const settleLines = 2000;
/** Pages behind the end that are read one after the other; of a wider gap only the end is read. */
const settlePages = 5;
/** After a failure the principal is asked again after this, in milliseconds. */
const retryMs = 2000;
/** Share of the most lines by which they may be too many, so that they are not cut off one by one. */
const slackShare = 0.1;

/** See the top of this file. */
export class LogWindow {
  /** Whether nothing was read yet. */
  isLoading = true;
  /** Why the newest question failed; null when it did not. */
  error: string | null = null;
  /** Since when no live lines come though they should, Unix milliseconds by this machine's clock. */
  notLiveSinceMs: number | null = null;
  /** Live lines that came too fast and were not yet read from the store. */
  droppedCount = 0;
  /** Lines that came since {@linkcode LogWindow.saw} was told that the end is seen. */
  unseenCount = 0;
  /** Whether the view stays at the end: then a wide gap before it is left out. */
  isFollowed = true;
  readonly #options: LogWindowOptions;
  #selection: LogSelection;
  #buffer: LogBuffer;
  #opening = new AbortController();
  readonly #closed = new AbortController();
  #following: AbortController | null = null;
  #isReadingOlder = false;
  #isReadingNewer = false;
  #isSettling = false;
  #cancelSettling: (() => void) | null = null;
  #cancelRetry: (() => void) | null = null;

  constructor(options: LogWindowOptions) {
    this.#options = options;
    this.#selection = options.selection;
    this.#buffer = this.#emptyBuffer();
    this.isLive = options.isLive;
    void this.openAtEnd();
  }

  get buffer(): LogBuffer {
    return this.#buffer;
  }

  get selection(): LogSelection {
    return this.#selection;
  }

  /** Whether live lines are wanted. */
  get isLive(): boolean {
    return this.#following !== null;
  }

  set isLive(isLive: boolean) {
    if (isLive === this.isLive) return;
    this.#following?.abort();
    this.#following = null;
    this.notLiveSinceMs = null;
    if (!isLive) return;
    this.#following = new AbortController();
    const signal = AbortSignal.any([this.#following.signal, this.#closed.signal]);
    this.#follow(signal).catch((error) => {
      if (!signal.aborted) this.#fail(error);
    });
  }

  /** Shows other lines from now on; where, has to be told next. */
  select(selection: LogSelection): void {
    this.#selection = selection;
    if (!this.isLive) return;
    this.isLive = false;
    this.isLive = true;
  }

  /** The newest lines. */
  openAtEnd(): Promise<void> {
    return this.#open(async (signal) => {
      this.unseenCount = 0;
      if (!this.#options.source.hasCursors) return await this.#openOnlyPage(signal);
      const head = await this.#page({ order: "newest", after: null, limit: 1 }, signal);
      const [line] = head.lines;
      const buffer = line === undefined ? this.#emptyBuffer() : this.#bufferAround(line, head.cursor);
      buffer.isAtEnd = true;
      if (line === undefined) buffer.isAtStart = true;
      else await this.#readOlder(buffer, signal);
      this.#buffer = buffer;
    });
  }

  /** The oldest lines. */
  openAtStart(): Promise<void> {
    return this.#open(async (signal) => {
      if (!this.#options.source.hasCursors) return;
      const buffer = this.#emptyBuffer();
      buffer.isAtStart = true;
      buffer.append(await this.#page({ order: "oldest", after: null, limit: this.#pageLines }, signal));
      this.#buffer = buffer;
    });
  }

  /** The lines from a time on. @returns The first of them; null when there is none. */
  async openAtTime(sinceMs: number): Promise<Entry | null> {
    const { signal } = this.#closed;
    if (!this.#options.source.hasCursors) return this.#firstSince(sinceMs);
    const { lines: [line], cursor } = await this.#page({ order: "oldest", after: null, limit: 1, sinceMs }, signal);
    return line === undefined ? null : await this.openAt(line, cursor);
  }

  /** The lines around one. @returns Its entry. */
  async openAt(line: WireLogLine, cursor: string | null): Promise<Entry | null> {
    const buffer = this.#bufferAround(line, cursor);
    const entry = buffer.at(0) ?? null;
    await this.#open(async (signal) => {
      await this.#readNewer(buffer, signal);
      await this.#readOlder(buffer, signal);
      this.#buffer = buffer;
    });
    return entry;
  }

  /** Reads what is wanted around the lines that are seen, and gives up what is far from them. Called as often as one likes. */
  need(first: number, last: number): void {
    const { linesMax = 20_000, source } = this.#options;
    if (this.#buffer.length > linesMax * (1 + slackShare)) this.#buffer.trim(linesMax, first, last);
    if (this.isLoading || this.#cancelRetry !== null || !source.hasCursors) return;
    const near = this.#pageLines / 2;
    const { signal } = this.#opening;
    if (first < near) void this.#attempt(() => this.#readOlder(this.#buffer, signal), signal);
    if (last >= this.#buffer.length - near) void this.#attempt(() => this.#readNewer(this.#buffer, signal), signal);
  }

  /** Takes up to which line the lines are seen, by its index: of those that came, the ones up to there are seen. */
  saw(last: number): void {
    if (!this.#buffer.isAtEnd) return;
    let below = 0;
    for (let index = this.#buffer.length - 1; index > last && below < this.unseenCount; index--) {
      if (this.#buffer.at(index)?.isShown) below++;
    }
    this.unseenCount = below;
  }

  /** Asks the store soon for what came since, if live lines are wanted. */
  refresh(): void {
    this.#settleSoon();
  }

  /** A page of lines of the selection. @throws As the source does. */
  page(request: LogPageRequest, signal: AbortSignal, selection = this.#selection) {
    return this.#options.source.page(selection, request, AbortSignal.any([signal, this.#closed.signal]));
  }

  close(): void {
    this.#closed.abort();
    this.#opening.abort();
    this.#following?.abort();
    this.#cancelSettling?.();
    this.#cancelRetry?.();
  }

  #firstSince(sinceMs: number): Entry | null {
    for (let index = 0; index < this.#buffer.length; index++) {
      const entry = this.#buffer.at(index);
      if (entry?.isShown && entry.line.timestampMs >= sinceMs) return entry;
    }
    return null;
  }

  get #pageLines(): number {
    return this.#options.pageLines ?? 1000;
  }

  #emptyBuffer(): LogBuffer {
    return new LogBuffer((line) => wants(this.#selection, line));
  }

  #bufferAround(line: WireLogLine, cursor: string | null): LogBuffer {
    return LogBuffer.around(line, cursor, (other) => wants(this.#selection, other));
  }

  async #page(request: LogPageRequest, signal: AbortSignal): Promise<LogPage> {
    const page = await this.#options.source.page(this.#selection, request, signal);
    signal.throwIfAborted(); // An answer may have come just before other lines were asked for.
    return page;
  }

  /** Does away with what is under way for the lines that were there, then reads others. */
  async #open(read: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#isReadingOlder = this.#isReadingNewer = false;
    this.isLoading = true;
    const { signal } = this.#opening;
    await this.#attempt(
      async () => {
        await read(signal);
        this.isLoading = false;
        // What came live meanwhile went to the lines that were there before.
        if (this.#buffer.isAtEnd) this.#settleSoon();
      },
      signal,
      () => void this.#open(read),
    );
  }

  async #openOnlyPage(signal: AbortSignal): Promise<void> {
    const page = await this.#page({ order: "oldest", after: null, limit: Infinity }, signal);
    this.#buffer = this.#emptyBuffer();
    this.#buffer.isAtStart = true;
    this.#buffer.append(page);
  }

  async #attempt(work: () => Promise<void>, signal: AbortSignal, again: () => void = () => {}): Promise<void> {
    try {
      await work();
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error, again);
    }
    if (!signal.aborted) this.#options.onChange();
  }

  #fail(error: unknown, again: () => void = () => {}): void {
    this.error = messageOf(error);
    this.#cancelRetry ??= this.#options.clock.setTimer(retryMs, () => {
      this.#cancelRetry = null;
      again();
      this.#options.onChange();
    });
    this.#options.onChange();
  }

  async #readOlder(buffer: LogBuffer, signal: AbortSignal): Promise<void> {
    const after = buffer.startCursor;
    if (this.#isReadingOlder || buffer.isAtStart || after === null) return;
    this.#isReadingOlder = true;
    try {
      const page = await this.#page({ order: "newest", after, limit: this.#pageLines }, signal);
      // Lines at the start may have been given up meanwhile.
      if (buffer.startCursor === after) buffer.prepend(page);
    } finally {
      if (!signal.aborted) this.#isReadingOlder = false;
    }
  }

  async #readNewer(buffer: LogBuffer, signal: AbortSignal): Promise<void> {
    const after = buffer.endCursor;
    if (this.#isReadingNewer || buffer.isAtEnd) return;
    this.#isReadingNewer = true;
    try {
      const page = await this.#page({ order: "oldest", after, limit: this.#pageLines }, signal);
      if (buffer.endCursor !== after || buffer.isAtEnd) return;
      buffer.append(page);
      if (!buffer.isAtEnd) return;
      this.#settleSoon(); // What came live while the page was on its way was passed over.
    } finally {
      if (!signal.aborted) this.#isReadingNewer = false;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const news of this.#options.source.follow(this.#selection, signal)) {
      if (signal.aborted) return;
      switch (news.type) {
        case "connected":
          this.notLiveSinceMs = null;
          this.#settleSoon();
          break;
        case "disconnected":
          this.notLiveSinceMs ??= this.#options.clock.nowMs();
          break;
        case "dropped":
          this.droppedCount += news.count;
          this.#settleSoon();
          break;
        case "lines":
          this.#takeLive(news.lines);
      }
      this.#options.onChange();
    }
  }

  #takeLive(lines: readonly WireLogLine[]): void {
    const wanted = lines.filter((line) => wants(this.#selection, line));
    if (!this.#buffer.isAtEnd) {
      this.unseenCount += wanted.length;
      return;
    }
    this.unseenCount += this.#buffer.takeLive(wanted);
    if (this.#buffer.liveLength >= settleLines) void this.#settle();
    // A line of a run may come under a name that only the principal can translate, so any line is a sign.
    else if (lines.length > 0) this.#settleSoon();
  }

  #settleSoon(): void {
    this.#cancelSettling ??= this.#options.clock.setTimer(settleMs, () => {
      this.#cancelSettling = null;
      void this.#settle();
    });
  }

  async #settle(): Promise<void> {
    const { source } = this.#options;
    if (!this.isLive || !source.hasCursors || this.#closed.signal.aborted) return;
    if (this.#isSettling) return this.#settleSoon();
    this.#isSettling = true;
    const { signal } = this.#opening;
    await this.#attempt(() => this.#readSince(signal), signal, () => this.#settleSoon());
    this.#isSettling = false;
  }

  async #readSince(signal: AbortSignal): Promise<void> {
    const buffer = this.#buffer;
    for (let pages = 0; pages < settlePages; pages++) {
      if (!buffer.isAtEnd || buffer !== this.#buffer) return;
      const after = buffer.endCursor;
      const page = await this.#page({ order: "oldest", after, limit: this.#pageLines }, signal);
      if (!buffer.isAtEnd || buffer.endCursor !== after) return;
      this.unseenCount += buffer.append(page);
      if (page.mayHaveMore) continue;
      this.droppedCount = 0;
      return;
    }
    this.droppedCount = 0;
    if (this.isFollowed) void this.openAtEnd();
    else buffer.leaveEnd();
  }
}
