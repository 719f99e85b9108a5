/** What must hold for log lines: in order, none twice, and none missing without a line that says so. */
import type { LogRow } from "../../src/history/mod.ts";
import type { AgentHost } from "./agent_host.ts";
import type { SimTasks } from "./tasks.ts";
import type { World } from "./world.ts";

/** How a line that stands for missing ones begins. */
const gapForm = /^STDERR cdktr: (\d+) lines? (?:is|are) missing here/;
const lineForm = /^STDOUT line (\d+)$/;

/** What is stored of one task run. */
interface Stored {
  /** The number of the last line. */
  last: number;
  /** Lines that were said to be missing and did not show up as a gap yet. */
  missing: number;
}

/** Follows what is committed to the history. */
export class LogChecks {
  readonly #world: World;
  /** In the database that is open now, by task run. */
  #stored = new Map<string, Stored>();
  /** Lines said to be missing of a run, of whichever task; by run. */
  #missingOfRun = new Map<string, number>();
  /** The highest line that any database had, by task run. */
  readonly #everStored = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The database was replaced by an empty one. */
  replaced(): void {
    this.#stored = new Map();
    this.#missingOfRun = new Map();
  }

  /** Rows were committed. */
  committed(rows: readonly LogRow[]): void {
    for (const { payload, taskRunId, runId } of rows) {
      this.#world.coverage.count("log lines stored");
      const gap = Number(gapForm.exec(payload)?.[1] ?? 0);
      if (gap > 0) this.#gap(taskRunId, runId, gap);
      const line = Number(lineForm.exec(payload)?.[1] ?? 0);
      if (line > 0) this.#line(taskRunId, runId, line);
    }
  }

  /** Of which task runs lines are neither stored nor told missing. */
  *incomplete({ printed }: SimTasks, agents: readonly AgentHost[]): Generator<string> {
    for (const { taskRunId, lines, agent, runId } of printed.values()) {
      const host = agents.find(({ machine }) => machine === agent.machine);
      if (host?.wasDiskFull !== false) continue;
      const stored = this.#everStored.get(taskRunId) ?? 0;
      const missing = (this.#stored.get(taskRunId)?.missing ?? 0) + (this.#missingOfRun.get(runId) ?? 0);
      if (stored + missing >= lines) continue;
      yield `of ${lines} lines of task run ${taskRunId} of ${runId} by ${agent.name}, ` +
        `${stored} are stored and ${missing} told missing`;
    }
  }

  #gap(taskRunId: string, runId: string, lines: number): void {
    this.#world.coverage.count("log gaps told");
    if (taskRunId === "") this.#missingOfRun.set(runId, (this.#missingOfRun.get(runId) ?? 0) + lines);
    else this.#of(taskRunId).missing += lines;
  }

  #line(taskRunId: string, runId: string, line: number): void {
    const stored = this.#of(taskRunId);
    if (line <= stored.last) {
      const what = `line ${line} of task run ${taskRunId} of ${runId} follows line ${stored.last}`;
      this.#world.violated("log lines are in order, each once", what);
    }
    const skipped = line - stored.last - 1;
    const ofTask = Math.min(stored.missing, skipped);
    const ofRun = skipped - ofTask;
    const known = this.#missingOfRun.get(runId) ?? 0;
    stored.missing -= ofTask;
    if (ofRun > known) {
      const what = `line ${line} of task run ${taskRunId} of ${runId} follows line ${stored.last}`;
      this.#world.violated("log gaps are told", what);
    } else if (ofRun > 0) this.#missingOfRun.set(runId, known - ofRun);
    stored.last = line;
    this.#everStored.set(taskRunId, Math.max(this.#everStored.get(taskRunId) ?? 0, line));
  }

  #of(taskRunId: string): Stored {
    let stored = this.#stored.get(taskRunId);
    if (stored === undefined) this.#stored.set(taskRunId, stored = { last: 0, missing: 0 });
    return stored;
  }
}
