/** Starts that came to nothing, because the run before had not ended and the workflow's `overlap` is `skip`. */
import { counted } from "../core/mod.ts";
import { type Line, printable, span } from "../paint/mod.ts";
import { Loaded } from "./loaded.ts";
import type { Shell } from "./screen.ts";

const hourMs = 3_600_000;
/** No news tells of a skipped start: the history is asked this often while they are shown, in milliseconds. */
const everyMs = 15_000;

/** See the top of this file. */
export class SkippedStarts {
  readonly #loaded: Loaded<{ readonly count: number; readonly newest: string }>;

  constructor(shell: Shell) {
    const { session, clock } = shell;
    this.#loaded = new Loaded({
      clock,
      onChange: () => shell.changed(),
      everyMs,
      load: async (signal) => {
        const query = `
          SELECT count(*), arg_max(workflow_id, seq) FROM decisions
          WHERE type = 'trigger_skipped' AND at_ms >= ${Math.floor(session.nowMs() - hourMs)}`;
        const [row] = await session.query(query, { signal, maxRows: 1 });
        return { count: Number(row?.[0] ?? 0), newest: String(row?.[1] ?? "") };
      },
    });
  }

  /** How many there were within the hour, and the workflow of the newest; nothing where there were none. Asks again in time. */
  line(): Line {
    this.#loaded.refresh();
    const { count, newest } = this.#loaded.value ?? { count: 0, newest: "" };
    if (!(count > 0)) return [];
    return [span(`${counted(count, "start")} skipped in the last hour: ${printable(newest)}`, "warn")];
  }

  close(): void {
    this.#loaded.close();
  }
}
