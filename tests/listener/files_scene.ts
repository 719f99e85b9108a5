/** A listener for files in the test's process, on real directories and before a real principal. */
import type { PrincipalClient } from "../../src/client/mod.ts";
import { DropFolder, FileListener, TakenFiles } from "../../src/listener/mod.ts";
import { KeptLog } from "./kept_log.ts";

/** What may be different about a listener. */
export interface FilesSceneOptions {
  readonly patterns?: readonly string[];
  readonly isRecursive?: boolean;
  readonly moves?: boolean;
  readonly takesExisting?: boolean;
  readonly params?: Readonly<Record<string, string>>;
  readonly settleMs?: number;
  readonly rescanMs?: number;
}

/** Directories that listeners come to and go from. */
export class FilesPlace implements AsyncDisposable {
  /** Where files are put. */
  readonly inbox: string;
  /** Where they are moved to. */
  readonly done: string;
  /** Where files are written that are renamed into the inbox. */
  readonly aside: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.inbox = `${root}/in`;
    this.done = `${root}/done`;
    this.aside = `${root}/aside`;
  }

  static async make(): Promise<FilesPlace> {
    const place = new FilesPlace(await Deno.realPath(await Deno.makeTempDir({ prefix: "cdktr-files-" })));
    for (const path of [place.inbox, place.aside]) await Deno.mkdir(path);
    return place;
  }

  /** Starts a listener; resolves when it has looked for the first time. */
  async listen(client: PrincipalClient, options: FilesSceneOptions = {}): Promise<FilesScene> {
    const { patterns = ["*"], isRecursive = false, moves = false, takesExisting = false } = options;
    const { params = { file: "{path}" }, settleMs = 100, rescanMs = 60_000 } = options;
    const moveTo = moves ? this.done : null;
    const folder = await DropFolder.open(this.inbox, { patterns, isRecursive, moveTo });
    const taken = TakenFiles.open(`${this.#root}/state.db`);
    const log = new KeptLog();
    const listener = new FileListener({
      ...{ client, folder, taken, params, settleMs, rescanMs, takesExisting, log },
      workflowId: "etl",
    });
    const scene = new FilesScene(listener, taken, log);
    while (taken.isNew) await new Promise((resolve) => setTimeout(resolve, 5));
    return scene;
  }

  /** Renames a complete file into the inbox; its path there. */
  async drop(name: string, text = name): Promise<string> {
    const path = `${this.inbox}/${name}`;
    await Deno.writeTextFile(`${this.aside}/draft`, text);
    await Deno.rename(`${this.aside}/draft`, path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }
}

/** A listener that runs. */
export class FilesScene implements AsyncDisposable {
  readonly log: KeptLog;
  readonly #listener: FileListener;
  readonly #taken: TakenFiles;
  readonly #listening: Promise<void>;

  constructor(listener: FileListener, taken: TakenFiles, log: KeptLog) {
    this.#listener = listener;
    this.#taken = taken;
    this.log = log;
    this.#listening = listener.startListening();
  }

  /** Resolves once so many files had their runs. */
  async ran(count: number): Promise<void> {
    await this.log.until(() => this.log.all(/^info .*: run /).length >= count ? true : null, `${count} runs`);
  }

  /** The files of which it keeps that they had their runs. */
  get kept(): string[] {
    return this.#taken.paths();
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.#listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#taken[Symbol.dispose]();
  }
}
