/** Peers that are slow or mean harm, all kinds at once. */
import type { Chance } from "../chance.ts";
import { Fleet } from "../fleet.ts";
import { checkLives, readJournal } from "../journal_oracle.ts";
import { Load } from "../load.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { bytes, frame, greeting, hex, join, RawPeer, ready } from "../../zmtp/raw_peer.ts";

const lastsMs = { quick: 4_000, long: 30_000 };
/** Peers of each kind at the same time. */
const ofEachKind = { quick: 4, long: 8 };
const growthMaxMiB = 1_000;
const mebibyte = 1024 * 1024;
const separator = "\x01";

/** One attack; it begins anew when it ends, until time is up. Ports are those of requests, lines in, and lines out. */
type Attack = (ports: Fleet["principalPorts"], chance: Chance, isOver: () => boolean) => Promise<void>;

const ask = (text: string): Uint8Array => join(frame(1, bytes("")), frame(0, bytes(text)));

/** A request that nobody could have a right to: reports about runs that never were. */
function strangeReports(chance: Chance): Uint8Array {
  const reports = Array.from({ length: 50 }, () => ({
    kind: "run",
    runId: `00000000-0000-7000-8000-${chance.whole(0, 2 ** 32 - 1).toString(16).padStart(12, "0")}`,
    attempt: 1,
    state: "COMPLETED",
    reason: null,
    instanceId: null,
  }));
  return ask(
    `REPORT${separator}${JSON.stringify({ agentId: "stranger", session: `s${chance.whole(0, 9)}`, reports })}`,
  );
}

function strangeLine(chance: Chance): Uint8Array {
  const fields = ["flood", "Flood", `r${chance.whole(0, 9_999)}`, "Task", "t", "1", "INFO", "STDOUT mine"];
  return frame(0, bytes(fields.join(separator)));
}

const attacks: Readonly<Record<string, Attack>> = {
  "byte by byte": async ({ port }, _chance, isOver) => {
    using peer = await RawPeer.connect(port);
    for (const byte of join(greeting(1), ready("DEALER"), ask("PING"))) {
      if (isOver()) return;
      await peer.write(new Uint8Array([byte]));
      await pause(100);
    }
  },
  "never says a word": async ({ port }, _chance, isOver) => {
    using _peer = await RawPeer.connect(port);
    while (!isOver()) await pause(200);
  },
  "a frame of 2^62 bytes": async ({ port }) => {
    using peer = await RawPeer.handshaken(port, "DEALER");
    await peer.write(hex("02 40 00 00 00 00 00 00 00"), new Uint8Array(1_000));
    await peer.readToEnd();
  },
  "a message without an end": async ({ logsInPort }, _chance, isOver) => {
    using peer = await RawPeer.handshaken(logsInPort, "PUSH");
    while (!isOver()) await peer.write(frame(1, new Uint8Array(64 * 1024)));
  },
  garbage: async (ports, chance) => {
    using peer = await RawPeer.connect(chance.pick(Object.values(ports)));
    await peer.write(chance.bytes(chance.whole(1, 20_000)));
    await peer.readToEnd();
  },
  "garbage after the handshake": async ({ port }, chance) => {
    using peer = await RawPeer.handshaken(port, "DEALER");
    await peer.write(chance.bytes(chance.whole(1, 20_000)));
    await peer.finish();
    await peer.readToEnd();
  },
  "asks and never reads": async ({ port }, _chance, isOver) => {
    using peer = await RawPeer.handshaken(port, "DEALER");
    const many = join(...Array.from({ length: 100 }, () => ask(`RUNS${separator}{"limit":1000}`)));
    // A writer that is not read on waits; what it would have to be given up by is its own end.
    const writing = (async () => {
      while (!isOver()) await peer.write(many);
    })().catch(() => {});
    while (!isOver()) await pause(200);
    peer.close();
    await writing;
  },
  "unknown verbs": async ({ port }, chance, isOver) => {
    using peer = await RawPeer.handshaken(port, "REQ", 0);
    while (!isOver()) {
      await peer.write(
        ask(chance.pick(["DROP", `RUN${separator}`, `RUN${separator}{`, "", "\0\0", "x".repeat(60_000)])),
      );
      await peer.readFrame();
      await peer.readFrame();
    }
  },
  "reports about runs that never were": async ({ port }, chance, isOver) => {
    using peer = await RawPeer.handshaken(port, "REQ", 0);
    while (!isOver()) {
      await peer.write(strangeReports(chance));
      await peer.readFrame();
      await peer.readFrame();
    }
  },
  "lines of runs that never were": async ({ logsInPort }, chance, isOver) => {
    using peer = await RawPeer.handshaken(logsInPort, "PUSH");
    while (!isOver()) {
      await peer.write(...Array.from({ length: 100 }, () => strangeLine(chance)));
      await pause(20);
    }
  },
  "subscribes to everything there is": async ({ logsOutPort }, chance, isOver) => {
    using peer = await RawPeer.handshaken(logsOutPort, "SUB", 0);
    while (!isOver()) await peer.write(frame(0, join(new Uint8Array([1]), chance.bytes(200))));
  },
};

export const hostilePeers: Scenario = {
  name: "slow and hostile peers",
  promise: "slow and hostile peers of every kind move nothing, cost bounded memory, and others get on",
  play,
};

async function play({ isLong, chance }: Stage): Promise<Outcome> {
  const durationMs = isLong ? lastsMs.long : lastsMs.quick;
  const peers = isLong ? ofEachKind.long : ofEachKind.quick;
  await using fleet = await Fleet.make();
  await fleet.startPrincipal();
  const { brought, figures } = await watchOthers(fleet, { growthMaxMiB }, async () => {
    const endMs = performance.now() + durationMs;
    const isOver = () => performance.now() > endMs;
    const begun: Record<string, number> = {};
    await Promise.all(
      Object.entries(attacks).flatMap(([name, attack]) =>
        Array.from({ length: peers }, async (_, index) => {
          const own = chance.branch(`${name} ${index}`);
          while (!isOver()) {
            begun[name] = (begun[name] ?? 0) + 1;
            // That it ends with a closed connection is what the attacker is to expect.
            await attack(fleet.principalPorts, own, isOver).catch(() => {});
            await pause(5);
          }
        })
      ),
    );
    return begun;
  });
  {
    await using client = fleet.client();
    await new Load(client).allEnded();
  }
  await fleet.end();
  const journalled = await readJournal(`${fleet.place.path}/kept`);
  checkLives(journalled);
  const { size } = await Deno.stat(`${fleet.place.path}/kept/state.db`);
  return {
    done: `${Object.keys(attacks).length} kinds of attack, ${peers} of each at a time, for ${durationMs / 1_000} s`,
    counts: {
      attacks: Object.values(brought).reduce((sum, count) => sum + count, 0),
      journalMiB: Math.round(size / mebibyte),
      ...figures,
    },
    lost: 0,
  };
}
