/** A task that says when it has begun and goes on when it is told to: named pipes in the place of a test. */
import { within } from "../processes.ts";

/** The two pipes of a task. One task at a time uses them. */
export class HeldTask {
  /** The line of `sh` that the task runs. */
  readonly run: string;
  readonly #begun: string;
  readonly #gate: string;

  private constructor(directory: string) {
    this.#begun = `${directory}/begun`;
    this.#gate = `${directory}/gate`;
    this.run = HeldTask.lineIn(directory);
  }

  /** The line of `sh` of a task whose pipes are in a directory: its path, or a word for which the shell puts it. */
  static lineIn(directory: string): string {
    return `sleep 600 & echo "$$ $!" > ${directory}/begun; read word < ${directory}/gate; kill $!; echo "released: $word"`;
  }

  /** Makes the pipes in `directory`. */
  static async make(directory: string): Promise<HeldTask> {
    const held = new HeldTask(directory);
    const { success } = await new Deno.Command("mkfifo", { args: [held.#begun, held.#gate] }).output();
    if (!success) throw new Error("mkfifo failed");
    return held;
  }

  /** Waits until the task runs. Resolves with its process and the one it left in the background. */
  async begun(): Promise<{ pid: number; childPid: number }> {
    const text = await within(Deno.readTextFile(this.#begun), "a task to begin", () => "");
    const [pid = 0, childPid = 0] = text.trim().split(" ").map(Number);
    return { pid, childPid };
  }

  /** Lets the task that runs go on to its end. */
  async release(): Promise<void> {
    await within(Deno.writeTextFile(this.#gate, "go\n", { create: false }), "a task to be released", () => "");
  }
}
