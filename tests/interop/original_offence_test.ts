/** What ends the original's principal, or leaks in it, costs ours one connection at most. */
import assert from "node:assert/strict";
import { fields, OriginalPeer } from "./original_peer.ts";
import { Scene } from "./original_scene.ts";
import { findPython, peerTest } from "./peers.ts";
import { TextLineStream } from "./text_lines.ts";

const python = await findPython(["zmq"]);

const greeting30 = greeting(3, "NULL");

function greeting(major: number, mechanism: string): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, major, 0]);
  bytes.set(new TextEncoder().encode(mechanism), 12);
  return bytes;
}

/** A READY command with these properties. */
function ready(...properties: (readonly [name: string, value: string])[]): Uint8Array {
  const encoder = new TextEncoder();
  const body = [...encoder.encode("\x05READY")];
  for (const [name, value] of properties) {
    body.push(name.length, ...encoder.encode(name), 0, 0, value.length >> 8, value.length & 0xff);
    body.push(...encoder.encode(value));
  }
  const header = body.length > 255 ? [6, 0, 0, 0, 0, 0, 0, body.length >> 8, body.length & 0xff] : [4, body.length];
  return Uint8Array.from([...header, ...body]);
}

const line = fields("w", "W", "i-0", "T", "ti-0", 1795252402023, "INFO", "STDOUT hi");

const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(" ", ""));

/** What a client does wrong on the request port, and how its connection is to end; null where it may live on. */
interface Offence {
  readonly name: string;
  /** The socket type of the handshake; null when the offence comes before or in it. */
  readonly as: string | null;
  /** Bytes, then. */
  readonly writes?: readonly Uint8Array[];
  readonly then?: "finish" | "reset" | "nothing";
  readonly isClosed: boolean;
}

