/** A file system of a few MiB that can be filled to its last byte. */
import { pause } from "./scenario.ts";

const chunkBytes = 64 * 1024;

/** A tmpfs. Disposed, it is gone with all that is on it. Mounting takes root, or a `sudo` that asks for no password. */
export class SmallDisk implements AsyncDisposable {
  readonly #path: string;
  readonly #asRoot: readonly string[];

  private constructor(path: string, asRoot: readonly string[]) {
    this.#path = path;
    this.#asRoot = asRoot;
  }

  /**
   * Mounts it at `path`, a directory that is made if need be.
   *
   * @throws When neither we nor `sudo` may mount: what needs a small disk cannot be tested then.
   */
  static async mount(path: string, mebibytes: number): Promise<SmallDisk> {
    await Deno.mkdir(path, { recursive: true });
    const uid = Deno.uid() ?? 0;
    const args = ["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700,uid=${uid}`, "tmpfs", path];
    const said: string[] = [];
    for (const asRoot of [[], ["sudo", "-n"]]) {
      const error = await run([...asRoot, ...args]);
      if (error === null) return new SmallDisk(path, asRoot);
      said.push(error);
    }
    throw new Error(`a tmpfs could not be mounted at ${path}: ${said.join("; ")}`);
  }

  /**
   * Writes until nothing more fits, then frees `leaveBytes`.
   *
   * @returns How many bytes that took.
   */
  async fill(leaveBytes = 0): Promise<number> {
    using file = await Deno.open(this.#filler, { create: true, append: true });
    let bytes = (await file.stat()).size;
    for (let size = chunkBytes; size >= 1;) {
      try {
        bytes += await file.write(new Uint8Array(size));
      } catch {
        size = size === 1 ? 0 : Math.floor(size / 8) || 1;
      }
    }
    if (leaveBytes > 0) await file.truncate(Math.max(bytes - leaveBytes, 0));
    return bytes;
  }

  /** Takes away what filled it. */
  async free(): Promise<void> {
    await Deno.remove(this.#filler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Somebody may have a file open for a moment longer.
    for (let tries = 0; await run([...this.#asRoot, "umount", this.#path]) !== null && tries < 50; tries++) {
      await pause(100);
    }
  }

  get #filler(): string {
    return `${this.#path}/filler`;
  }
}

/** @returns What the command said if it failed. */
async function run([command = "", ...args]: readonly string[]): Promise<string | null> {
  try {
    const { success, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
    return success ? null : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return `${command}: ${error instanceof Error ? error.message : error}`;
  }
}
