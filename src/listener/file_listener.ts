/**
 * Has a workflow run for each file that is put into a folder, or changed there, once it is complete.
 *
 * A file is complete when its size and its time of change have stayed as they are for a while. That holds for one that was
 * renamed into its place, too: reports of renames name the old place as well as the new one, and a writer may have begun
 * another file there. What the system reports tells where to look; a regular look at all files finds what was not reported.
 * A file stays on the list until the principal has taken it. Its idempotency key is made of its path, its time of change,
 * its size and its inode, and what was taken is kept in a file: so neither a restart nor a lost answer runs it twice or
 * never.
 *
 *     unknown --seen--> unsettled --unchanged for a while--> queued --> taken by the principal --> moved
 *                           ^-----------changed----------------'
 */
import { EventListener, type EventListenerOptions } from "../client/mod.ts";
import { sleep } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";
import { FolderWatch } from "./folder_watch.ts";
import { Intake, type IntakeOptions } from "./intake.ts";
import { Troubles } from "./troubles.ts";

/** How long a trigger is tried again before it is looked whether the file is still there. */
const patienceMs = 3000;
/** Files looked at side by side. */
const looksMax = 32;
/** Reports of changes are gathered for so long: a file that is being written has thousands of them. */
const gatherMs = 50;
/** After a report all files are looked at within so long, since reports of a burst get lost. */
const afterReportMs = 1000;
/** But looking must not take more than one part in so many of the time. */
const restFactor = 20;

/** Options of a {@linkcode FileListener}. */
export interface FileListenerOptions extends Omit<EventListenerOptions, "host" | "port" | "patienceMs">, IntakeOptions {
  /** How long a file must stay unchanged to be complete, in milliseconds. */
  readonly settleMs: number;
  /** From one look at all files to the next, in milliseconds. */
  readonly rescanMs: number;
  /** Whether files that are there at the very first start have their run, too. */
  readonly takesExisting: boolean;
}

interface Unsettled {
  readonly stamp: string;
  /** Monotonic. */
  readonly sinceMs: number;
}

interface Complete {
  readonly path: string;
  readonly stamp: string;
}

/** See the top of this file. */
export class FileListener extends EventListener {
  readonly #options: FileListenerOptions;
  readonly #troubles: Troubles;
  readonly #intake: Intake;
  /** Reported since they were last looked at. */
  readonly #reported = new Set<string>();
  readonly #unsettled = new Map<string, Unsettled>();
  /** Device and inode of the folder, as of the newest look at all files; null when there was none. */
  #identity: string | null = null;
  /** Those of the folder in which files were seen since the start. */
  #usedIdentity: string | null = null;
  #watch: { readonly watch: FolderWatch; readonly identity: string } | null = null;
  /** Whether there was a named pipe: from then on no watch can be relied on, nor a new one be had. */
  #hadPipe = false;
  #rescanDueMs = -Infinity;
  /** Before then no report leads to a look at all files. */
  #restsUntilMs = -Infinity;
  #wake = () => {};