const offences: readonly Offence[] = [
  { name: "ZMTP PING", as: "REQ", writes: [hex("04 07 04 50494e47 0000")], isClosed: false },
  { name: "ZMTP PONG", as: "REQ", writes: [hex("04 05 04 504f4e47")], isClosed: false },
  { name: "an unknown command", as: "REQ", writes: [hex("04 06 05 4752454554")], isClosed: false },
  { name: "an empty command", as: "REQ", writes: [hex("04 00")], isClosed: true },
  { name: "a command whose name is longer than it", as: "REQ", writes: [hex("04 02 ff 41")], isClosed: true },
  { name: "an RST after the handshake", as: "REQ", then: "reset", isClosed: true },
  {
    name: "an RST with a request under way",
    as: "REQ",
    writes: [hex("01 00 00 04 5049")],
    then: "reset",
    isClosed: true,
  },
  {
    name: "a FIN in the middle of a frame",
    as: "REQ",
    writes: [hex("01 00 00 09 5049")],
    then: "finish",
    isClosed: true,
  },
  { name: "a FIN in the middle of a message", as: "REQ", writes: [hex("01 00")], then: "finish", isClosed: true },
  { name: "a FIN without a request", as: "REQ", then: "finish", isClosed: true },
  { name: "a frame of 1 TiB", as: "REQ", writes: [hex("02 0000010000000000 41")], isClosed: true },
  { name: "a frame of 2^64 - 1 bytes", as: "REQ", writes: [hex("02 ffffffffffffffff 41")], isClosed: true },
  { name: "a command of 1 TiB", as: "REQ", writes: [hex("06 0000010000000000 41")], isClosed: true },
  { name: "a PUSH", as: "PUSH", isClosed: true },
  { name: "a SUB", as: "SUB", isClosed: true },
  { name: "a PUB", as: "PUB", isClosed: true },
  { name: "a REP", as: "REP", isClosed: true },
  { name: "a type that there is not", as: "FOO", isClosed: true },
  { name: "a READY without a type", as: null, writes: [greeting30, ready(["X-Type", "REQ"])], isClosed: true },
  {
    name: "an identity of 256 bytes",
    as: null,
    writes: [greeting30, ready(["Socket-Type", "REQ"], ["Identity", "i".repeat(256)])],
    isClosed: true,
  },
  { name: "a message in place of READY", as: null, writes: [greeting30, hex("00 04 50494e47")], isClosed: true },
  {
    name: "garbage for a greeting",
    as: null,
    writes: [new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
    isClosed: true,
  },
  { name: "64 zeros for a greeting", as: null, writes: [new Uint8Array(64)], isClosed: true },
  { name: "a greeting of ZMTP 2", as: null, writes: [greeting(2, "NULL")], isClosed: true },
  { name: "a greeting of PLAIN", as: null, writes: [greeting(3, "PLAIN")], isClosed: true },
  { name: "nothing at all", as: null, isClosed: false },
  { name: "half a greeting", as: null, writes: [greeting30.subarray(0, 30)], isClosed: false },
  { name: "a greeting and nothing after it", as: null, writes: [greeting30], isClosed: false },
];

/** Runs `offend` while another client asks on and on, and checks that that one does not notice. */
async function undisturbed(peer: OriginalPeer, port: number, offend: () => Promise<void>): Promise<void> {
  await peer.watch(port);
  await offend();
  const { count, failures, slowestMs } = await peer.unwatch();
  assert.deepEqual(failures, []);
  assert(count > 0 && slowestMs < 3000, `${count} requests, the slowest ${slowestMs} ms`);
  assert.equal(await peer.ask(port, "PING"), "PONG");
}

async function commit(peer: OriginalPeer, port: number, offence: Offence): Promise<void> {
  const { name, as, writes = [], then = "nothing", isClosed } = offence;
  // The principal may turn a peer of the wrong type away before the handshake is through.
  if (as === null || !["REQ", "DEALER"].includes(as)) await peer.dial(name, port);
  else await peer.connect(name, as, port);
  if (as !== null && as !== "REQ") {
    await peer.write(name, greeting30);
    await peer.write(name, ready(["Socket-Type", as]));
  }
  for (const bytes of writes) await peer.write(name, bytes);
  if (then === "reset") return await peer.reset(name);
  if (then === "finish") await peer.finish(name);
  if (isClosed) await isEnded(peer, name);
  else await peer.ask(port, "PING");
  await peer.close(name);
}

async function isEnded(peer: OriginalPeer, name: string): Promise<void> {
  try {
    await peer.readToEnd(name);
  } catch (cause) {
    throw new Error(`The principal kept a connection in spite of ${name}.`, { cause });
  }
}

peerTest(python, "what a client does wrong hurts its own connection alone", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const { port } = scene.ports;
  await undisturbed(peer, port, async () => {
    for (const offence of offences) await commit(peer, port, offence);
  });
});

peerTest(
  python,
  "a request without the empty frame is answered with an error, and the next one served",
  async (runtime) => {
    await using scene = await Scene.open();
    await using peer = await OriginalPeer.start(runtime);
    await peer.connect("bare", "DEALER", scene.ports.port);
    const wrong = "CLIENTERROR\x01ParseError: a request is an empty frame and one frame with its text";
    await peer.send("bare", ["PING"]);
    assert.deepEqual(await peer.read("bare"), { frames: ["", wrong] });
    await peer.send("bare", [""]);
    assert.deepEqual(await peer.read("bare"), { frames: ["", wrong] });
    await peer.send("bare", ["", "PING"]);
    assert.deepEqual(await peer.read("bare"), { frames: ["", "PONG"] });
  },
);

peerTest(python, "a ZMTP PING leaves its connection in service", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  await peer.connect("pinging", "REQ", scene.ports.port);
  await peer.write("pinging", hex("04 07 04 50494e47 0000"));
  await peer.write("pinging", hex("01 00 00 04 50494e47"));
  await peer.finish("pinging");
  const { bytes } = await peer.readToEnd("pinging");
  assert(bytes.toHex().endsWith("01000004504f4e47"), bytes.toHex());
});

