/** The machine of the principal: starts it, with its scheduler, and starts it again after a crash. */
import { PrincipalClient } from "../../src/client/mod.ts";
import type { Journal } from "../../src/journal/mod.ts";
import { directLink, Principal, type WorkflowSource } from "../../src/principal/mod.ts";
import { Scheduler } from "../../src/scheduler/mod.ts";
import type { SimDisk } from "./disk.ts";
import { HistoryFile, HistoryModel } from "./history_model.ts";
import { Machine, SimProcess } from "./machine.ts";
import { type Network, requestTimeoutMs } from "./network.ts";
import type { Plant } from "./plant.ts";
import { workflows } from "./workflows.ts";
import type { World } from "./world.ts";

const source: WorkflowSource = {
  get: (id) => workflows.find((workflow) => workflow.id === id),
  list: () => workflows,
  problems: () => [],
  onChange: () => () => {},
};

/** What the host is made of. */
export interface PrincipalHostOptions {
  readonly world: World;
  readonly network: Network;
  readonly disk: SimDisk;
  readonly agentTimeoutMs: number;
  readonly plant: Plant;
}

interface Running {
  readonly process: SimProcess;
  readonly history: HistoryModel;
  principal: Principal | null;
  scheduler: Scheduler | null;
  isStopping: boolean;
}

/** See the top of this file. */
export class PrincipalHost {
  readonly machine: Machine;
  readonly historyFile = new HistoryFile();
  /** Every process of the principal so far. */
  readonly processes: SimProcess[] = [];
  readonly #options: PrincipalHostOptions;
  #running: Running | null = null;

  constructor(options: PrincipalHostOptions) {
    this.#options = options;
    this.machine = new Machine(options.world, "principal");
    options.disk.onCrashPoint = () => this.crash();
  }

  get isUp(): boolean {
    return this.#running?.principal !== null && this.#running !== null;
  }

  get process(): SimProcess | null {
    return this.#running?.process ?? null;
  }

  get principal(): Principal | null {
    return this.#running?.principal ?? null;
  }

  get history(): HistoryModel | null {
    return this.#running?.history ?? null;
  }

  /** Starts a process, unless there is one. Never rejects. */
  start(): void {
    if (this.#running !== null) return;
    const { world } = this.#options;
    const process = new SimProcess(this.machine, `principal.${this.processes.length + 1}`);
    this.processes.push(process);
    const random = world.random.fork(`${process.name}/history`);
    const options = { clock: process, file: this.historyFile, commitMs: () => random.between(1, 200) };
    const history = this.#options.plant.history?.(options) ?? new HistoryModel(options);
    const running: Running = this.#running = { process, history, principal: null, scheduler: null, isStopping: false };
    world.trace.add(process.name, "starts");
    this.#open(running).catch((error: unknown) => {
      if (process.isAlive) world.violated("the principal starts on its own journal", String(error));
    });
  }

  /** Kills the process. */
  crash(): void {
    const running = this.#running;
    if (running === null) return;
    const { world, network, disk } = this.#options;
    world.trace.add(running.process.name, "is killed");
    world.coverage.count("crashes of the principal");
    this.#running = null;
    running.process.end();
    running.history.crash(world.random.chance(0.5));
    disk.crash();
    network.unplug();
  }

  /** Ends the process in good order; it is gone some time after. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null || running.principal === null || running.isStopping) return;
    running.isStopping = true;
    const { world, network } = this.#options;
    world.trace.add(running.process.name, "is asked to end");
    world.coverage.count("orderly ends of the principal");
    running.principal.stopHolding();
    await running.scheduler?.stop();
    await running.principal.close();
    if (this.#running !== running) return;
    this.#running = null;
    running.process.end();
    network.unplug();
  }

  async #open(running: Running): Promise<void> {
    const { world, network, disk, agentTimeoutMs, plant } = this.#options;
    const { process } = running;
    const random = world.random.fork(process.name);
    const journal: Journal = await disk.open(process);
    const tell = (level: "info" | "warn" | "error") => (sentence: string) => {
      if (!process.isAlive) return;
      world.trace.add(process.name, `${level}: ${sentence}`);
      if (level === "error" && !isExpected(sentence)) world.violated("nothing fails unexpectedly", sentence);
    };
    const principal = await Principal.open({
      version: "1.0.0",
      journal: plant.journal?.(journal) ?? journal,
      history: running.history,
      workflows: source,
      clock: process,
      random,
      report: { info: tell("info"), warn: tell("warn"), error: tell("error") },
      agentTimeoutMs,
      isServing: true,
      upkeep: null,
    });
    if (!process.isAlive) return;
    running.principal = principal;
    network.endpoint = { process, principal: plant.principal?.(principal) ?? principal };
    const link = directLink(principal);
    running.scheduler = new Scheduler({
      client: PrincipalClient.overLink(plant.schedulerLink?.(link, process) ?? link, {
        clock: process,
        random,
        version: "1.0.0",
        role: "scheduler",
        timeoutMs: requestTimeoutMs,
      }),
      clock: process,
      log: { info: () => {}, warn: tell("warn"), error: tell("error") },
    });
    running.scheduler.start();
  }
}

/** What a principal may have to complain about here: its disk, or being asked for something at its end. */
function isExpected(sentence: string): boolean {
  return /journal|disk is full|were never written|is shutting down/.test(sentence);
}
