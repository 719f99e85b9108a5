/** The lines of runs on their way through the spool to a principal of ours. */
import type { SpoolFiles } from "./spool/files.ts";
import type { LoggedAttempt } from "./dispatcher.ts";
import type { LogOutlet, RunLog } from "./log_outlet.ts";
import { LogShipper, type LogShipperOptions } from "./log_shipper.ts";
import type { LogLine } from "./run_task.ts";
import { Spool } from "./spool/spool.ts";
import type { Source, Stream } from "./spool/streams.ts";

/** Where the spool is, and how large it may grow. */
export interface SpoolPlace {
  /** The directory of all sessions; made when there is something to put into it. */
  readonly directory: string;
  /** CDKTR_SPOOL_MAX_BYTES. */
  readonly maxBytes: number;
  readonly files: SpoolFiles;
}

/** What the outlet needs. */
export type SpooledLogsOptions = Omit<LogShipperOptions, "spool" | "directory"> & { readonly place: SpoolPlace };

/** Opens the spool of a session, and takes over those that were left. */
export function spooledLogs({ place, ...options }: SpooledLogsOptions): LogOutlet {
  const { session, clock, log } = options;
  const spool = new Spool({ ...place, session, clock, log });
  const shipper = new LogShipper({ ...options, spool, directory: place.directory });
  shipper.start();
  return {
    begin: (assignment) => new SpooledRunLog(spool, shipper, assignment),
    sendAhead: () => shipper.sendAhead(),
    drain: () => shipper.drain(),
    close: () => {
      shipper.stop();
      spool.close();
    },
  };
}

class SpooledRunLog implements RunLog {
  readonly #spool: Spool;
  readonly #shipper: LogShipper;
  readonly #stream: Stream;

  constructor(spool: Spool, shipper: LogShipper, { runId, attempt, workflow }: LoggedAttempt) {
    this.#spool = spool;
    this.#shipper = shipper;
    this.#stream = spool.begin({ runId, attempt, workflowId: workflow.id, workflowName: workflow.name });
  }

  async send(lines: readonly LogLine[]): Promise<void> {
    let source: Source | undefined;
    for (let at = 0, line = lines[at]; line !== undefined;) {
      const { taskName, taskRunId, timestampMs, level } = line;
      const payloads: string[] = [];
      while (line?.taskRunId === taskRunId && line.timestampMs === timestampMs && line.level === level) {
        payloads.push(line.payload);
        line = lines[++at];
      }
      source = this.#spool.append(this.#stream, { taskName, taskRunId, timestampMs, level, payloads });
    }
    this.#shipper.wake();
    if (source !== undefined) await this.#shipper.room(source);
  }

  async end(): Promise<void> {
    await this.#shipper.sent(this.#stream);
    this.#spool.end(this.#stream);
  }
}