peerTest(python, "one connection that announces another's identity does not take its replies", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const { port } = scene.ports;
  const named = ready(["Socket-Type", "REQ"], ["Identity", "twin"]);
  const request = hex("01 00 00 04 50494e47");
  await peer.dial("first", port);
  for (const bytes of [greeting30, named, request]) await peer.write("first", bytes);
  await peer.dial("second", port);
  for (const bytes of [greeting30, named, request]) await peer.write("second", bytes);
  await peer.finish("second");
  await peer.readToEnd("second");
  await peer.write("first", request);
  await peer.finish("first");
  const { bytes } = await peer.readToEnd("first");
  assert(bytes.toHex().endsWith("01000004504f4e47".repeat(2)), bytes.toHex());
});

peerTest(python, "what an agent does wrong on the log port hurts its own connection alone", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const { logsInPort, logsOutPort, port } = scene.ports;
  await peer.connect("good", "PUSH", logsInPort);
  await peer.connect("subscriber", "SUB", logsOutPort);
  await peer.send("subscriber", ["\x01"]);
  await undisturbed(peer, port, async () => {
    for (const target of [logsInPort, logsOutPort]) {
      await peer.dial("garbage", target);
      await peer.write("garbage", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
      await peer.readToEnd("garbage");
      await peer.close("garbage");
      await peer.dial("req", target);
      for (const bytes of [greeting30, ready(["Socket-Type", "REQ"])]) await peer.write("req", bytes);
      await peer.readToEnd("req");
      await peer.close("req");
      const type = target === logsInPort ? "PUSH" : "SUB";
      await peer.connect("reset", type, target);
      await peer.reset("reset");
      await peer.connect("torn", type, target);
      await peer.write("torn", hex("00 ff 01"));
      await peer.close("torn");
      await peer.connect("giant", type, target);
      await peer.write("giant", hex("02 0000010000000000 01"));
      await peer.readToEnd("giant");
      await peer.close("giant");
    }
  });
  await peer.send("good", [line]);
  assert.deepEqual(await peer.read("subscriber"), { frames: [line] });
});

peerTest(python, "200 connections in a row leave no descriptor behind", async (runtime) => {
  if (Deno.build.os !== "linux") return; // Elsewhere there is no /proc to look into.
  await using principal = await startProcess();
  await using peer = await OriginalPeer.start(runtime);
  const { pid, port, logsInPort } = principal;
  await peer.askOften(port, "PING", 200);
  for (let count = 0; count < 50; count++) {
    await peer.connect("push", "PUSH", logsInPort);
    await peer.send("push", [line]);
    await peer.close("push");
  }
  for (const offence of offences) await commit(peer, port, offence);
  const listeners = 3;
  await untilAtMost(listeners, () => tcpSockets(pid));
});

/** A principal in a process of its own. */
async function startProcess() {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("original_principal_process.ts", import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  const { value } = await lines.read();
  const ports: { port: number; logsInPort: number } = JSON.parse(value ?? "{}");
  return {
    pid: child.pid,
    ...ports,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
      await lines.cancel();
    },
  };
}

/** The TCP sockets a process has a descriptor for, in whatever state; the runtime has others that come and go. */
async function tcpSockets(pid: number): Promise<number> {
  const table = await Deno.readTextFile(`/proc/${pid}/net/tcp`);
  const links = new Set(table.split("\n").map((row) => `socket:[${row.trim().split(/\s+/)[9]}]`));
  let count = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    // One that is closed while they are listed is none.
    if (links.has(await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => ""))) count++;
  }
  return count;
}

/** Looks again and again, for the last connections are still closing when their clients are done. */
async function untilAtMost(limit: number, look: () => Promise<number>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  let seen = await look();
  while (seen > limit && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = await look();
  }
  assert(seen <= limit, `${seen} sockets are open instead of ${limit}`);
}
