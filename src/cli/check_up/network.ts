/** Where a principal listens, or could. */
import { type Clock, sleep } from "../../clock/mod.ts";
import type { Config } from "../../config/mod.ts";
import { type Finding, finding } from "./finding.ts";

/** How long a port may take to answer, in milliseconds. */
const answerMaxMs = 2000;
/** The first byte that any ZeroMQ peer sends, once it is connected (ZMTP 3.1, greeting). */
const greeting = 0xff;

const everywhere = ["0.0.0.0", "::"];
const loopback = ["localhost", "127.0.0.1", "::1"];

/** Who could reach a principal that these settings start here. */
export function listeningFinding({ principalHost, principalPort }: Config): Finding {
  const name = "exposure";
  const own = [Deno.hostname(), ...Deno.networkInterfaces().map(({ address }) => address)];
  if (loopback.includes(principalHost)) {
    return finding(name, "ok", `A principal at ${principalHost} is reached from this machine alone.`);
  }
  if (!everywhere.includes(principalHost) && !own.includes(principalHost)) {
    return finding(name, "ok", `The principal at ${principalHost} is on another machine.`);
  }
  const where = everywhere.includes(principalHost) ? "any address of this machine" : principalHost;
  const detail =
    `Whoever can reach port ${principalPort} of ${where} can run workflows on the agents of a principal here.`;
  const hint =
    "Name 127.0.0.1 or an address inside in CDKTR_PRINCIPAL_HOST, and have a firewall let in only whom you trust.";
  return finding(name, "warning", detail, hint);
}

/** Whether the ports of log lines answer at a principal that does. */
export async function logPortsFinding(config: Config, clock: Clock): Promise<Finding> {
  const { principalHost: hostname, logsListeningPort, logsPublishingPort } = config;
  const silent: number[] = [];
  for (const port of [logsListeningPort, logsPublishingPort]) {
    if (!await greets({ hostname, port }, clock)) silent.push(port);
  }
  if (silent.length === 0) return finding("log ports", "ok", "Both answer.");
  const detail = `No principal answers at ${silent.map((port) => `${hostname}:${port}`).join(" and ")}.`;
  const hint =
    "CDKTR_LOGS_LISTENING_PORT and CDKTR_LOGS_PUBLISHING_PORT are to be those of the principal; a firewall may be " +
    "in the way. Without them there are no live lines, and none of original agents.";
  return finding("log ports", "warning", detail, hint);
}

async function greets(address: Deno.ConnectOptions, clock: Clock): Promise<boolean> {
  const late = new AbortController();
  const firstByte = async () => {
    using connection = await Deno.connect(address);
    const bytes = new Uint8Array(1);
    const isOpen = await Promise.race([connection.read(bytes), sleep(clock, answerMaxMs, late.signal)]);
    return isOpen === 1 && bytes[0] === greeting;
  };
  try {
    return await Promise.race([
      firstByte().catch(() => false),
      sleep(clock, answerMaxMs, late.signal).then(() => false),
    ]);
  } finally {
    late.abort();
  }
}

/** Whether a principal could listen here: looked at when none answers. */
export function portsFinding({ principalHost, principalPort, logsListeningPort, logsPublishingPort }: Config): Finding {
  const taken: number[] = [];
  for (const port of [principalPort, logsListeningPort, logsPublishingPort]) {
    try {
      Deno.listen({ hostname: principalHost, port }).close();
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) taken.push(port);
      else {return finding(
          "ports",
          "ok",
          `${principalHost} is no address of this machine, so no principal would start here.`,
        );}
    }
  }
  if (taken.length === 0) return finding("ports", "ok", "A principal could listen on all three.");
  const hint = "Stop what listens there, or change CDKTR_PRINCIPAL_PORT, CDKTR_LOGS_LISTENING_PORT and " +
    "CDKTR_LOGS_PUBLISHING_PORT.";
  return finding("ports", "error", `Another program has ${taken.join(" and ")} on ${principalHost}.`, hint);
}
