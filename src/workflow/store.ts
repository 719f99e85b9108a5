/**
 * The workflows of a directory, kept current while files change.
 *
 * What is in force for an id is the last version that loaded. It stays when its file becomes invalid, is half written,
 * cannot be read just now, or gets a rival with the same id; it goes when its file is deleted. A look at the directory
 * (a *rescan*) happens shortly after the system reports a change and, since such reports can be missing, at an
 * interval too. Files that did not change since the last look are not read again.
 */

import type { Clock } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";
import { type FoundFile, listWorkflowFiles, stampOf } from "./directory.ts";
import { problemOf, readWorkflowBytes, sameIds } from "./load.ts";
import { type ParsedWorkflow, parseWorkflow } from "./parse.ts";
import type { Problem } from "./problem.ts";
import type { Workflow } from "./schema.ts";

/** Options of a {@linkcode WorkflowStore}. */
export interface WorkflowStoreOptions {
  /** The workflow directory; the paths of workflows and problems begin with it as given. */
  readonly directory: string;
  readonly clock: Clock;
  /** Milliseconds from the end of one rescan to the next. */
  readonly rescanIntervalMs: number;
  /**
   * Milliseconds without further reports of changes before a rescan, so that a file being saved is read when it is
   * complete. After ten times as long the rescan happens anyway.
   *
   * @default 200
   */
  readonly settleMs?: number;
  /**
   * Whether to have the system report changes; otherwise there are only the regular rescans.
   *
   * @default true
   */
  readonly watch?: boolean;
}

/** What a rescan changed. */
export interface StoreChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Whether {@linkcode WorkflowStore.problems} gives something else than before. */
  readonly problemsChanged: boolean;
}

/** A file at the last look. */
interface KnownFile {
  readonly id: string;
  readonly relativePath: string;
  /** `null` when the file has to be read again whatever its stamp. */
  readonly stamp: string | null;
  readonly parsed: ParsedWorkflow;
}

/** How many files are read at a time: enough to keep the disk busy, far from the limit on open files. */
const concurrentReads = 16;

/** The workflows of a directory. */
export class WorkflowStore {
  readonly #options: Required<WorkflowStoreOptions>;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #files = new Map<string, KnownFile>();
  #workflows = new Map<string, Workflow>();
  #problems: readonly Problem[] = [];

  #running = false;
  #watcher: Deno.FsWatcher | null = null;
  #watching: Promise<void> = Promise.resolve();
  #cancelInterval = () => {};
  #cancelSettle = () => {};
  #unsettledSinceMs: number | null = null;
  /** The rescan under way, and the one that will follow it. */
  #current: Promise<void> | null = null;
  #following: Promise<void> | null = null;

  constructor(options: WorkflowStoreOptions) {
    const directory = options.directory.replace(/(?<=.)[/\\]+$/, "");
    this.#options = { settleMs: 200, watch: true, ...options, directory };
  }

  /**
   * Loads the directory, then keeps watching it. Invalid files do not hinder the start.
   *
   * @throws {CdktrError} NOT_FOUND, STORAGE or LIMIT_EXCEEDED, when the directory cannot be listed.
   */
  async start(): Promise<void> {
    if (this.#running) throw new TypeError("The workflow store is running already");
    this.#running = true;
    // Watching begins before the first look: a change in between is then seen twice rather than never.
    this.#openWatcher();
    this.#current = this.#look().finally(() => {
      this.#current = null;
    });
    try {
      await this.#current;
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#armInterval();
  }

  /** Stops watching and waits for a rescan under way. What was loaded can still be asked for. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelInterval();
    this.#cancelSettle();
    await this.#closeWatcher();
    await this.#following;
    await this.#current;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The version in force of the workflow `id`. */
  get(id: string): Workflow | undefined {
    return this.#workflows.get(id);
  }

