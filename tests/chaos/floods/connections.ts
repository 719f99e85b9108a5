/** A thousand connections that ask, and ask again. */
import { bytes, frame, RawPeer } from "../../zmtp/raw_peer.ts";
import { Fleet } from "../fleet.ts";
import { same } from "../same.ts";
import type { Outcome, Scenario, Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";

const connections = { quick: 300, long: 1_000 };
const lastsMs = { quick: 3_000, long: 20_000 };
const growthMaxMiB = 150;

export const manyConnections: Scenario = {
  name: "connections",
  promise: "a thousand connections that ask all the time are all answered, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const count = isLong ? connections.long : connections.quick;
  const durationMs = isLong ? lastsMs.long : lastsMs.quick;
  await using fleet = await Fleet.make();
  await fleet.startPrincipal();
  const { brought, figures } = await watchOthers(fleet, { growthMaxMiB }, async () => {
    const endMs = performance.now() + durationMs;
    const answers = await Promise.all(Array.from({ length: count }, () => askUntil(fleet.principalPorts.port, endMs)));
    same(answers.filter((number) => number === 0).length, 0, "connections that got no answer");
    return answers.reduce((sum, number) => sum + number, 0);
  });
  await fleet.end();
  return {
    done: `${count} connections for ${durationMs / 1_000} s`,
    counts: { connections: count, answers: brought, ...figures },
    lost: 0,
  };
}

/** @returns How many answers there were. */
async function askUntil(port: number, endMs: number): Promise<number> {
  using peer = await RawPeer.handshaken(port, "REQ", 0);
  let answers = 0;
  do {
    await peer.write(frame(1, bytes("")), frame(0, bytes("PING")));
    await peer.readFrame();
    const { body } = await peer.readFrame();
    same(new TextDecoder().decode(body), "PONG", "the answer to PING");
    answers++;
  } while (performance.now() < endMs);
  return answers;
}