  constructor(options: FileListenerOptions) {
    super({ ...options, patienceMs });
    this.#options = options;
    this.#troubles = new Troubles(options.log);
    this.#intake = new Intake(options, {
      clock: this.clock,
      signal: this.signal,
      troubles: this.#troubles,
      runWorkflow: (...event) => this.runWorkflow(...event),
      onSettled: (path) => this.#report(path),
    });
  }

  /** Follows the folder until the signal aborts; then triggers that are under way are waited for. */
  async startListening(): Promise<void> {
    const { folder, workflowId, log } = this.#options;
    const onAbort = () => this.#wake();
    this.signal.addEventListener("abort", onAbort);
    let isFirst = true;
    try {
      while (!this.signal.aborted) {
        if (this.clock.monotonicMs() >= this.#rescanDueMs) {
          // Watching begins before the look: a file in between is then seen twice rather than never.
          await this.#rewatch();
          await this.#lookAtAll();
          if (isFirst) log.info(`files that are put into ${folder.root} have ${workflowId} run`);
          isFirst = false;
        }
        await this.#lookAtSome();
        await this.#pause();
      }
    } finally {
      const { pipes } = await folder.list().catch(() => ({ pipes: [] }));
      if (pipes.length > 0) this.#watch?.watch.abandon();
      this.#watch?.watch[Symbol.dispose]();
      this.signal.removeEventListener("abort", onAbort);
      if (this.#intake.size > 0) log.info(`stopping: ${this.#intake.size} files are left to the next start`);
      await this.#intake.ended();
    }
  }

  /** Has the system report changes. A folder that was made anew is another one to it. */
  async #rewatch(): Promise<void> {
    const { folder } = this.#options;
    const identity = await identityOf(folder.root);
    this.#identity = identity;
    if (this.#hadPipe) return;
    if (identity !== null && this.#watch?.identity === identity && this.#watch.watch.isOpen) return;
    this.#watch?.watch[Symbol.dispose]();
    this.#watch = null;
    if (identity === null) return; // The look at it says why.
    try {
      const watch = new FolderWatch(folder.root, folder.isRecursive, {
        onPath: (absolutePath) => {
          const path = folder.inside(absolutePath);
          if (path === null) return;
          this.#expectMore();
          this.#report(path);
        },
        onOddName: () => this.#troubles.tell(`files in ${folder.root} whose names are not UTF-8 are passed over`),
        onLoss: () => {
          this.#expectMore();
          this.#wake();
        },
      });
      this.#watch = { watch, identity };
    } catch (error) {
      this.#troubles.tell(`changes of ${folder.root} are found only by looking again: ${messageOf(error)}`);
    }
  }

  /** Where something was reported there may be more. */
  #expectMore(): void {
    const soonMs = Math.max(this.clock.monotonicMs() + afterReportMs, this.#restsUntilMs);
    this.#rescanDueMs = Math.min(this.#rescanDueMs, soonMs);
  }

  #report(path: string): void {
    this.#reported.add(path);
    this.#wake();
  }

  /** Looks at every file, and forgets those that are gone. */
  async #lookAtAll(): Promise<void> {
    const { folder, taken, rescanMs, takesExisting } = this.#options;
    const beganMs = this.clock.monotonicMs();
    this.#rescanDueMs = Infinity; // A report from now on leads to another look.
    try {
      const before = taken.paths();
      const { paths, pipes, problems, isComplete } = await folder.list();
      this.#mindPipes(pipes);
      for (const problem of problems) this.#troubles.tell(problem);
      if (taken.isNew) await this.#begin(takesExisting ? [] : paths);
      await this.#lookAt(paths);
      if (isComplete) {
        const there = new Set(paths);
        const isMounted = await this.#isMounted();
        const isGone = (path: string) => !there.has(path) && (isMounted || taken.get(path)?.destination !== null);
        taken.forget(before.filter(isGone));
        this.#intake.keepOnly(there);
      }
    } catch (error) {
      this.#troubles.tell(`${folder.root} cannot be looked at: ${messageOf(error)}`);
    }
    this.#troubles.endRound();
    const endedMs = this.clock.monotonicMs();
    this.#restsUntilMs = endedMs + restFactor * (endedMs - beganMs);
    this.#rescanDueMs = Math.min(Math.max(this.#rescanDueMs, this.#restsUntilMs), endedMs + rescanMs);
  }

  #mindPipes(pipes: readonly string[]): void {
    const { folder, rescanMs } = this.#options;
    if (pipes.length === 0) return;
    this.#hadPipe = true;
    this.#watch?.watch.abandon();
    this.#watch = null;
    for (const pipe of pipes) {
      const how = `until the next start, files in ${folder.root} are found only by looking again, every ${
        rescanMs / 1000
      } s`;
      this.#troubles.tell(`${pipe} is a named pipe and passed over; ${how}`);
    }
  }

  /** Whether files come to the folder that was looked at. Another one, always empty, may be there while it is not mounted. */
  async #isMounted(): Promise<boolean> {
    const used = this.#usedIdentity;
    return used !== null && used === this.#identity && used === await identityOf(this.#options.folder.root);
  }

  /** The very first look: what is there already needs no run. */
  async #begin(paths: readonly string[]): Promise<void> {
    const { folder, taken, log } = this.#options;
    const files = [];
    for (const path of paths) {
      const found = await folder.look(path);
      if (found !== null && !found.isFolder) files.push({ path, stamp: found.stamp, destination: null });
    }
    taken.begin(files);
    if (files.length > 0) log.info(`files that were there before the first start are left alone: ${files.length}`);
  }

  /** Looks at what was reported, and at what should have settled. */
  async #lookAtSome(): Promise<void> {
    const settledMs = this.clock.monotonicMs() - this.#options.settleMs;
    const due = new Set(this.#reported);
    this.#reported.clear();
    for (const [path, { sinceMs }] of this.#unsettled) if (sinceMs <= settledMs) due.add(path);
    await this.#lookAt([...due]);
  }

  async #lookAt(paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length && !this.signal.aborted; at += looksMax) {
      const batch = paths.slice(at, at + looksMax).map((path) => this.#look(path));
      for (const complete of (await Promise.all(batch)).flat()) this.#intake.add(complete.path, complete.stamp);
    }
  }

  /** The files at a path that are complete now. Never rejects. */
  async #look(path: string): Promise<Complete[]> {
    const { folder, taken, settleMs } = this.#options;
    const known = this.#unsettled.get(path);
    this.#unsettled.delete(path);
    try {
      const found = await folder.look(path);
      if (found === null) return [];
      if (found.isFolder) {
        // Files that were put into a new folder before it was watched were not reported.
        await this.#lookAt((await folder.list(path)).paths);
        return [];
      }
      this.#usedIdentity = this.#identity;
      const { stamp } = found;
      if (taken.get(path)?.stamp === stamp) await this.#intake.leave(path, stamp);
      if (this.#intake.knows(path, stamp)) return [];
      const nowMs = this.clock.monotonicMs();
      const sinceMs = known?.stamp === stamp ? known.sinceMs : nowMs;
      if (nowMs - sinceMs >= settleMs) return [{ path, stamp }];
      this.#unsettled.set(path, { stamp, sinceMs });
    } catch (error) {
      // The next look at all files tries it again.
      const isGone = error instanceof Deno.errors.NotFound;
      if (!isGone) this.#troubles.tell(`${folder.absolute(path)} cannot be looked at: ${messageOf(error)}`);
    }
    return [];
  }

  /** Waits until there is something to look at. */
  async #pause(): Promise<void> {
    if (this.signal.aborted) return;
    if (this.#reported.size === 0) {
      const firstMs = [...this.#unsettled.values()].reduce((first, { sinceMs }) => Math.min(first, sinceMs), Infinity);
      const dueMs = Math.min(firstMs + this.#options.settleMs, this.#rescanDueMs);
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancelTimer = this.clock.setTimer(dueMs - this.clock.monotonicMs(), resolve);
      this.#wake = resolve;
      await promise;
      cancelTimer();
    }
    if (this.#reported.size > 0) await sleep(this.clock, gatherMs, this.signal).catch(() => {});
  }
}

async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return `${dev}/${ino}`;
  } catch {
    return null;
  }
}