  /** All workflows in force, in the order of their ids. */
  list(): Workflow[] {
    return [...this.#workflows.values()];
  }

  /** What is wrong in the directory at present, file by file. */
  problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Whether the system reports changes. When it cannot, there are only the regular rescans. */
  get isWatching(): boolean {
    return this.#watcher !== null;
  }

  /**
   * Calls `listener` after each rescan that changed something. It must not throw.
   *
   * @returns Ends the calls.
   */
  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Looks at the directory now. Never rejects: what cannot be read is among the problems, and stays in force.
   * A call during a rescan waits for another one, because the present one may have passed the change already.
   */
  rescan(): Promise<void> {
    if (this.#current !== null) {
      this.#following ??= this.#current.catch(() => {}).then(() => {
        this.#following = null;
        return this.rescan();
      });
      return this.#following;
    }
    this.#current = this.#rescanOnce().finally(() => {
      this.#current = null;
    });
    return this.#current;
  }

  async #rescanOnce(): Promise<void> {
    this.#cancelInterval();
    try {
      await this.#look();
    } catch (error) {
      this.#publish(this.#workflows, [problemOf(this.#options.directory, "unreadable", messageOf(error))]);
    }
    this.#armInterval();
  }

  /** Takes over what the directory holds now. */
  async #look(): Promise<void> {
    const listing = await listWorkflowFiles(this.#options.directory);
    const files = await this.#read(listing.files);
    for (const [relativePath, known] of this.#files) {
      const isHidden = listing.unreadable.some((one) => `${relativePath}/`.startsWith(`${one.relativePath}/`));
      if (isHidden && !files.has(relativePath)) files.set(relativePath, known);
    }

    const clashes = sameIds(
      [...files.values()].map(({ id, relativePath }) => ({ id, file: this.#path(relativePath) })),
    );
    const workflows = new Map<string, Workflow>();
    const problems = listing.unreadable.map(({ relativePath, message }) =>
      problemOf(this.#path(relativePath), "unreadable", message)
    );
    this.#mindPipes(listing.pipes);
    for (const pipe of listing.pipes) problems.push(problemOf(this.#path(pipe), "unreadable", this.#pipeText()));
    for (const { id, relativePath, parsed } of files.values()) {
      const clash = clashes.get(this.#path(relativePath));
      const inForce = this.#workflows.get(id);
      const workflow = clash === undefined ? parsed.workflow ?? inForce : inForce;
      if (workflow !== undefined) workflows.set(id, workflow);
      if (clash !== undefined) problems.push(clash);
      problems.push(...parsed.problems);
    }
    this.#files = files;
    this.#publish(new Map([...workflows].sort(([a], [b]) => a < b ? -1 : 1)), problems);
  }

  /** Reads those of `found` that changed since the last look. */
  async #read(found: readonly FoundFile[]): Promise<Map<string, KnownFile>> {
    const files = new Map<string, KnownFile>();
    for (let start = 0; start < found.length; start += concurrentReads) {
      const batch = found.slice(start, start + concurrentReads);
      const known = await Promise.all(batch.map((file) => this.#readOne(file)));
      for (const file of known) if (file !== null) files.set(file.relativePath, file);
    }
    return files;
  }

  /** The file as it is now; `null` when it has been deleted. */
  async #readOne({ relativePath, id, stamp }: FoundFile): Promise<KnownFile | null> {
    const before = this.#files.get(relativePath);
    if (before?.stamp === stamp) return before;
    const path = this.#path(relativePath);
    try {
      const bytes = await readWorkflowBytes(path);
      const isSettled = stampOf(await Deno.stat(path)) === stamp;
      if (!isSettled) this.#settle();
      return { id, relativePath, stamp: isSettled ? stamp : null, parsed: parseWorkflow(bytes, { id, path }) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      const problem = problemOf(path, "unreadable", `The file cannot be read: ${messageOf(error)}`);
      return { id, relativePath, stamp: null, parsed: { workflow: null, problems: [problem] } };
    }
  }

  /** Puts the given state in force and tells the listeners what is new about it. */
  #publish(workflows: Map<string, Workflow>, problems: readonly Problem[]): void {
    const before = this.#workflows;
    const isSame = (id: string, workflow: Workflow) =>
      before.get(id) === workflow || JSON.stringify(before.get(id)) === JSON.stringify(workflow);
    const added = [...workflows.keys()].filter((id) => !before.has(id));
    const changed = [...workflows].filter(([id, workflow]) => before.has(id) && !isSame(id, workflow)).map(([id]) =>
      id
    );
    const removed = [...before.keys()].filter((id) => !workflows.has(id));
    const problemsChanged = JSON.stringify(problems) !== JSON.stringify(this.#problems);
    this.#workflows = workflows;
    this.#problems = problems;
    if (added.length + changed.length + removed.length === 0 && !problemsChanged) return;
    for (const listener of this.#listeners) listener({ added, changed, removed, problemsChanged });
  }

  #openWatcher(): void {
    if (!this.#options.watch) return;
    try {
      this.#watcher = Deno.watchFs(this.#options.directory, { recursive: true });
    } catch {
      // The system's watches are used up, or the directory is missing, which the first look says better.
      return;
    }
    this.#watching = this.#watchEvents(this.#watcher);
  }

  /**
   * Leaves the watcher to the end of the process where there is a named pipe: Deno's watcher opens what is reported, there waits for
   * somebody to write, and whoever closes it or opens another waits for that.
   */
  #mindPipes({ length }: readonly string[]): void {
    if (length > 0) this.#watcher = null;
  }

  #pipeText(): string {
    const seconds = this.#options.rescanIntervalMs / 1000;
    return `It is a named pipe: until the next start, changes of files are seen only every ${seconds} s. Remove it.`;
  }

  async #closeWatcher(): Promise<void> {
    if (this.#watcher === null) return;
    const { pipes } = await listWorkflowFiles(this.#options.directory).catch(() => ({ pipes: [] }));
    if (pipes.length > 0) return;
    this.#watcher?.close();
    await this.#watching;
  }

  async #watchEvents(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of watcher) {
        // "access" comes of our own reading. Writing to other files is nothing to us; but a name that appears or goes
        // may be a folder.
        const isContent = event.kind === "modify";
        const concernsUs = event.kind !== "access" && (!isContent || event.paths.some((path) => /\.ya?ml$/.test(path)));
        if (concernsUs) this.#settle();
      }
    } catch {
      // The watch broke; the regular rescans go on.
    } finally {
      if (this.#watcher === watcher) this.#watcher = null;
    }
  }

  /** Rescans once reports of changes have ceased for a while. */
  #settle(): void {
    if (!this.#running) return;
    const { clock, settleMs } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#unsettledSinceMs ??= nowMs;
    const longestMs = this.#unsettledSinceMs + settleMs * 10 - nowMs;
    this.#cancelSettle();
    this.#cancelSettle = clock.setTimer(Math.min(settleMs, longestMs), () => {
      this.#unsettledSinceMs = null;
      void this.rescan();
    });
  }

  #armInterval(): void {
    this.#cancelInterval();
    if (!this.#running) return;
    this.#cancelInterval = this.#options.clock.setTimer(this.#options.rescanIntervalMs, () => void this.rescan());
  }

  #path(relativePath: string): string {
    return `${this.#options.directory}/${relativePath}`;
  }
}
