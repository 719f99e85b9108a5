/** A machine with an agent: starts it, and starts it again when it crashed or gave up. */
import { Agent } from "../../src/agent/mod.ts";
import type { SpoolFiles } from "../../src/agent/spool/files.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { CdktrError, messageOf } from "../../src/core/mod.ts";
import { MemoryFiles } from "../agent/spool/memory_files.ts";
import { Machine, SimProcess } from "./machine.ts";
import { type Network, requestTimeoutMs, type SimLink } from "./network.ts";
import type { Plant } from "./plant.ts";
import type { SimTasks } from "./tasks.ts";
import type { World } from "./world.ts";

/** A machine starts its agent again after up to this long. */
const restartMaxMs = 5000;

/** What the host is made of. */
export interface AgentHostOptions {
  readonly world: World;
  readonly network: Network;
  readonly tasks: SimTasks;
  readonly name: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly plant: Plant;
}

interface Running {
  readonly process: SimProcess;
  readonly agent: Agent;
  readonly link: SimLink;
}

/** See the top of this file. */
export class AgentHost {
  readonly machine: Machine;
  readonly agentId: string;
  readonly name: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly #options: AgentHostOptions;
  readonly #files: MemoryFiles;
  /** The next write to the disk is the agent's last. */
  #isDyingInWrite = false;
  /** Whether its disk was ever full: then lines may be lost with the memory of a process. */
  wasDiskFull = false;
  #running: Running | null = null;
  #starts = 0;

  constructor(options: AgentHostOptions) {
    this.#options = options;
    this.name = options.name;
    this.agentId = `${options.name}@simulation/AG`;
    this.slots = options.slots;
    this.labels = options.labels;
    this.machine = new Machine(options.world, options.name);
    this.#files = new MemoryFiles(() => this.machine.wallMs);
  }

  get process(): SimProcess | null {
    return this.#running?.process ?? null;
  }

  get agent(): Agent | null {
    return this.#running?.agent ?? null;
  }

  /** Starts a process, unless there is one. */
  start(): void {
    if (this.#running !== null) return;
    const { world, network, tasks, name, slots, labels, plant } = this.#options;
    const process = new SimProcess(this.machine, `${name}.${++this.#starts}`);
    const random = world.random.fork(process.name);
    const link = network.link(process);
    const options = { clock: process, random, version: "1.0.0", role: "agent", timeoutMs: requestTimeoutMs };
    const tell = (sentence: string) => {
      if (process.isAlive) world.trace.add(process.name, sentence);
    };
    const tellError = (sentence: string) => {
      tell(`error: ${sentence}`);
      if (process.isAlive && !this.wasDiskFull && !/did not answer|was lost/.test(sentence)) {
        world.violated("nothing fails unexpectedly", `${process.name}: ${sentence}`);
      }
    };
    const agent = new Agent({
      agentId: this.agentId,
      version: "1.0.0",
      client: PrincipalClient.overLink(plant.agentLink?.(link) ?? link, options),
      clock: process,
      random,
      log: { info: tell, warn: tell, error: tellError },
      maxConcurrentRuns: slots,
      maxParallelTasks: 3,
      workplace: tasks.workplace(process),
      spool: { directory: "spool", maxBytes: 1024 * 1024, files: this.#filesOf(process) },
      labels,
      retryAttempts: 20,
      timeoutMs: requestTimeoutMs,
    });
    const running = this.#running = { process, agent, link };
    world.trace.add(process.name, "starts");
    agent.run().then(() => "ended", (error: unknown) => {
      const isExpected = error instanceof CdktrError && error.code === "UNREACHABLE";
      if (process.isAlive && !isExpected) {
        world.violated("nothing fails unexpectedly", `${name} gave up: ${messageOf(error)}`);
      }
      return `gave up: ${messageOf(error)}`;
    }).then((how) => {
      if (this.#running === running) this.#gone(running, how);
    });
  }

  /** Kills the process. */
  crash(): void {
    const running = this.#running;
    if (running === null) return;
    this.#options.world.coverage.count("crashes of agents");
    this.#gone(running, "is killed");
    this.#options.tasks.agentDied(running.process);
  }

  /** Kills the process in the middle of its next write. */
  crashInWrite(): void {
    this.#isDyingInWrite = true;
  }

  /** Lets the disk take nothing more, or all there is. */
  setDiskFull(isFull: boolean): void {
    this.wasDiskFull ||= isFull;
    this.#files.capacityBytes = isFull ? this.#files.bytes : Infinity;
  }

  /** Asks the agent to end once it has finished what it runs. */
  drain(): void {
    const { world } = this.#options;
    if (this.#running === null) return;
    world.trace.add(this.#running.process.name, "is asked to end");
    world.coverage.count("orderly ends of agents");
    this.#running.agent.drain();
  }

  /** The machine's files, as one process sees them. */
  #filesOf(process: SimProcess): SpoolFiles {
    const { world } = this.#options;
    const files = this.#files;
    return {
      names: (directory) => files.names(directory),
      makeDirectory: (path) => files.makeDirectory(path),
      removeDirectory: (path) => files.removeDirectory(path),
      open: (path) => {
        const file = files.open(path);
        return {
          get size() {
            return file.size;
          },
          append: (bytes) => {
            if (!process.isAlive) throw new Error("the process is gone");
            if (!this.#isDyingInWrite) return file.append(bytes);
            this.#isDyingInWrite = false;
            file.append(bytes.subarray(0, world.random.integer(0, bytes.length - 1)));
            world.coverage.count("agents killed in a write of log lines");
            this.crash();
            throw new Error("the process is gone");
          },
          truncate: (size) => file.truncate(size),
          close: () => file.close(),
        };
      },
      size: (path) => files.size(path),
      modifiedMs: (path) => files.modifiedMs(path),
      read: (path, offset, length) => files.read(path, offset, length),
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
      tryLock: (path) => files.tryLock(path),
    };
  }

  #gone({ process, link }: Running, how: string): void {
    const { world } = this.#options;
    world.trace.add(process.name, how);
    this.#running = null;
    process.end();
    this.#files.crash();
    link.vanish();
    world.timeline.after(world.random.between(10, restartMaxMs), () => this.start());
  }
}
