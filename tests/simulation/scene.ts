/** Who is in a world: a principal with its scheduler, agents, operators, now and then a second scheduler, and the nemesis. */
import { PrincipalClient } from "../../src/client/mod.ts";
import { Scheduler } from "../../src/scheduler/mod.ts";
import { AgentHost } from "./agent_host.ts";
import type { SimDisk } from "./disk.ts";
import { Invariants } from "./invariants.ts";
import { JournalModel } from "./journal_model.ts";
import { LogChecks } from "./log_checks.ts";
import { Machine, SimProcess } from "./machine.ts";
import { Nemesis } from "./nemesis.ts";
import { Network, requestTimeoutMs } from "./network.ts";
import { Operator } from "./operators.ts";
import type { Plant } from "./plant.ts";
import { PrincipalHost } from "./principal_host.ts";
import { SimTasks } from "./tasks.ts";
import type { World } from "./world.ts";

/** The agents that a world may have, and what they are labelled with. */
const labelsOfAgents: readonly (readonly string[])[] = [["gpu"], [], []];

/** Everybody in a world, from its beginning. */
export class Scene {
  readonly invariants: Invariants;
  readonly #principal: PrincipalHost;
  readonly #agents: readonly AgentHost[];
  readonly #operators: readonly Operator[];
  readonly #nemesis: Nemesis;

  constructor(world: World, disk: SimDisk, plant: Plant) {
    const { random } = world;
    const agentTimeoutMs = random.pick([10_000, 30_000, 30_000]);
    const network = new Network(world);
    const tasks = new SimTasks(world);
    const principal = this.#principal = new PrincipalHost({ world, network, disk, agentTimeoutMs, plant });
    const agents = this.#agents = labelsOfAgents.slice(0, random.integer(1, labelsOfAgents.length))
      .map((labels, index) => {
        return new AgentHost({
          ...{ world, network, tasks, plant, labels },
          name: `agent${index + 1}`,
          slots: random.integer(1, 4),
        });
      });
    const model = new JournalModel(world, new Map(agents.map(({ agentId, labels }) => [agentId, labels])));
    const operators = this.#operators = [1, 2].map((n) => new Operator(world, network, model, `operator${n}`));
    const clients = [...agents, ...operators].map(({ machine }) => machine);
    const logs = new LogChecks(world);
    const watched = { world, model, tasks, principal, agents, operators, logs, agentTimeoutMs };
    const invariants = this.invariants = new Invariants(watched);
    this.#nemesis = new Nemesis({ world, network, disk, principal, agents, clients });
    disk.onDurable = (events) => model.take(events);
    principal.historyFile.onLogs = (rows) => logs.committed(rows);
    principal.historyFile.onReplaced = () => logs.replaced();
    tasks.onBegin = (taskTry) => invariants.taskBegins(taskTry);
    network.onDelivered = (body) => invariants.heard(body);

    principal.start();
    for (const agent of agents) agent.start();
    for (const operator of operators) operator.start(random.between(2000, 20_000));
    if (random.chance(0.2)) startSecondScheduler(world, network);
    this.#nemesis.start(random.between(1000, 15_000));
  }

  /** From here on nothing breaks any more, and nobody wants anything new. */
  calm(): void {
    this.#nemesis.stop();
    for (const operator of this.#operators) operator.stop();
    this.#operators[0]?.resumeAll();
  }

  /** Ends every process. */
  end(): void {
    this.#principal.process?.end();
    for (const { process } of this.#agents) process?.end();
  }
}

/** Whoever runs two schedulers by mistake has nothing triggered twice. */
function startSecondScheduler(world: World, network: Network): void {
  const clock = new SimProcess(new Machine(world, "scheduler"), "scheduler");
  const options = { clock, random: world.random.fork("scheduler"), version: "1.0.0", role: "scheduler" };
  const client = PrincipalClient.overLink(network.link(clock), { ...options, timeoutMs: requestTimeoutMs });
  new Scheduler({ client, clock, log: { info: () => {}, warn: () => {}, error: () => {} } }).start();
  world.coverage.count("worlds with two schedulers");
}
