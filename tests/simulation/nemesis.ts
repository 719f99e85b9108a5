/** What goes wrong in a world, and when. Each world has its own selection: rare faults meet undisturbed by common ones. */
import type { AgentHost } from "./agent_host.ts";
import type { SimDisk } from "./disk.ts";
import type { Machine } from "./machine.ts";
import { calmNetwork, type Direction, type Network } from "./network.ts";
import type { PrincipalHost } from "./principal_host.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { World } from "./world.ts";

/** What can be harmed. */
export interface Victims {
  readonly world: World;
  readonly network: Network;
  readonly disk: SimDisk;
  readonly principal: PrincipalHost;
  readonly agents: readonly AgentHost[];
  /** Every machine with clients on it. */
  readonly clients: readonly Machine[];
}

/** How long something stays broken, in milliseconds. */
const repair = { downMaxMs: 20_000, partitionMaxMs: 60_000, diskFullMaxMs: 30_000, stallMaxMs: 60_000 };
const hourMs = 3_600_000;

type Fault = (victims: Victims, random: SeededRandom) => void;

const faults: Readonly<Record<string, Fault>> = {
  "the principal is killed": ({ world, principal }, random) => {
    principal.crash();
    world.timeline.after(random.between(1, repair.downMaxMs), () => principal.start());
  },
  "the principal is killed in a commit": ({ disk }, random) => {
    disk.crashPoint = random.pick(["before", "torn", "after"]);
  },
  "the principal is started anew": ({ world, principal }, random) => {
    principal.stop().then(() => world.timeline.after(random.between(1, 5000), () => principal.start()));
  },
  "an agent is killed": ({ agents }, random) => random.pick(agents).crash(),
  "an agent is asked to end": ({ agents }, random) => random.pick(agents).drain(),
  "a connection breaks": ({ network, clients }, random) => network.cut(random.pick(clients).name),
  "a machine is cut off": ({ world, network, clients }, random) => {
    const { name } = random.pick(clients);
    const directions = random.pick<readonly Direction[]>([["up", "down"], ["up"], ["down"]]);
    network.partition(name, directions);
    world.trace.add(name, `is cut off: ${directions.join(" and ")}`);
    world.timeline.after(random.between(100, repair.partitionMaxMs), () => network.heal(name));
  },
  "the principal stalls": ({ principal }, random) => principal.process?.stall(random.between(1000, repair.stallMaxMs)),
  "an agent stalls": ({ agents }, random) =>
    random.pick(agents).process?.stall(random.between(1000, repair.stallMaxMs)),
  "the principal's clock is put": ({ principal }, random) => principal.machine.putClockBy(jump(random)),
  "an agent's clock is put": ({ agents }, random) => random.pick(agents).machine.putClockBy(jump(random)),
  "an agent is killed in a write": ({ agents }, random) => random.pick(agents).crashInWrite(),
  "an agent's disk is full": ({ world, agents }, random) => {
    const agent = random.pick(agents);
    agent.setDiskFull(true);
    world.timeline.after(random.between(100, repair.diskFullMaxMs), () => agent.setDiskFull(false));
  },
  "the history cannot be written": ({ world, principal }, random) => {
    const { history } = principal;
    history?.fail(true);
    world.timeline.after(random.between(100, repair.diskFullMaxMs), () => history?.fail(false));
  },
  "the history is replaced": ({ principal }) => {
    if (principal.history === null) principal.historyFile.replace();
    else principal.history.replace();
  },
  "the disk is full": ({ world, disk }, random) => {
    disk.isFull = true;
    world.timeline.after(random.between(100, repair.diskFullMaxMs), () => disk.isFull = false);
  },
};

/** Mostly what a time server corrects, now and then an hour. */
function jump(random: SeededRandom): number {
  const rangeMs = random.chance(0.3) ? hourMs : 30_000;
  return Math.floor(random.between(-rangeMs, rangeMs));
}

/** Does harm until it is told to stop. */
export class Nemesis {
  readonly #victims: Victims;
  readonly #random: SeededRandom;
  readonly #chosen: readonly (readonly [string, Fault])[];
  #isActive = true;

  constructor(victims: Victims) {
    this.#victims = victims;
    this.#random = victims.world.random.fork("nemesis");
    this.#chosen = Object.entries(faults).filter(() => this.#random.chance(0.4));
    victims.disk.writeMaxMs = this.#random.pick([1, 5, 50]);
  }

  /** @param meanPauseMs Between two faults. */
  start(meanPauseMs: number): void {
    const { world, network } = this.#victims;
    const random = this.#random;
    if (random.chance(0.6)) {
      network.weather = {
        lossChance: random.pick([0, 0.01, 0.1]),
        doubleChance: random.pick([0, 0.01, 0.1]),
        delayMaxMs: random.pick([1, 20, 500]),
        spikeChance: random.pick([0, 0.01, 0.1]),
        spikeMaxMs: random.pick([1000, 10_000]),
      };
    }
    const next = () => {
      if (!this.#isActive || this.#chosen.length === 0) return;
      const [name, fault] = random.pick(this.#chosen);
      world.trace.add("nemesis", name);
      world.coverage.count(`faults: ${name}`);
      fault(this.#victims, random);
      world.timeline.after(random.exponential(meanPauseMs), next);
    };
    world.timeline.after(random.exponential(meanPauseMs), next);
  }

  /** Mends everything. What is down starts. */
  stop(): void {
    const { network, disk, principal, agents } = this.#victims;
    this.#isActive = false;
    network.weather = calmNetwork;
    for (const machine of network.partitioned) network.heal(machine);
    disk.isFull = false;
    disk.crashPoint = null;
    disk.writeMaxMs = 1;
    principal.start();
    principal.history?.fail(false);
    principal.process?.wake();
    for (const agent of agents) {
      agent.process?.wake();
      agent.start();
      agent.setDiskFull(false);
    }
  }
}
