/** A principal of the original in the test's process, whose replies are given byte for byte. */
import { call, type CallOptions, type Outcome } from "./call.ts";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import type { ServerPorts } from "../../src/principal/mod.ts";
import { Pub, Rep } from "../../src/zmtp/mod.ts";

const sources = { clock: systemClock, random: systemRandom };
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A listing as the original sends it: maps in any order, a dependency as node and edge. */
const listing = 'SUCCESS\x01{"etl.daily":{"id":"etl.daily","name":"Multi","description":"d",' +
  '"path":"workflows/etl/daily.yml","dag":{"name":"Multi","task_id_node_ix_map":{"task2":0,"task1":1},' +
  '"task_map":{"task2":{"name":"py","description":null,"depends":["task1"],"config":{"UvPython":' +
  '{"script_path":"./a.py","is_uv_project":null,"packages":["pandas>=2"],"uv_path":null,"working_directory":null}}},' +
  '"task1":{"name":"cmd1","description":"first","depends":null,"config":{"Subprocess":{"cmd":"echo","args":["hello"]}}}},' +
  '"inner":{"nodes":["task2","task1"],"node_holes":[],"edge_property":"directed","edges":[[1,0,0]]},' +
  '"first_tasks":["task1"]},"cron":"0 1 * * * 2","start_time":"2025-01-20T12:30:00+00:00"},' +
  '"broken":{"id":"broken","name":"Broken","description":null,"path":"workflows/broken.yml",' +
  '"dag":{"name":"Broken","task_id_node_ix_map":{},"task_map":{},"inner":{"nodes":[],"node_holes":[],' +
  '"edge_property":"directed","edges":[]},"first_tasks":[]},"cron":null,"start_time":"2025-01-20T12:30:00+00:00"}}';

const replies: Readonly<Record<string, string>> = {
  LSWORKFLOWS: listing,
  GETRECENTSTATUSES: 'SUCCESS\x01[{"workflow_id":"etl.daily","workflow_instance_id":"happy-otter-0",' +
    '"status":"RUNNING","timestamp_ms":1795252402023},{"workflow_id":"simple","workflow_instance_id":"emerald-fig-0",' +
    '"status":"COMPLETED","timestamp_ms":1795252401000}]',
  GETREGISTEREDAGENTS:
    'SUCCESS\x01[{"agent_id":"alice@build01/AG","last_ping_timestamp":1795252402020695,"running_tasks":1}]',
  QUERYLOGS: 'SUCCESS\x01["[2026-03-04T08:40:30.123+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT one",' +
    '"[2026-03-04T08:40:31+00:00 ERROR] [happy-otter-0/odd-dog-0] STDERR two"]',
};

/** See the top of this file. */
export class OriginalScene implements AsyncDisposable {
  /** What is answered, by verb; may be changed. */
  readonly replies: Record<string, string>;
  /** What it was asked, but for HELLO. */
  readonly asked: string[] = [];
  readonly ports: ServerPorts;
  readonly #rep: Rep;
  readonly #pub: Pub;
  readonly #closing = new AbortController();
  readonly #serving: Promise<void>;

  private constructor(rep: Rep, pub: Pub, ports: ServerPorts, overrides: Readonly<Record<string, string>>) {
    this.#rep = rep;
    this.#pub = pub;
    this.ports = ports;
    this.replies = { ...replies, ...overrides };
    this.#serving = this.#serve().catch((error) => {
      if (!this.#closing.signal.aborted) throw error;
    });
  }

  /** @param port Of the requests; 0 for a free one. */
  static async start(overrides: Readonly<Record<string, string>> = {}, port = 0): Promise<OriginalScene> {
    const rep = new Rep(sources);
    const pub = new Pub(sources);
    const requests = await rep.bind("127.0.0.1", port);
    const logs = await pub.bind("127.0.0.1", 0);
    const ports = { port: requests.port, logsInPort: 0, logsOutPort: logs.port };
    return new OriginalScene(rep, pub, ports, overrides);
  }

  /** Sends a log line to whoever follows. */
  publish(line: string): void {
    this.#pub.trySend([encoder.encode(line)]);
  }

  /** Calls `cdktr` with settings that name this principal. */
  call(argv: readonly string[], options: CallOptions = {}): Promise<Outcome> {
    const environment = {
      CDKTR_PRINCIPAL_HOST: "127.0.0.1",
      CDKTR_PRINCIPAL_PORT: String(this.ports.port),
      CDKTR_LOGS_PUBLISHING_PORT: String(this.ports.logsOutPort),
    };
    return call(argv, { ...options, environment });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#serving;
    await Promise.all([this.#rep.close(), this.#pub.close()]);
  }

  async #serve(): Promise<void> {
    for (;;) {
      const request = decoder.decode((await this.#rep.receive({ signal: this.#closing.signal }))[0]);
      const verb = request.split("\x01")[0] ?? "";
      if (verb !== "HELLO") this.asked.push(request);
      const reply = this.replies[verb] ?? `CLIENTERROR\x01ParseError: Unrecognised message type: ${verb}`;
      await this.#rep.send([encoder.encode(reply)]);
    }
  }
}
